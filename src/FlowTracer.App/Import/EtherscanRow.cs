using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>What a row of one of Etherscan's exports states.</summary>
/// <param name="File">The file, for errors.</param>
/// <param name="Line">The line, for errors.</param>
/// <param name="Tx">The transaction.</param>
/// <param name="Block">Its block; null in exports that do not state it.</param>
/// <param name="Time">The block's Unix time in seconds.</param>
/// <param name="Failed">Whether the transaction as a whole failed; null where the export does not say.</param>
/// <param name="Facts">What moved: its value and its fee, or one transfer; none for a call that took no effect.</param>
internal sealed record EtherscanRow(
    string File, long Line, TxHash Tx, ulong? Block, long Time, bool? Failed, ImmutableArray<TransferFact> Facts)
{
    internal InputException Fault(string reason) => new(File, Line, 0, reason);
}

/// <summary>Reads rows of one export.</summary>
/// <param name="file">The file, for errors.</param>
/// <param name="format">Which export it is.</param>
/// <param name="columns">Its header.</param>
/// <param name="options">The chain, and what is known of tokens.</param>
internal sealed class EtherscanRowReader(string file, ImportFormat format, EtherscanColumns columns, ImportOptions options)
{
    private const string Unstated = "order within the block and transfers of others not stated";

    private readonly ChainId _chain = options.AccountChain;
    private string[] _record = [];
    private long _line;

    /// <exception cref="InputException">A field is not what it should be; names line, column and text.</exception>
    public EtherscanRow Read(long line, string[] record)
    {
        (_line, _record) = (line, record);
        if (record.Length != columns.Count)
        {
            throw new InputException(
                file, line, 0, string.Create(CultureInfo.InvariantCulture, $"{record.Length} fields where the header has {columns.Count}"));
        }

        if (!TxHash.TryParse(ChainFamily.Account, Field("tx"), out TxHash tx, out ParseError error))
        {
            throw Fault("tx", error);
        }

        bool failed = format != ImportFormat.EtherscanTokens && HasFailed();
        return new EtherscanRow(
            file,
            line,
            tx,
            columns.Has("block") ? Number("block") : null,
            Time(),
            format == ImportFormat.EtherscanTransactions ? failed : null,
            format switch
            {
                ImportFormat.EtherscanTransactions => failed ? [Fee()] : [Own(), Fee()],
                ImportFormat.EtherscanInternal => failed || MovesNothing() ? [] : [Internal()],
                _ => [Token()],
            });
    }

    private TransferFact Own() => new(
        MovementKind.External, Party("from"), Receiver(), Asset.Coin(_chain), Value(), Grade.Recorded, $"Etherscan export of transactions; {Unstated}");

    // Every row states the fee, also of transactions that somebody else sent; the sender pays it.
    private TransferFact Fee() => new(
        MovementKind.Fee, Party("from"), default, Asset.Coin(_chain), AmountIn("fee", Asset.Coin(_chain)), Grade.Recorded,
        "Etherscan export of transactions: fee");

    private TransferFact Internal() => new(
        MovementKind.Internal, Party("from"), Receiver(), Asset.Coin(_chain), Value(), Grade.Recorded,
        $"Etherscan export of internal transactions; {Unstated}");

    private TransferFact Token()
    {
        Asset token = Asset.Token(Party("contract"));
        return new(
            MovementKind.Token, Party("from"), Party("to"), token, AmountIn("amount", token), Grade.Recorded,
            $"Etherscan export of ERC-20 transfers; {Unstated}");
    }

    // A delegatecall repeats the value of the call it runs in; a staticcall has none.
    private bool MovesNothing() => Field("type") is "delegatecall" or "staticcall" or "callcode";

    private bool HasFailed()
    {
        string status = Field("status");
        bool isInternal = format == ImportFormat.EtherscanInternal;
        return status.Length > 0 && !(isInternal && status == "0")
            && (status.StartsWith("Error", StringComparison.Ordinal) || (isInternal && status == "1")
                ? true
                : throw Fault("status", isInternal ? "not a status that is known: 0, 1 or Error(…)" : "not a status that is known: empty or Error(…)"));
    }

    // Stated once as what the export's address received and once as what it gave, for whichever it did.
    private Amount Value()
    {
        Amount received = AmountIn("in", Asset.Coin(_chain));
        Amount given = AmountIn("out", Asset.Coin(_chain));
        return received.IsZero || given.IsZero || received == given
            ? Amount.Max(received, given)
            : throw Fault("out", "another amount than is received: one row is one transfer");
    }

    // Who creates a contract pays it, and the column for the receiver is empty. What moves nothing needs no receiver.
    private Address Receiver() => Field("to").Length > 0 ? Party("to")
        : Field("created").Length > 0 ? Party("created")
        : Value().IsZero ? Party("from")
        : throw Fault("to", "nobody receives this, and no contract is created");

    private Amount AmountIn(string meaning, Asset asset)
    {
        if (options.NameOf(asset) is not AssetName name)
        {
            throw new InputException(
                file, _line, 0, $"nobody says how many digits token {asset.Contract} has behind the point: give it as --decimals {asset.Contract}=N");
        }

        return WholeUnits.TryParse(Field(meaning), name, out Amount amount, out ParseError error) ? amount : throw Fault(meaning, error);
    }

    private Address Party(string meaning) =>
        Address.TryParse(_chain, Field(meaning), out Address address, out ParseError error) ? address : throw Fault(meaning, error);

    private long Time() => Number("time") is ulong time and <= long.MaxValue ? (long)time : throw Fault("time", "not a Unix time");

    private ulong Number(string meaning) =>
        ulong.TryParse(Field(meaning), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw Fault(meaning, "not a whole number");

    private string Field(string meaning) => _record[columns[meaning]];

    private InputException Fault(string meaning, string reason) => Fault(meaning, new ParseError(Field(meaning), 1, reason));

    private InputException Fault(string meaning, ParseError error) => new(file, _line, 0, $"{columns.NameOf(meaning)} {error}");
}
