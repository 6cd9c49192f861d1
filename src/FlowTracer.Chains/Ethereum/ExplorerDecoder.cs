using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// Reads the answers of explorers with Etherscan's API (Etherscan v1 and v2, Blockscout): an object of status, message
/// and result. That nothing was found is an empty list; any other status than <c>1</c> is a refusal, even where rows come
/// with it, for they are not all.
/// </summary>
public static class ExplorerDecoder
{
    private const string GenesisMark = "GENESIS";
    private const string Yes = "1";
    private const string No = "0";

    // What refusals contain, in lower case; the first that fits counts.
    private static readonly (string Words, ExplorerRefusalKind Kind)[] Refusals =
    [
        ("rate limit", ExplorerRefusalKind.RateLimit),
        ("too many requests", ExplorerRefusalKind.RateLimit),
        ("result window", ExplorerRefusalKind.Window),
        ("api key", ExplorerRefusalKind.Key),
        ("apikey", ExplorerRefusalKind.Key),
        ("api access", ExplorerRefusalKind.Key),
        ("api pro", ExplorerRefusalKind.Key),
        ("timeout", ExplorerRefusalKind.Busy),
        ("timed out", ExplorerRefusalKind.Busy),
        ("too busy", ExplorerRefusalKind.Busy),
        ("not yet been processed", ExplorerRefusalKind.Busy),
    ];

    /// <summary>What <c>txlist</c> answers.</summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is neither rows nor a refusal.</exception>
    public static ExplorerAnswer<ExplorerTransactionRow> Transactions(JsonElement answer, ChainId chain) =>
        Read(answer, row => Transaction(row, chain));

    /// <summary>What <c>txlistinternal</c> answers, for an address, a block range or a transaction.</summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is neither rows nor a refusal.</exception>
    public static ExplorerAnswer<ExplorerInternalRow> Internals(JsonElement answer, ChainId chain) =>
        Read(answer, row => Internal(row, chain));

    /// <summary>What <c>tokentx</c> answers. NFTs, which Blockscout lists among tokens, are counted but not read.</summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is neither rows nor a refusal.</exception>
    public static ExplorerAnswer<ExplorerTokenRow> Tokens(JsonElement answer, ChainId chain) =>
        Read(answer, row => row.Find("tokenID") is null ? Token(row, chain) : null);

    /// <summary>What <c>getLogs</c> answers, in chain order.</summary>
    /// <param name="answer">The whole answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is neither logs nor a refusal.</exception>
    public static ExplorerAnswer<Log> Logs(JsonElement answer, ChainId chain)
    {
        AnswerReader reader = new(answer);
        if (Refusal(reader) is ExplorerRefusal refusal)
        {
            return new ExplorerAnswer<Log>([], 0, 0, 0, refusal);
        }

        AnswerReader? rows = Rows(reader);
        ImmutableArray<Log> logs = rows is null ? [] : LogDecoder.InOrder(rows.Value, row => Log(row, chain));
        return logs.IsEmpty
            ? new ExplorerAnswer<Log>([], 0, 0, 0, null)
            : new ExplorerAnswer<Log>(logs, logs.Length, logs[0].Block, logs[^1].Block, null);
    }

    /// <summary>What any of these answers refuses with; null when it does not. Its rows are not looked at.</summary>
    /// <param name="answer">The whole answer.</param>
    /// <exception cref="AnswerFormatException">It has no status, or refuses without a reason.</exception>
    public static ExplorerRefusal? RefusalOf(JsonElement answer) => Refusal(new AnswerReader(answer));

    private static ExplorerAnswer<T> Read<T>(JsonElement answer, Func<AnswerReader, T?> decode)
        where T : class
    {
        AnswerReader reader = new(answer);
        if (Refusal(reader) is ExplorerRefusal refusal)
        {
            return new ExplorerAnswer<T>([], 0, 0, 0, refusal);
        }

        if (Rows(reader) is not AnswerReader { Length: > 0 } rows)
        {
            return new ExplorerAnswer<T>([], 0, 0, 0, null);
        }

        ulong[] blocks = [.. rows.Items().Select(static row => row["blockNumber"].DecimalNumber())];
        return new ExplorerAnswer<T>(
            [.. rows.Items().Select(decode).OfType<T>()], rows.Length, blocks.Min(), blocks.Max(), null);
    }

    private static AnswerReader? Rows(AnswerReader answer) => answer["status"].Text() == Yes ? answer["result"] : null;

    private static ExplorerRefusal? Refusal(AnswerReader answer)
    {
        if (answer["status"].Text() == Yes)
        {
            return null;
        }

        string message = answer.Find("message")?.Text() ?? string.Empty;
        AnswerReader? result = answer.Find("result");
        bool hasRows = result?.Element.ValueKind == JsonValueKind.Array && result.Value.Length > 0;
        bool hasText = result?.Element.ValueKind == JsonValueKind.String;
        if (answer["status"].Text() == No && SaysNothingFound(message) && !hasRows)
        {
            return null;
        }

        // Etherscan says NOTOK and gives the reason as the result; Blockscout gives it as the message.
        string text = hasText && result!.Value.Text().Length > 0 ? result.Value.Text() : message;
        if (text.Length == 0)
        {
            throw answer.Fault("is a refusal without a reason");
        }

        ExplorerRefusalKind kind = Refusals
            .Where(refusal => text.Contains(refusal.Words, StringComparison.OrdinalIgnoreCase))
            .Select(static refusal => refusal.Kind)
            .FirstOrDefault(ExplorerRefusalKind.Other);
        return new ExplorerRefusal(kind, AnswerFormatException.OneLine(text));
    }

    // "No transactions found", "No internal transactions found", "No token transfers found", "No records found", ...
    private static bool SaysNothingFound(string message) =>
        message.StartsWith("No ", StringComparison.OrdinalIgnoreCase)
        && message.EndsWith(" found", StringComparison.OrdinalIgnoreCase);

    private static ExplorerTransactionRow Transaction(AnswerReader row, ChainId chain)
    {
        bool isGenesis = row["hash"].Text().StartsWith(GenesisMark, StringComparison.Ordinal);
        return new ExplorerTransactionRow(
            isGenesis ? null : row["hash"].TxHash(),
            row["blockNumber"].DecimalNumber(),
            Stated(row, "blockHash")?.Word(),
            row["timeStamp"].DecimalTime(),
            row["transactionIndex"].DecimalIndex(),
            isGenesis ? default : row["from"].Address(chain),
            Stated(row, "to")?.Address(chain) ?? default,
            Stated(row, "contractAddress")?.Address(chain) ?? default,
            row["value"].Decimal(),
            row["gas"].DecimalNumber(),
            row["gasUsed"].DecimalNumber(),
            row["gasPrice"].Decimal(),
            !IsYes(row["isError"]) && (Stated(row, "txreceipt_status") is not AnswerReader status || IsYes(status)));
    }

    private static ExplorerInternalRow Internal(AnswerReader row, ChainId chain)
    {
        AnswerReader type = row["type"];
        AnswerReader name = FrameKinds.Of(type.Text()) == FrameKind.Call ? Stated(row, "callType") ?? type : type;
        FrameKind kind = FrameKinds.Of(name.Text())
            ?? throw name.Fault($"is no kind of call known here: {name.Quoted()}");
        bool tookEffect = !IsYes(row["isError"]);
        AnswerReader? to = kind == FrameKind.Creation
            ? Stated(row, "contractAddress") ?? Stated(row, "to")
            : Stated(row, "to");
        if (to is null && tookEffect)
        {
            throw row.Fault("names no receiver");
        }

        return new ExplorerInternalRow(
            (Stated(row, "hash") ?? Stated(row, "transactionHash"))?.TxHash(),
            row["blockNumber"].DecimalNumber(),
            row["timeStamp"].DecimalTime(),
            row["from"].Address(chain),
            to?.Address(chain) ?? default,
            row["value"].Decimal(),
            name.Text(),
            Place(row),
            tookEffect);
    }

    // Etherscan numbers the calls at each depth, as in 0_1; Blockscout all calls of the transaction. What Etherscan calls
    // the row's transactionIndex is at times the call's; it is not read.
    private static ImmutableArray<uint> Place(AnswerReader row)
    {
        if (Stated(row, "index") is AnswerReader index)
        {
            return [index.DecimalIndex()];
        }

        if (Stated(row, "traceId") is not AnswerReader traceId)
        {
            return [];
        }

        string[] steps = traceId.Text().Split('_');
        uint[] place = new uint[steps.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            if (!uint.TryParse(steps[i], NumberStyles.None, CultureInfo.InvariantCulture, out place[i]))
            {
                throw traceId.Fault($"is no place in a call tree: {traceId.Quoted()}");
            }
        }

        return [.. place];
    }

    private static ExplorerTokenRow Token(AnswerReader row, ChainId chain) => new(
        row["hash"].TxHash(),
        row["blockNumber"].DecimalNumber(),
        Stated(row, "blockHash")?.Word(),
        row["timeStamp"].DecimalTime(),
        row["transactionIndex"].DecimalIndex(),
        Stated(row, "logIndex")?.DecimalIndex(),
        row["contractAddress"].Address(chain),
        row["from"].Address(chain),
        row["to"].Address(chain),
        row["value"].Decimal(),
        row["tokenSymbol"].Text(),
        Decimals(row));

    // ERC-20's decimals are a uint8.
    private static int? Decimals(AnswerReader row)
    {
        if (Stated(row, "tokenDecimal") is not AnswerReader stated)
        {
            return null;
        }

        uint decimals = stated.DecimalIndex();
        return decimals <= byte.MaxValue ? (int)decimals : throw stated.Fault($"is over 255: {stated.Quoted()}");
    }

    private static Log Log(AnswerReader row, ChainId chain) => new(
        row["transactionHash"].TxHash(),
        row["blockHash"].Word(),
        row["blockNumber"].Number(),
        Index(row["transactionIndex"]),
        Index(row["logIndex"]),
        row["address"].Address(chain),
        LogDecoder.Topics(row),
        row["data"].Data());

    // Etherscan writes the index 0 as 0x.
    private static uint Index(AnswerReader value) => value.Text() == "0x" ? 0 : value.Index();

    // What an explorer does not know is missing, null or an empty text.
    private static AnswerReader? Stated(AnswerReader row, string name) =>
        row.Find(name) is AnswerReader value && value.Text().Length > 0 ? value : null;

    private static bool IsYes(AnswerReader value) => value.Text() switch
    {
        Yes => true,
        No => false,
        _ => throw value.Fault($"is neither 0 nor 1: {value.Quoted()}"),
    };
}
