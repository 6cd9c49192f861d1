using FlowTracer.Chains.Ethereum;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Chains.Rpc;
using FlowTracer.Tests.Tracing;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>Which block what is read of an account counts for.</summary>
public sealed class TransactionBookTests
{
    private static readonly Address Account = Facts.Account(1);

    [Fact]
    public void A_gain_stands_before_its_block_and_counts_in_it()
    {
        EthereumNode node = new(FakeRpc.Failing("nobody", "is not asked"), ChainId.Ethereum);
        TransactionBook book = new(node, null, null, new WrapDetector(node, WrappedCoins.KnownOn(ChainId.Ethereum), () => 0));
        book.AddReward(BlockOf(10), Account, Amount.FromBigInteger(1));
        book.AddUnexplained(BlockOf(11), Facts.Holds(1), Amount.FromBigInteger(20), isGain: true);
        book.AddUnexplained(BlockOf(11), Facts.Holds(1, Facts.Token), Amount.FromBigInteger(300), isGain: false);

        Assert.Equal([1], AmountsOf(book.MovementsOf(Account, 10)));
        Assert.Equal([20, 300], AmountsOf(book.MovementsOf(Account, 11)));
        Assert.Empty(book.MovementsOf(Account, 12));
        Assert.Empty(book.MovementsOf(Facts.Account(2), 10));

        // In the chain's order the gain stands at the end of block 10, before its reward.
        Assert.Equal([20, 1, 300], AmountsOf(book.MovementsOf(Account)));
        Assert.Equal(10ul, book.MovementsOf(Account)[0].Position.Block);
    }

    private static IEnumerable<int> AmountsOf(IEnumerable<Movement> movements) =>
        movements.Select(static movement => (int)movement.Inputs.Concat(movement.Outputs).Single().Amount.ToBigInteger());

    private static Block BlockOf(ulong number) => new(number, default, default, 1_600_000_000, Account, null, [], [], 0);
}
