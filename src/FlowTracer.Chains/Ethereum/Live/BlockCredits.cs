using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>What a block itself credits, outside of its transactions: withdrawals, tips, and rewards before the Merge.</summary>
internal sealed class BlockCredits(EthereumNode node, TransactionBook book)
{
    private const int MostRewardedUncles = 2;

    /// <summary>Enters all of a block's credits in the book.</summary>
    public async Task AddAllAsync(Block block, CancellationToken cancellationToken)
    {
        Block[] uncles = await UnclesAsync(block, cancellationToken).ConfigureAwait(false);
        IEnumerable<Address> credited = block.Withdrawals.Select(static withdrawal => withdrawal.To)
            .Concat(uncles.Select(static uncle => uncle.FeeRecipient)).Append(block.FeeRecipient);
        foreach (Address address in credited.Distinct())
        {
            await AddAsync(block, address, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Enters what a block credits to one account.</summary>
    public async Task AddAsync(Block block, Address address, CancellationToken cancellationToken)
    {
        foreach (Withdrawal withdrawal in block.Withdrawals.Where(withdrawal => withdrawal.To == address))
        {
            book.AddWithdrawal(block, withdrawal);
        }

        BigInteger reward = block.FeeRecipient == address
            ? BlockAccounts.TipsIn(block, await node.ReceiptsAsync(block.Number, cancellationToken).ConfigureAwait(false)) + StaticReward(block)
            : UncleReward(address, block, await UnclesAsync(block, cancellationToken).ConfigureAwait(false));
        if (reward.Sign > 0)
        {
            book.AddReward(block, address, Amount.FromBigInteger(reward));
        }
    }

    // Yellow Paper, block reward with EIP-649 and EIP-1234; 1/32 more for each uncle named. None since the Merge (EIP-3675).
    private BigInteger StaticReward(Block block)
    {
        const int nephewShare = 32;
        BigInteger reward = RewardAt(block);
        return reward + (reward / nephewShare * block.UncleCount);
    }

    private BigInteger RewardAt(Block block)
    {
        const ulong byzantium = 4_370_000;
        const ulong constantinople = 7_280_000;
        const ulong merge = 15_537_394;
        BigInteger ether = BigInteger.Pow(10, 18);
        return node.Chain != ChainId.Ethereum || block.Number >= merge || block.BaseFee is not null && block.Number < 12_965_000 ? 0
            : ether * (block.Number < byzantium ? 5 : block.Number < constantinople ? 3 : 2);
    }

    private BigInteger UncleReward(Address address, Block block, Block[] uncles)
    {
        const int most = 8;
        BigInteger sum = 0;
        foreach (Block uncle in uncles.Where(uncle => uncle.FeeRecipient == address))
        {
            sum += RewardAt(block) * (int)(most - (block.Number - uncle.Number)) / most;
        }

        return sum;
    }

    private Task<Block[]> UnclesAsync(Block block, CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, Math.Min(block.UncleCount, MostRewardedUncles))
            .Select(i => node.UncleAsync(block.Number, i, cancellationToken)));
}
