using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>The block that Esplora states for a transaction.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="TimeSeconds">Its Unix time.</param>
public sealed record EsploraBlock(ulong Height, TxHash Hash, long TimeSeconds);

/// <summary>
/// Transactions that somebody kept as Esplora gave them. Their ids hold them together; which block they are in and what
/// their inputs are worth is Esplora's word, and where in the block they stand it does not say.
/// </summary>
public static class EsploraRecord
{
    private const string Source = "Esplora JSON; order within the block not stated";

    /// <summary>Reads a transaction and the block it is in.</summary>
    /// <param name="json">An object as <c>tx/:txid</c> answers it, with <c>status</c> and previous outputs.</param>
    /// <exception cref="BadAnswerException">It is no such object, its fields are not those of its id, or it is in no block.</exception>
    public static (EsploraTransaction Transaction, EsploraBlock Block) Read(JsonElement json)
    {
        EsploraTransaction transaction = EsploraDecoder.Transaction(json);
        if (transaction.Height is not ulong height)
        {
            throw new BadAnswerException(json.TryGetProperty("status", out _)
                ? "has a transaction that is in no block yet (unconfirmed): it has no place"
                : "has a transaction without a status: nothing says which block it is in");
        }

        // Asked for here so that outputs worth more than inputs are refused before anything is made of them.
        _ = transaction.FeeSats;
        return (transaction, ElectrumDecoder.Reading(json.GetProperty("status"), status => new EsploraBlock(
            height, ElectrumDecoder.IdIn(status.GetProperty("block_hash").GetString()), status.GetProperty("block_time").GetUInt32())));
    }

    /// <summary>What a transaction moves; none for what moves nothing.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="block">Its block.</param>
    /// <param name="order">What orders it among the transactions of its block; a coinbase is behind them all.</param>
    /// <param name="chain">The chain.</param>
    public static ImmutableArray<Movement> Movements(EsploraTransaction transaction, EsploraBlock block, uint order, ChainId chain) =>
        BitcoinMovements.Of(
            transaction.Transaction,
            transaction.Transaction.Id,
            new Stamp(block.Height, null, transaction.Transaction.IsCoinbase ? 0 : null, block.TimeSeconds),
            order,
            Source,
            transaction.Spends,
            fees: null,
            chain);

    /// <summary>The transactions a transaction takes coins from, each once; none for a coinbase.</summary>
    public static IReadOnlyList<TxHash> ParentsOf(EsploraTransaction transaction) => transaction.Transaction.IsCoinbase
        ? []
        : [.. BitcoinNode.CoinsOf(transaction.Transaction).Select(static coin => coin.Tx).Distinct()];
}
