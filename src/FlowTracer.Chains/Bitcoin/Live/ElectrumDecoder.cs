using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A transaction in a script's history.</summary>
/// <param name="Id">Which.</param>
/// <param name="Height">Its block's height; null while it is in none.</param>
internal sealed record HistoryEntry(TxHash Id, ulong? Height);

/// <summary>
/// Reads the results of the Electrum protocol's calls. What is not what was asked for is a
/// <see cref="BadAnswerException"/>, and nothing else is.
/// </summary>
internal static class ElectrumDecoder
{
    /// <summary>No block is higher: at one in ten minutes that takes forty thousand years.</summary>
    internal const ulong HighestBlock = int.MaxValue;

    /// <summary>The height in <c>blockchain.headers.subscribe</c>.</summary>
    public static ulong Height(JsonElement result) => Reading(result, static r => HeightIn(r.GetProperty("height")));

    /// <summary>A header of 80 bytes.</summary>
    public static BlockHeader Header(JsonElement result) => Reading(result, static r => HeaderIn(r.GetString()));

    /// <summary>A header from its hex.</summary>
    /// <exception cref="BitcoinFormatException">It has not 80 bytes.</exception>
    public static BlockHeader HeaderIn(string? hex)
    {
        byte[] bytes = HexText.ToBytes(hex);
        return bytes.Length == BlockHeader.ByteLength
            ? BlockHeader.Parse(bytes)
            : throw new BitcoinFormatException(bytes.Length, $"a block header has {BlockHeader.ByteLength} bytes");
    }

    /// <summary>A transaction's bytes; their id is checked.</summary>
    public static byte[] Raw(JsonElement result, TxHash id)
    {
        byte[] bytes = Reading(result, static r => HexText.ToBytes(r.GetString()));
        TxHash own = Reading(result, _ => Transaction.Parse(bytes).Id);
        return own == id ? bytes : throw new BadAnswerException($"is another transaction: {own}");
    }

    /// <summary>Where a transaction stands, by <c>blockchain.transaction.get_merkle</c>; Esplora's is the same.</summary>
    /// <param name="result">The result.</param>
    /// <param name="height">The height that was asked about; null to take the one stated.</param>
    public static TxPlace Place(JsonElement result, ulong? height)
    {
        TxPlace place = Reading(result, static r => new TxPlace(
            HeightIn(r.GetProperty("block_height")),
            r.GetProperty("pos").GetUInt32(),
            [.. r.GetProperty("merkle").EnumerateArray().Select(static half => HashIn(half.GetString()))]));
        return height is null || place.Height == height
            ? place
            : throw new BadAnswerException($"is about block {Numbers.Text(place.Height)}");
    }

    /// <summary>A script's history; transactions in no block have a height of 0 or -1.</summary>
    public static IReadOnlyList<HistoryEntry> History(JsonElement result) => Reading(result, static r => r.EnumerateArray().Select(
        static entry =>
        {
            long height = entry.GetProperty("height").GetInt64();
            return new HistoryEntry(IdIn(entry.GetProperty("tx_hash").GetString()), height > 0 ? Stated((ulong)height) : null);
        }).ToList());

    /// <summary>The coins in <c>blockchain.scripthash.listunspent</c>.</summary>
    public static IReadOnlySet<OutPoint> Unspent(JsonElement result) => Reading(result, static r => r.EnumerateArray().Select(
        static coin => new OutPoint(IdIn(coin.GetProperty("tx_hash").GetString()), coin.GetProperty("tx_pos").GetUInt32())).ToHashSet());

    /// <summary>A block's height.</summary>
    /// <exception cref="BadAnswerException">No block has it.</exception>
    internal static ulong HeightIn(JsonElement number) => Stated(number.GetUInt64());

    /// <summary>A height that was stated, if a block can have it.</summary>
    /// <exception cref="BadAnswerException">No block has it.</exception>
    internal static ulong Stated(ulong height) => height <= HighestBlock
        ? height
        : throw new BadAnswerException($"states a height that no block has ({Numbers.Text(height)})");

    /// <summary>A transaction's id.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static TxHash IdIn(string? text) => TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out _)
        ? id
        : throw new FormatException("no transaction id");

    /// <summary>A hash as people write it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static Hash256 HashIn(string? text) =>
        Hash256.TryParse(text, out Hash256 hash) ? hash : throw new FormatException("no hash");

    /// <summary>Reads a JSON answer; whatever is wrong with its form becomes one fault.</summary>
    internal static T Reading<T>(JsonElement result, Func<JsonElement, T> read)
    {
        try
        {
            return read(result);
        }
        catch (BitcoinFormatException bad)
        {
            throw new BadAnswerException($"holds no Bitcoin data ({bad.Reason})");
        }
        catch (Exception bad) when (bad is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new BadAnswerException("is not of the form that was asked for");
        }
    }
}
