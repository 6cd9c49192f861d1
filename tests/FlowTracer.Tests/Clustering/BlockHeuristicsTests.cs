using System.Collections.Immutable;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Clustering;

/// <summary>Block 574200 of mainnet, whose transactions spend 971 coins made in the block itself.</summary>
public sealed class BlockHeuristicsTests
{
    private const string FolderName = "bitcoin-blocks";
    private const string FileName = "btcd_0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2.blk";

    // Transactions, spends and lengths of chains were counted by a script of its own, which knows the larger-output rule.
    [NeedsDataFact(FolderName)]
    public void The_peel_chains_within_a_block_are_found_and_no_CoinJoin_is()
    {
        (List<CoinTransaction> within, int spends) = Read();
        ImmutableArray<PeelChain> chains = PeelChains.FindAll(
            within, PeelRules.Default, HeuristicSet.Parse("peel-chain"));

        Assert.Equal((912, 971), (within.Count, spends));
        Assert.Equal(
            [(3, 5), (4, 4), (5, 4), (8, 1), (10, 1), (13, 1), (17, 1), (20, 3), (24, 6)],
            chains.GroupBy(chain => chain.Steps.Length).OrderBy(group => group.Key).Select(group => (group.Key, group.Count())));
        Assert.All(chains, chain => Assert.Equal(
            chain.Start.Sats - chain.End.Sats,
            chain.Steps.Aggregate(0UL, (sum, step) => sum + step.Peeled.Sats + step.FeeSats)));
        Assert.All(within, transaction => Assert.Null(CoinJoinDetector.Find(transaction, HeuristicSet.Default)));
    }

    // The transactions all of whose inputs the block itself makes, and how many inputs of all are such.
    private static (List<CoinTransaction> Within, int Spends) Read()
    {
        Block block = Block.Parse(File.ReadAllBytes(Path.Combine(SharedData.Folder(FolderName), FileName)));
        Dictionary<OutPoint, CoinSide> made = [];
        List<CoinTransaction> within = [];
        int spends = 0;
        for (int i = 0; i < block.TransactionCount; i++)
        {
            CoinTransaction transaction = Decode(block[i], made, out int known);
            spends += known;
            if (known > 0 && known == block[i].InputCount)
            {
                within.Add(transaction);
            }

            foreach (CoinSide output in transaction.Outputs)
            {
                made.Add(output.Coin, output);
            }
        }

        return (within, spends);
    }

    private static CoinTransaction Decode(Transaction transaction, Dictionary<OutPoint, CoinSide> made, out int known)
    {
        ImmutableArray<CoinSide>.Builder inputs = ImmutableArray.CreateBuilder<CoinSide>();
        foreach (TxIn input in transaction.Inputs)
        {
            if (!input.IsCoinbase && made.TryGetValue(input.Spends, out CoinSide coin))
            {
                inputs.Add(coin);
            }
        }

        ImmutableArray<CoinSide>.Builder outputs = ImmutableArray.CreateBuilder<CoinSide>();
        foreach (TxOut output in transaction.Outputs)
        {
            if (output.ValueSats > 0)
            {
                output.TryGetAddress(ChainId.Bitcoin, out Address address);
                outputs.Add(new CoinSide(new OutPoint(transaction.Id, (uint)output.Index), address, output.ValueSats));
            }
        }

        known = inputs.Count;
        bool hasData = outputs.Count < transaction.OutputCount;
        return new CoinTransaction(transaction.Id, inputs.DrainToImmutable(), outputs.DrainToImmutable(), hasData);
    }
}
