using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Ingest;

/// <summary>
/// What coins were worth that a source does not state with its blocks: by the transactions of the same load, then by those of
/// the store, and only then by asking the source for each.
/// </summary>
internal sealed class SpentCoins(IBlockSource source, IFlowStore store)
{
    /// <summary>Of how many coins nobody knew it.</summary>
    public long Unknown { get; private set; }

    /// <summary>The blocks with all that can be known of what they spend.</summary>
    /// <param name="blocks">Blocks that follow those of the store.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<BlockFacts>> FillAsync(IReadOnlyList<BlockFacts> blocks, CancellationToken cancellationToken)
    {
        Dictionary<OutPoint, CoinWorth> known = [];
        OutPoint[] spent = [.. blocks.SelectMany(static block => block.UnknownCoins)];
        ILookup<TxHash, Movement> here = blocks.SelectMany(static block => block.Movements)
            .Where(static movement => movement.Tx is not null).ToLookup(static movement => movement.Tx!.Value);
        Know(known, spent, here);

        TxHash[] elsewhere = [.. Rest().Select(static coin => coin.Tx).Distinct()];
        IReadOnlyList<IReadOnlyList<Movement>> stored = elsewhere.Length == 0 ? []
            : await store.FindTransactionsAsync(source.Chain, elsewhere, cancellationToken).ConfigureAwait(false);
        Know(known, Rest(), stored.SelectMany(static movements => movements).ToLookup(static movement => movement.Tx!.Value));

        OutPoint[] asked = Rest();
        IReadOnlyList<CoinWorth?> told = asked.Length == 0 ? [] : await source.WorthAsync(asked, cancellationToken).ConfigureAwait(false);
        foreach ((OutPoint coin, CoinWorth? worth) in asked.Zip(told))
        {
            if (worth is { } one)
            {
                known[coin] = one;
            }
            else
            {
                Unknown++;
            }
        }

        return [.. blocks.Select(block => block.Knowing is { } knowing ? knowing(known) : block)];

        OutPoint[] Rest() => [.. spent.Where(coin => !known.ContainsKey(coin))];
    }

    // A transaction that is there is there with all its outputs but those worth nothing.
    private static void Know(Dictionary<OutPoint, CoinWorth> known, OutPoint[] coins, ILookup<TxHash, Movement> made)
    {
        foreach (OutPoint coin in coins.Where(coin => made.Contains(coin.Tx)))
        {
            Leg output = made[coin.Tx].SelectMany(static movement => movement.Outputs).FirstOrDefault(leg => leg.Holder.Coin == coin);
            known[coin] = output.Holder is { } holder ? new CoinWorth(output.Amount, holder.Address) : default;
        }
    }
}
