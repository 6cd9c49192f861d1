using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>What Bitcoin nodes' refusals mean, and those of our own sources.</summary>
public sealed class BitcoinErrorsTests
{
    [Theory]
    [InlineData("Loading block index…")]
    [InlineData("Verifying blocks…")]
    public void A_node_that_starts_is_asked_again_later(string message) =>
        Assert.True(RpcErrors.IsPassing(new RpcError(-28, message)));

    [Theory]
    [InlineData(-5, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.")]
    [InlineData(-8, "Block height out of range")]
    [InlineData(-1, "Index is not enabled for filtertype basic")]
    [InlineData(BitcoinRpc.CannotKnow, "the coin is not spent in the blocks read; internal error, try again")]
    public void What_stays_so_is_not_asked_again(int code, string message) =>
        Assert.False(RpcErrors.IsPassing(new RpcError(code, message)));

    [Fact]
    public async Task What_one_source_cannot_know_the_next_is_asked_for()
    {
        RpcCall call = BitcoinCalls.FeesAt(1);
        FakeRpc first = FakeRpc.Refusing("a", BitcoinRpc.CannotKnow, "the source does not state the fees of a block");
        FailoverRpc both = new([first, FakeRpc.Saying("b", "{}")], TimeProvider.System);

        Assert.Equal("{}", (await both.AskAsync(call, default)).Result.GetRawText());

        FailoverRpc alone = new([first], TimeProvider.System);
        Assert.Equal(BitcoinRpc.CannotKnow, (await alone.AskAsync(call, default)).Error?.Code);
    }

    [Fact]
    public async Task Errors_of_JSON_RPC_1_come_with_a_status_and_are_read()
    {
        await using TestNode test = new(
            _ => new Reply("""{"result":null,"error":{"code":-5,"message":"No such mempool transaction"},"id":1}""") { Status = 500 },
            TestNode.Quick with { Retries = 0 });

        Assert.Equal(new RpcError(-5, "No such mempool transaction"), (await test.AskAsync(1)).Error);
    }

    [Fact]
    public async Task A_node_that_starts_answers_in_the_end()
    {
        int asked = 0;
        await using TestNode test = new(_ => Interlocked.Increment(ref asked) == 1
            ? new Reply("""{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":1}""") { Status = 500 }
            : new Reply("""{"result":7,"error":null,"id":2}"""));

        Assert.Equal(7, (await test.AskAsync(1)).Result.GetInt32());
        Assert.Equal(2, asked);
    }
}
