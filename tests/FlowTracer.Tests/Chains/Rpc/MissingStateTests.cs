using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>What nodes say when they no longer have a block's state, in their own words.</summary>
public sealed class MissingStateTests
{
    [Theory]
    [InlineData(-32000, "missing trie node 5f0e (path ) state 0x1c is not available, not found")]
    [InlineData(-32000, "required historical state unavailable (reexec=128)")]
    [InlineData(-32002, "No state available for block 0x0")]
    [InlineData(-32000, "state at block #100 is pruned")]
    [InlineData(4444, "pruned history unavailable")]
    [InlineData(-32000, "distance to target block exceeds maximum proof window")]
    [InlineData(-32000, "World state unavailable")]
    [InlineData(-32603, "This request requires an archive node")]
    [InlineData(-32601, "the method eth_getBalance does not exist/is not available")]
    public void Missing_state_is_told(int code, string message) =>
        Assert.True(RpcErrors.IsMissingState(new RpcError(code, message)));

    [Theory]
    [InlineData(-32602, "invalid argument 0: hex string has length 2, want 40 for common.Address")]
    [InlineData(-32603, "internal error")]
    [InlineData(-32000, "execution reverted")]
    public void A_fault_is_not_taken_for_it(int code, string message) =>
        Assert.False(RpcErrors.IsMissingState(new RpcError(code, message)));
}
