using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.Ethereum.Json;
using Receipt = FlowTracer.Chains.Ethereum.Receipt;
using Transaction = FlowTracer.Chains.Ethereum.Transaction;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Transactions, receipts, logs and pages, written by hand.</summary>
public sealed class DecoderTests
{
    private static readonly ChainId Chain = ChainId.Ethereum;

    [Theory]
    [InlineData("'0x0a'", "10")] // a leading zero, which some nodes write
    [InlineData("'0x0'", "0")]
    [InlineData("'0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'", "115792089237316195423570985008687907853269984665640564039457584007913129639935")]
    [InlineData("'0x00000000000000000000000000000000000000000000000000000000000000000000000001'", "1")]
    public void Quantities_are_read_exactly(string value, string expected) =>
        Assert.Equal(expected, TransactionDecoder.Decode(With(Json.Transaction, "value", value), Chain).Value.ToString());

    [Theory]
    [InlineData("value", "'0x'", "value is an empty quantity")]
    [InlineData("value", "'0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'", "value is over 256 bits")]
    [InlineData("value", "'100'", "value does not begin with 0x")]
    [InlineData("value", "'-0x1'", "value does not begin with 0x")]
    [InlineData("value", "'0x1g'", "value is not hexadecimal")]
    [InlineData("value", "100", "value is not a text but a number")]
    [InlineData("value", null, "value is missing")]
    [InlineData("nonce", "'0x10000000000000000'", "nonce is over 64 bits")]
    [InlineData("transactionIndex", "'0x100000000'", "transactionIndex is over 32 bits")]
    [InlineData("input", "'0x123'", "input has half a byte")]
    [InlineData("hash", "'0x12'", "hash is not 32 bytes")]
    [InlineData("from", "'0x12'", "from is no address")]
    [InlineData("from", "null", "from is missing")]
    [InlineData("blockHash", "null", "blockHash is missing")] // not in a block yet
    [InlineData("value", "'\\ud800'", "value is not text")]
    public void A_transaction_with_a_wrong_field_is_refused(string field, string? value, string reason)
    {
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => TransactionDecoder.Decode(With2(Json.Transaction, field, value), Chain));
        Assert.StartsWith(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal(field, fault.Path);
    }

    [Fact]
    public void What_a_node_wrote_is_quoted_on_one_short_line()
    {
        string text = new string('x', 500) + "\\n";
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => TransactionDecoder.Decode(With(Json.Transaction, "value", $"'{text}'"), Chain));
        Assert.InRange(fault.Message.Length, 10, 200);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("'0x1'")]
    [InlineData("5")]
    public void What_is_no_object_is_refused(string answer)
    {
        Assert.Throws<AnswerFormatException>(() => BlockDecoder.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => TransactionDecoder.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => LogDecoder.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => OtsPage.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => TraceRow.Decode(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => InternalTransfers.FromCallTracer(Of(answer), Chain));
        Assert.Throws<AnswerFormatException>(() => ExplorerDecoder.Transactions(Of(answer), Chain));
    }

    // --- receipts ---------------------------------------------------------------------------------------------------

    [Fact]
    public void A_receipts_fee_is_all_that_the_sender_paid()
    {
        JsonElement blobs = Of(Json.Receipt.Replace(
            "'logs'", "'blobGasUsed':'0x20000','blobGasPrice':'0x3','l1Fee':'0x5','logs'", StringComparison.Ordinal));
        Receipt receipt = ReceiptDecoder.Decode(blobs, Chain);
        Assert.Equal("393216", receipt.BlobFee.ToString()); // 131,072 × 3
        Assert.Equal("5", receipt.L1Fee.ToString());
        Assert.Equal("540221", receipt.Fee.ToString()); // 21,000 × 7 + 393,216 + 5
    }

    // Nodes state the block's blob price with every receipt; a development node without the gas used.
    [Fact]
    public void A_blob_price_alone_costs_nothing() => Assert.Equal(
        "147000", ReceiptDecoder.Decode(With(Json.Receipt, "blobGasPrice", "'0x1'"), Chain).Fee.ToString());

    [Fact]
    public void Before_Byzantium_a_receipt_says_nothing_of_success() =>
        Assert.Null(ReceiptDecoder.Decode(With(Json.Receipt, "status", null), Chain).Succeeded);

    [Fact]
    public void A_failed_transaction_says_so() =>
        Assert.False(ReceiptDecoder.Decode(With(Json.Receipt, "status", "'0x0'"), Chain).Succeeded);

    [Fact]
    public void Without_an_effective_price_the_transactions_price_counts()
    {
        JsonElement old = With(Json.Receipt, "effectiveGasPrice", null);
        Assert.Equal("63000", ReceiptDecoder.Decode(old, Chain, gasPrice: 3).Fee.ToString());
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.Decode(old, Chain));
        Assert.Contains("states no effectiveGasPrice", fault.Message, StringComparison.Ordinal);
        Assert.Equal("147000", ReceiptDecoder.Decode(Of(Json.Receipt), Chain, gasPrice: 3).Fee.ToString());
    }

    [Theory]
    [InlineData("status", "'0x2'", "status is neither 0x0 nor 0x1")]
    [InlineData("effectiveGasPrice", "'0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'", "the answer has a fee over 256 bits")]
    [InlineData("logs", null, "logs is missing")]
    [InlineData("logs", "[5]", "logs[0] is not an object but a number")]
    [InlineData("blobGasUsed", "'0x1'", "blobGasPrice is missing")]
    public void A_receipt_with_a_wrong_field_is_refused(string field, string? value, string reason)
    {
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => ReceiptDecoder.Decode(With(Json.Receipt, field, value), Chain));
        Assert.StartsWith(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_receipt_with_anothers_log_is_refused()
    {
        string foreign = Json.Log.Replace($"'transactionHash':'{Hash1}'", $"'transactionHash':'{Hash2}'", StringComparison.Ordinal);
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => ReceiptDecoder.Decode(With(Json.Receipt, "logs", $"[{foreign}]"), Chain));
        Assert.Contains("[0] is of another transaction", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Receipts_of_a_block_that_are_not_its_transactions_are_refused()
    {
        string first = Json.Receipt.Replace("'transactionIndex':'0x3'", "'transactionIndex':'0x0'", StringComparison.Ordinal);
        Transaction tx = TransactionDecoder.Decode(With(Json.Transaction, "transactionIndex", "'0x0'"), Chain);
        Assert.Single(ReceiptDecoder.DecodeAll(Of($"[{first}]"), Chain, [tx]));
        Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.DecodeAll(Of($"[{Json.Receipt}]"), Chain));
        Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.DecodeAll(Of("[]"), Chain, [tx]));
        Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.DecodeAll(Of($"[{first}]"), Chain, [tx with { From = tx.To }]));
    }

    // --- logs -------------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("removed", "true", "the answer was removed by a reorg")]
    [InlineData("topics", $"['{Hash1}','{Hash1}','{Hash1}','{Hash1}','{Hash1}']", "topics are 5")]
    [InlineData("topics", "['0x12']", "topics[0] is not 32 bytes")]
    [InlineData("data", null, "data is missing")]
    [InlineData("logIndex", "'0x'", "logIndex is an empty quantity")]
    public void A_wrong_log_is_refused(string field, string? value, string reason)
    {
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => LogDecoder.Decode(With(Json.Log, field, value), Chain));
        Assert.StartsWith(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_are_put_in_order_and_none_counts_twice()
    {
        string earlier = Json.Log.Replace("'logIndex':'0x9'", "'logIndex':'0x8'", StringComparison.Ordinal);
        Assert.Equal([8U, 9U], LogDecoder.DecodeAll(Of($"[{Json.Log},{earlier}]"), Chain).Select(static log => log.Index));
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => LogDecoder.DecodeAll(Of($"[{Json.Log},{earlier},{Json.Log}]"), Chain));
        Assert.Contains("log 9 of block 16 twice", fault.Message, StringComparison.Ordinal);
    }

    // --- pages ------------------------------------------------------------------------------------------------------

    [Fact]
    public void A_pages_receipts_are_its_transactions()
    {
        OtsPage page = OtsPage.Decode(Of(Page(Json.Receipt)), Chain);
        Assert.Equal((true, false, 1, 1), (page.IsFirst, page.IsLast, page.Transactions.Length, page.Receipts.Length));
        Assert.Throws<AnswerFormatException>(() => OtsPage.Decode(Of(Page(string.Empty)), Chain));
        string foreign = Json.Receipt.Replace(Hash1, Hash2, StringComparison.Ordinal);
        Assert.Throws<AnswerFormatException>(() => OtsPage.Decode(Of(Page(foreign)), Chain));
    }

    [Fact]
    public void A_pages_receipt_without_logs_is_none() => Assert.Null(Assert.Single(OtsPage.Decode(
        Of(Page(Json.Receipt.Replace("'logs':[]", "'logs':null", StringComparison.Ordinal))), Chain).Receipts));

    private static string Page(string receipts) =>
        $"{{'txs':[{Json.Transaction}],'receipts':[{receipts}],'firstPage':true,'lastPage':false}}";

    // A surrogate without its other half is JSON, though no text; it must be put in as it stands.
    private static JsonElement With2(string text, string field, string? value) =>
        value is not null && value.Contains("\\u", StringComparison.Ordinal)
            ? Of(text.Replace($"'{field}':'0x64'", $"'{field}':{value}", StringComparison.Ordinal))
            : With(text, field, value);
}
