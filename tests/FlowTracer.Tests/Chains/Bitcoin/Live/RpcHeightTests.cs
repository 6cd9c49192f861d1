using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>Sources whose heights no chain has: a fault of theirs, in one line.</summary>
public sealed class RpcHeightTests
{
    private const string Absurd = "18446744073709551615";
    private const string Id = "0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098";
    private const string Hash = "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048";

    [Theory]
    [InlineData("tip")]
    [InlineData("place")]
    public async Task An_explorer_s_absurd_height_is_its_fault(string what)
    {
        await using TestNode server = new(
            request => new Reply(request.Target switch
            {
                "/blocks/tip/height" => Absurd,
                $"/tx/{Id}/merkle-proof" => $$"""{"block_height":{{Absurd}},"pos":0,"merkle":[]}""",
                _ => Hash,
            }),
            TestNode.Quick with { Retries = 0 });
        EsploraRpc rpc = new(server.Server.Url, server.Pipeline, mostTransactions: 10);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => rpc.AskAsync(what == "tip" ? BitcoinCalls.HeightNow() : BitcoinCalls.PlaceOf(TheId()), CancellationToken.None));

        Assert.Contains($"the answer states a height that no block has ({Absurd})", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("9", "8", "gettxout: states 10 confirmations in a chain of 9 blocks")]
    [InlineData("9", Absurd, "height is a height that no block has")]
    [InlineData(Absurd, "8", "is a height that no block has")]
    public async Task A_node_s_absurd_height_or_confirmations_are_its_fault(string count, string height, string expected)
    {
        FakeRpc node = new("node", call => call.Method switch
        {
            "getblockcount" => FakeRpc.Result(count),
            "getindexinfo" => FakeRpc.Result("{}"),
            "gettxout" => FakeRpc.Result($$"""{"bestblock":"{{Hash}}","confirmations":10}"""),
            "getblockheader" => FakeRpc.Result($$"""{"height":{{height}}}"""),
            _ => RpcAnswer.Refused(new RpcError(-5, "No such mempool or blockchain transaction")),
        });
        CoreRpc rpc = new(node, mostBlocks: 10, mostTransactions: 10);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(
            () => rpc.AskAsync(count == Absurd ? BitcoinCalls.HeightNow() : BitcoinCalls.RawOf(TheId()), CancellationToken.None));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    private static TxHash TheId()
    {
        Assert.True(TxHash.TryParse(ChainFamily.Utxo, Id, out TxHash id, out _));
        return id;
    }
}
