using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A transaction as Esplora prints it.</summary>
/// <param name="Transaction">Its bytes, put together from its fields; its id is the one stated.</param>
/// <param name="Spends">The outputs it spends, in the order of its inputs; none for a coinbase.</param>
/// <param name="Height">Its block's height; null while it is in none, and where the list it is from states no status.</param>
public sealed record EsploraTransaction(Transaction Transaction, IReadOnlyList<SpentOutput> Spends, ulong? Height)
{
    /// <summary>What it pays, in satoshi: what it spends beyond its outputs. 0 for a coinbase.</summary>
    /// <exception cref="BadAnswerException">Its outputs are worth more than what it is said to spend.</exception>
    public ulong FeeSats
    {
        get
        {
            ulong outputs = Transaction.OutputSats;
            ulong inputs = Spends.Aggregate(0UL, static (sum, output) => sum + output.ValueSats);
            return Transaction.IsCoinbase ? 0
                : inputs >= outputs ? inputs - outputs
                : throw new BadAnswerException("has a transaction whose outputs are worth more than what it spends");
        }
    }
}

/// <summary>Who spends a coin, by Esplora.</summary>
/// <param name="Spender">The transaction; null while there is none.</param>
/// <param name="Height">The height of its block; null while it is in none.</param>
internal readonly record struct Outspend(TxHash? Spender, ulong? Height);

/// <summary>Reads Esplora's JSON.</summary>
public static class EsploraDecoder
{
    /// <summary>Reads a transaction, as in <c>tx/:txid</c> and in lists of them.</summary>
    /// <param name="json">An object with <c>txid</c>, <c>version</c>, <c>locktime</c>, <c>vin</c>, <c>vout</c>.</param>
    /// <exception cref="BadAnswerException">It is no transaction, or its fields are not those of its id.</exception>
    public static EsploraTransaction Transaction(JsonElement json) => ElectrumDecoder.Reading(json, static tx =>
    {
        // Some versions print it signed, others not; the bytes are the same.
        int version = unchecked((int)tx.GetProperty("version").GetInt64());
        TransactionBuilder builder = new(version, tx.GetProperty("locktime").GetUInt32());
        List<SpentOutput> spends = [];
        foreach (JsonElement input in tx.GetProperty("vin").EnumerateArray())
        {
            AddInput(builder, input, spends);
        }

        foreach (JsonElement output in tx.GetProperty("vout").EnumerateArray())
        {
            builder.AddOutput(output.GetProperty("value").GetUInt64(), Bytes(output.GetProperty("scriptpubkey")));
        }

        // No two coins are the same, so together they are no more than all coins.
        if (spends.Aggregate((UInt128)0, static (sum, output) => sum + output.ValueSats) > TxDecoder.MaxSupplySats)
        {
            throw new BadAnswerException("has a transaction that spends more bitcoin than there can be");
        }

        Transaction built = builder.Build();
        return built.Id == ElectrumDecoder.IdIn(tx.GetProperty("txid").GetString())
            ? new EsploraTransaction(built, spends, tx.TryGetProperty("status", out JsonElement status) ? HeightIn(status) : null)
            : throw new BadAnswerException($"has a transaction whose fields are not those of its id ({built.Id})");
    });

    /// <summary>Reads <c>tx/:txid/outspend/:vout</c>.</summary>
    internal static Outspend Outspend(JsonElement json) => ElectrumDecoder.Reading(json, static spend =>
        spend.GetProperty("spent").GetBoolean()
            ? new Outspend(ElectrumDecoder.IdIn(spend.GetProperty("txid").GetString()), HeightIn(spend.GetProperty("status")))
            : default);

    /// <summary>Reads a list of transactions.</summary>
    internal static IReadOnlyList<EsploraTransaction> Transactions(JsonElement json) =>
        ElectrumDecoder.Reading(json, static list => list.EnumerateArray().Select(Transaction).ToList());

    private static void AddInput(TransactionBuilder builder, JsonElement input, List<SpentOutput> spends)
    {
        bool isCoinbase = input.TryGetProperty("is_coinbase", out JsonElement says) && says.GetBoolean();
        byte[][] witness = input.TryGetProperty("witness", out JsonElement items) && items.ValueKind != JsonValueKind.Null
            ? [.. items.EnumerateArray().Select(Bytes)]
            : [];
        OutPoint? coin = isCoinbase ? null : new OutPoint(
            ElectrumDecoder.IdIn(input.GetProperty("txid").GetString()), input.GetProperty("vout").GetUInt32());
        builder.AddInput(coin, Bytes(input.GetProperty("scriptsig")), input.GetProperty("sequence").GetUInt32(), witness);
        if (!isCoinbase)
        {
            JsonElement spent = input.GetProperty("prevout");
            spends.Add(new SpentOutput(spent.GetProperty("value").GetUInt64(), Bytes(spent.GetProperty("scriptpubkey"))));
        }
    }

    private static ulong? HeightIn(JsonElement status) =>
        status.GetProperty("confirmed").GetBoolean() ? ElectrumDecoder.HeightIn(status.GetProperty("block_height")) : null;

    private static byte[] Bytes(JsonElement hex) => HexText.ToBytes(hex.GetString());
}
