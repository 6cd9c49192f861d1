using System.Globalization;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>Reads the fields of one row of a transfers CSV.</summary>
/// <param name="name">The file, for errors.</param>
/// <param name="line">The line, for errors.</param>
/// <param name="record">The fields.</param>
/// <param name="columns">Where each of <see cref="TransfersCsv.Columns"/> is among them.</param>
/// <param name="addresses">Addresses read before: a record names few of them often, and a checksum costs a hash.</param>
internal sealed class RowReader(
    string name, long line, string[] record, int[] columns, Dictionary<(ChainId, string), Address> addresses)
{
    // A long record must not be kept by the back door.
    private const int MostKnown = 1 << 18;

    public RecordRow Read()
    {
        if (record.Length != columns.Length)
        {
            throw new InputException(
                name, line, 0, string.Create(CultureInfo.InvariantCulture, $"{record.Length} fields where the header has {columns.Length}"));
        }

        if (!ChainId.TryParse(Field("chain"), out ChainId chain))
        {
            throw Fault("chain", "not a chain: ethereum, or ethereum-N for a test network");
        }

        if (chain.Family == ChainFamily.Utxo)
        {
            throw Fault("chain", "a Bitcoin transaction is not a transfer; this format is for account chains");
        }

        ulong? block = Number("block");
        ulong? blockMax = Number("block_max");
        if (blockMax is not null && (block is null || blockMax < block))
        {
            throw Fault("block_max", "the last block of a range comes after its first, in column 'block'");
        }

        ulong? txIndex = Number("tx_index");
        if (txIndex > uint.MaxValue)
        {
            throw Fault("tx_index", "too large");
        }

        // The log's index says nothing that the order of rows does not; it is checked so that no row carries nonsense.
        Number("log_index");
        return new RecordRow(name, line, chain, block, blockMax, Time(), Tx(chain), (uint?)txIndex, Fact(chain));
    }

    private TransferFact Fact(ChainId chain)
    {
        MovementKind kind = Field("kind") switch
        {
            "external" => MovementKind.External,
            "internal" => MovementKind.Internal,
            "erc20" or "token" => MovementKind.Token,
            "fee" => MovementKind.Fee,
            "reward" => MovementKind.Reward,
            _ => throw Fault("kind", "not a kind: external, internal, erc20, fee or reward"),
        };
        if (!Asset.TryParse(chain, Field("asset"), out Asset asset, out ParseError assetError))
        {
            throw Fault("asset", assetError);
        }

        if (!Amount.TryParse(Field("amount"), out Amount amount, out ParseError amountError))
        {
            throw Fault("amount", amountError);
        }

        Address from = Party("from", chain, absent: kind == MovementKind.Reward);
        Address to = Party("to", chain, absent: kind == MovementKind.Fee);
        return new TransferFact(kind, from, to, asset, amount, GradeOf(), Field("source"));
    }

    private Grade GradeOf() => Field("grade") switch
    {
        "recorded" => Grade.Recorded,
        "derived" => Grade.Derived,
        "inferred" => Grade.Inferred,
        "hypothesis" => Grade.Hypothesis,
        _ => throw Fault("grade", "not a grade: recorded, derived, inferred or hypothesis"),
    };

    private Address Party(string column, ChainId chain, bool absent)
    {
        string text = Field(column);
        if (absent)
        {
            return text.Length == 0 ? default : throw Fault(column, $"a {Field("kind")} has none: leave it empty");
        }

        if (addresses.TryGetValue((chain, text), out Address known))
        {
            return known;
        }

        if (!Address.TryParse(chain, text, out Address address, out ParseError error))
        {
            throw Fault(column, error);
        }

        if (addresses.Count >= MostKnown)
        {
            addresses.Clear();
        }

        return addresses[(chain, text)] = address;
    }

    private TxHash? Tx(ChainId chain)
    {
        string text = Field("tx_hash");
        return text.Length == 0 ? null
            : TxHash.TryParse(chain.Family, text, out TxHash tx, out ParseError error) ? tx
            : throw Fault("tx_hash", error);
    }

    private long? Time()
    {
        string text = Field("time");
        if (text.Length == 0)
        {
            return null;
        }

        return DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset time)
            ? time.ToUnixTimeSeconds()
            : throw Fault("time", "not a time like 2022-03-23T13:29:09Z");
    }

    private ulong? Number(string column)
    {
        string text = Field(column);
        return text.Length == 0 ? null
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number
            : throw Fault(column, "not a whole number");
    }

    private string Field(string column) => record[columns[TransfersCsv.Columns.IndexOf(column)]];

    private InputException Fault(string column, string reason) => Fault(column, new ParseError(Field(column), 1, reason));

    private InputException Fault(string column, ParseError error) => new(name, line, 0, $"{column} {error}");
}
