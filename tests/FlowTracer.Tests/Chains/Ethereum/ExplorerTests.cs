using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.Ethereum.Json;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Explorers' answers: all recorded ones, and those of other explorers written by hand after their documentation.</summary>
public sealed class ExplorerTests
{
    private const string V2 = "etherscan_v2_chain1_tx_receipts_txlist_internal_tokentx.json.gz";
    private static readonly ChainId Chain = ChainId.Ethereum;

    private const string Internal = $$"""
        {'blockNumber':'10','timeStamp':'11','hash':'{{Hash1}}','from':'{{A}}','to':'{{B}}','value':'12','contractAddress':'',
         'type':'call','isError':'0','traceId':'0_1'}
        """;

    private const string Transaction = $$"""
        {'blockNumber':'10','timeStamp':'11','hash':'{{Hash1}}','blockHash':'{{Hash2}}','transactionIndex':'2','from':'{{A}}',
         'to':'{{B}}','value':'12','gas':'21000','gasPrice':'3','isError':'0','txreceipt_status':'1','contractAddress':'',
         'gasUsed':'20000'}
        """;

    private const string Token = $$"""
        {'blockNumber':'10','timeStamp':'11','hash':'{{Hash1}}','blockHash':'{{Hash2}}','transactionIndex':'2','from':'{{A}}',
         'to':'{{B}}','value':'12','contractAddress':'{{C}}','tokenSymbol':'USDC','tokenDecimal':'6'}
        """;

    // --- recorded ---------------------------------------------------------------------------------------------------

    [NeedsDataFact(RecordedAnswers.ExplorerFolder)]
    public void Every_recorded_row_of_transactions_decodes()
    {
        int count = 0;
        int genesis = 0;
        foreach (JsonElement answer in Answers("get_normal_txs_*.json", "txlist"))
        {
            ExplorerAnswer<ExplorerTransactionRow> decoded = ExplorerDecoder.Transactions(answer, Chain);
            AssertAll(answer, decoded, (raw, row) =>
            {
                count++;
                genesis += row.Tx is null ? 1 : 0;
                Assert.Equal(raw.Text("hash").StartsWith("GENESIS", StringComparison.Ordinal) ? null : raw.Text("hash"), row.Tx is TxHash tx ? Raw.Of(tx) : null);
                Assert.Equal(raw.Text("blockHash"), row.BlockHash?.ToString() ?? string.Empty);
                AssertPlace(raw, row.Block, row.TimeSeconds);
                Assert.Equal(raw.Decimal("transactionIndex"), row.Index);
                Assert.Equal(raw.Text("from") == "GENESIS" ? "none" : raw.Text("from"), Raw.Of(row.From));
                Assert.Equal(OrNone(raw.Text("to")), Raw.Of(row.To));
                Assert.Equal(OrNone(raw.Text("contractAddress")), Raw.Of(row.Created));
                Assert.Equal(raw.Decimal("value"), row.Value.ToBigInteger());
                Assert.Equal(raw.Decimal("gas"), row.Gas);
                Assert.Equal(raw.Decimal("gasUsed"), row.GasUsed);
                Assert.Equal(raw.Decimal("gasPrice"), row.GasPrice.ToBigInteger());
                Assert.Equal(raw.Text("isError") == "0" && raw.Text("txreceipt_status") != "0", row.Succeeded);
            });
        }

        Assert.True(count > 250 && genesis > 0, $"{count} rows, {genesis} of the genesis block");
    }

    [NeedsDataFact(RecordedAnswers.ExplorerFolder)]
    public void Every_recorded_row_of_internal_transfers_decodes()
    {
        int count = 0;
        foreach (JsonElement answer in Answers("get_internal_txs_*.json", "txlistinternal"))
        {
            AssertAll(answer, ExplorerDecoder.Internals(answer, Chain), (raw, row) =>
            {
                count++;
                Assert.Equal(raw.TextOr("hash", "none"), row.Tx is TxHash tx ? Raw.Of(tx) : "none");
                AssertPlace(raw, row.Block, row.TimeSeconds);
                Assert.Equal(raw.Text("from"), Raw.Of(row.From));
                Assert.Equal(raw.Text("type").StartsWith("create", StringComparison.Ordinal) ? raw.Text("contractAddress") : raw.Text("to"), Raw.Of(row.To));
                Assert.Equal(raw.Decimal("value"), row.Value.ToBigInteger());
                Assert.Equal(raw.Text("type"), row.Kind);
                Assert.Equal(raw.TextOr("traceId", string.Empty), string.Join('_', row.Place));
                Assert.Equal(raw.Text("isError") == "0", row.TookEffect);
            });
        }

        Assert.True(count > 600, $"{count} rows");
    }

    [NeedsDataFact(RecordedAnswers.ExplorerFolder)]
    public void Every_recorded_row_of_token_transfers_decodes()
    {
        int count = 0;
        foreach (JsonElement answer in Answers("get_erc20_*.json", "tokentx"))
        {
            AssertAll(answer, ExplorerDecoder.Tokens(answer, Chain), (raw, row) =>
            {
                count++;
                Assert.Equal(raw.Text("hash"), Raw.Of(row.Tx));
                Assert.Equal(raw.Text("blockHash"), row.BlockHash!.Value.ToString());
                AssertPlace(raw, row.Block, row.TimeSeconds);
                Assert.Equal(raw.Decimal("transactionIndex"), row.TxIndex);
                Assert.Null(row.LogIndex);
                Assert.Equal(raw.Text("contractAddress"), Raw.Of(row.Contract));
                Assert.Equal((raw.Text("from"), raw.Text("to")), (Raw.Of(row.From), Raw.Of(row.To)));
                Assert.Equal(raw.Decimal("value"), row.Value.ToBigInteger());
                Assert.Equal(raw.Text("tokenSymbol"), row.Symbol);
                Assert.Equal(raw.Text("tokenDecimal"), row.Decimals?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? string.Empty);
            });
        }

        Assert.Equal(1360, count);
    }

    [NeedsDataFact(RecordedAnswers.ExplorerFolder)]
    public void Every_recorded_receipt_transaction_and_log_of_the_explorer_decodes()
    {
        int count = 0;
        foreach (JsonElement raw in RecordedAnswers.Explorer(V2, "eth_getTransactionReceipt").Select(static a => a.GetProperty("result")))
        {
            RecordedAnswerTests.AssertSame(raw, ReceiptDecoder.Decode(raw, Chain));
            count++;
        }

        foreach (JsonElement raw in RecordedAnswers.Explorer(V2, "eth_getTransactionByHash").Select(static a => a.GetProperty("result")))
        {
            RecordedAnswerTests.AssertSame(raw, TransactionDecoder.Decode(raw, Chain));
            count++;
        }

        Assert.Equal(720 + 695, count);
        foreach (JsonElement answer in RecordedAnswers.Explorer(V2, "getLogs"))
        {
            ExplorerAnswer<Log> logs = ExplorerDecoder.Logs(answer, Chain);
            AssertAll(answer, logs, static (raw, log) =>
            {
                Assert.Equal(raw.Text("transactionHash"), Raw.Of(log.Tx));
                Assert.Equal(raw.Text("blockHash"), log.BlockHash.ToString());
                Assert.Equal(raw.Number("blockNumber"), log.Block);
                Assert.Equal(raw.Number("transactionIndex"), log.TxIndex); // 0x among them, for zero
                Assert.Equal(raw.Number("logIndex"), log.Index);
                Assert.Equal(raw.Text("address"), Raw.Of(log.Contract));
                Assert.Equal(raw.Text("data"), Raw.Of(log.Data));
                Assert.Equal(raw.GetProperty("topics").GetArrayLength(), log.Topics.Length);
            });
        }
    }

    // --- envelopes --------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("{'status':'0','message':'No transactions found','result':[]}")]
    [InlineData("{'status':'0','message':'No internal transactions found','result':[]}")]
    [InlineData("{'status':'0','message':'No token transfers found','result':[]}")]
    [InlineData("{'status':'0','message':'No records found','result':[]}")]
    [InlineData("{'status':'0','message':'No logs found','result':null}")]
    [InlineData("{'status':'1','message':'OK','result':[]}")]
    public void Nothing_found_is_an_empty_list(string answer)
    {
        ExplorerAnswer<ExplorerTransactionRow> decoded = ExplorerDecoder.Transactions(Of(answer), Chain);
        Assert.Null(decoded.Refusal);
        Assert.Equal((0, 0), (decoded.Rows.Length, decoded.RowCount));
        Assert.Null(ExplorerDecoder.Logs(Of(answer), Chain).Refusal);
    }

    [Theory]
    [InlineData("NOTOK", "'Max rate limit reached'", ExplorerRefusalKind.RateLimit, "Max rate limit reached")]
    [InlineData("NOTOK", "'Max calls per sec rate limit reached (5/sec)'", ExplorerRefusalKind.RateLimit, "Max calls per sec rate limit reached (5/sec)")]
    [InlineData("NOTOK", "'Invalid API Key'", ExplorerRefusalKind.Key, "Invalid API Key")]
    [InlineData("NOTOK", "'Missing/Invalid API Key, rate limit of 1/5sec applied'", ExplorerRefusalKind.RateLimit, "Missing/Invalid API Key, rate limit of 1/5sec applied")]
    [InlineData("NOTOK", "'Result window is too large, PageNo x Offset size must be less than or equal to 10000'", ExplorerRefusalKind.Window, "Result window is too large, PageNo x Offset size must be less than or equal to 10000")]
    [InlineData("NOTOK", "'Query Timeout occured. Please select a smaller result dataset'", ExplorerRefusalKind.Busy, "Query Timeout occured. Please select a smaller result dataset")]
    [InlineData("NOTOK", "'Error! Invalid address format'", ExplorerRefusalKind.Other, "Error! Invalid address format")]
    [InlineData("Too many requests", "null", ExplorerRefusalKind.RateLimit, "Too many requests")]
    [InlineData("two\\nlines", "[]", ExplorerRefusalKind.Other, "two lines")]
    [InlineData("No transactions found", "[{}]", ExplorerRefusalKind.Other, "No transactions found")]
    public void Another_status_is_a_refusal_with_its_reason(string message, string result, ExplorerRefusalKind kind, string text)
    {
        JsonElement answer = Of($"{{'status':'0','message':'{message}','result':{result}}}");
        Assert.Equal(new ExplorerRefusal(kind, text), ExplorerDecoder.Transactions(answer, Chain).Refusal);
        Assert.Equal(new ExplorerRefusal(kind, text), ExplorerDecoder.Logs(answer, Chain).Refusal);
    }

    // Blockscout, while it still indexes a block's internal transfers: the rows are not all.
    [Fact]
    public void Rows_that_come_with_another_status_are_not_used()
    {
        ExplorerAnswer<ExplorerInternalRow> decoded = ExplorerDecoder.Internals(
            Of($"{{'status':'2','message':'Some internal transactions within this block range have not yet been processed','result':[{Internal}]}}"), Chain);
        Assert.Equal(ExplorerRefusalKind.Busy, decoded.Refusal!.Kind);
        Assert.Empty(decoded.Rows);
    }

    [Theory]
    [InlineData("{'jsonrpc':'2.0','result':[]}")]
    [InlineData("{'status':'1','message':'OK'}")]
    [InlineData("{'status':'1','message':'OK','result':'text'}")]
    [InlineData("{'status':'0'}")]
    [InlineData("{'status':1,'message':'OK','result':[]}")]
    public void What_is_neither_rows_nor_a_refusal_is_a_fault(string answer) =>
        Assert.Throws<AnswerFormatException>(() => ExplorerDecoder.Tokens(Of(answer), Chain));

    // --- rows -------------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("value", "'-1'", "result[0].value is not a whole number")]
    [InlineData("value", "'0x1'", "result[0].value is not a whole number")]
    [InlineData("value", "''", "result[0].value is not a whole number")]
    [InlineData("value", "'115792089237316195423570985008687907853269984665640564039457584007913129639936'", "result[0].value is over 256 bits")]
    [InlineData("value", null, "result[0].value is missing")]
    [InlineData("isError", "'2'", "result[0].isError is neither 0 nor 1")]
    [InlineData("isError", null, "result[0].isError is missing")]
    [InlineData("type", "'teleport'", "result[0].type is no kind of call known here")]
    [InlineData("to", "''", "result[0] names no receiver")]
    [InlineData("traceId", "'0_x'", "result[0].traceId is no place in a call tree")]
    public void A_row_with_a_wrong_field_is_refused(string field, string? value, string reason)
    {
        JsonElement row = With(Internal, field, value);
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => ExplorerDecoder.Internals(Envelope(row.GetRawText()), Chain));
        Assert.StartsWith(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_amount_is_read() => Assert.Equal(
        Amount.MaxValue,
        Assert.Single(ExplorerDecoder.Internals(Envelope(With(Internal, "value", $"'{Amount.MaxValue}'").GetRawText()), Chain).Rows).Value);

    // Blockscout names the transaction otherwise, numbers the calls through, and tells the kind of call beside the type.
    [Fact]
    public void Blockscouts_internal_rows_are_read_too()
    {
        string row = Internal.Replace("'hash'", "'transactionHash'", StringComparison.Ordinal)
            .Replace("'traceId':'0_1'", "'index':'7','callType':'delegatecall'", StringComparison.Ordinal);
        ExplorerInternalRow read = Assert.Single(ExplorerDecoder.Internals(Envelope(row), Chain).Rows);
        Assert.Equal((Hash1, "delegatecall"), (Raw.Of(read.Tx!.Value), read.Kind));
        Assert.Equal(7U, Assert.Single(read.Place));
    }

    [Fact]
    public void A_failed_creation_names_no_contract()
    {
        string row = Internal.Replace("'type':'call','isError':'0'", "'type':'create','isError':'1'", StringComparison.Ordinal)
            .Replace($"'to':'{B}'", "'to':''", StringComparison.Ordinal);
        ExplorerInternalRow read = Assert.Single(ExplorerDecoder.Internals(Envelope(row), Chain).Rows);
        Assert.Equal((true, false), (read.To.IsNone, read.TookEffect));
    }

    [Fact]
    public void Tokens_may_name_their_log_and_NFTs_among_them_are_counted_only()
    {
        string withLog = With(Token, "logIndex", "'5'").GetRawText();
        string nft = With(With(Token, "tokenID", "'99'").GetRawText(), "value", null).GetRawText();
        ExplorerAnswer<ExplorerTokenRow> decoded = ExplorerDecoder.Tokens(Envelope($"{withLog},{nft}"), Chain);
        Assert.Equal(2, decoded.RowCount);
        Assert.Equal((5U, 6), (Assert.Single(decoded.Rows).LogIndex!.Value, decoded.Rows[0].Decimals!.Value));
        Assert.Null(Assert.Single(ExplorerDecoder.Tokens(Envelope(With(Token, "tokenDecimal", "''").GetRawText()), Chain).Rows).Decimals);
        Assert.Throws<AnswerFormatException>(
            () => ExplorerDecoder.Tokens(Envelope(With(Token, "tokenDecimal", "'256'").GetRawText()), Chain));
    }

    [Theory]
    [InlineData("0", "1", true)]
    [InlineData("0", "", true)] // before Byzantium
    [InlineData("1", "", false)]
    [InlineData("1", "0", false)]
    [InlineData("0", "0", false)]
    [InlineData("1", "1", false)]
    public void A_transaction_took_effect_when_nothing_says_otherwise(string isError, string status, bool succeeded)
    {
        string row = With(With(Transaction, "isError", $"'{isError}'").GetRawText(), "txreceipt_status", $"'{status}'").GetRawText();
        Assert.Equal(succeeded, Assert.Single(ExplorerDecoder.Transactions(Envelope(row), Chain).Rows).Succeeded);
    }

    private static JsonElement Envelope(string rows) => Of($"{{'status':'1','message':'OK','result':[{rows}]}}");

    // The older recording holds the rows alone; the newer whole answers.
    private static IEnumerable<JsonElement> Answers(string pattern, string action) =>
        Directory.GetFiles(SharedData.Folder(RecordedAnswers.ExplorerFolder), pattern).Order(StringComparer.Ordinal)
            .Select(static path => Wrapped(RecordedAnswers.Explorer(Path.GetFileName(path)).GetProperty("res").GetRawText()))
            .Concat(RecordedAnswers.Explorer(V2, action));

    private static JsonElement Wrapped(string result) =>
        JsonDocument.Parse($$"""{"status":"1","message":"OK","result":{{result}}}""").RootElement;

    private static void AssertAll<T>(JsonElement answer, ExplorerAnswer<T> decoded, Action<JsonElement, T> assert)
    {
        JsonElement[] raw = [.. answer.GetProperty("result").EnumerateArray()];
        Assert.Null(decoded.Refusal);
        Assert.Equal((raw.Length, raw.Length), (decoded.RowCount, decoded.Rows.Length));
        for (int i = 0; i < raw.Length; i++)
        {
            assert(raw[i], decoded.Rows[i]);
        }
    }

    private static void AssertPlace(JsonElement raw, ulong block, long time)
    {
        Assert.Equal(raw.Decimal("blockNumber"), block);
        Assert.Equal(raw.Decimal("timeStamp"), time);
    }

    private static string OrNone(string text) => text.Length == 0 ? "none" : text;
}
