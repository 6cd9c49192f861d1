using System.Numerics;
using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Every recorded answer of a mainnet node decodes without loss: each field is compared with the raw JSON.</summary>
public sealed class RecordedAnswerTests
{
    private static readonly ChainId Chain = ChainId.Ethereum;

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_block_decodes_and_hashes_to_its_hash()
    {
        int full = 0;
        int headers = 0;
        foreach ((string file, JsonElement raw) in RecordedAnswers.Results("eth_getBlockByNumber"))
        {
            Assert.True(HeaderHash.TryCompute(raw, out Word hash), file);
            Assert.Equal(raw.Text("hash"), hash.ToString());
            bool hashesOnly = raw.GetProperty("transactions").EnumerateArray().Any(static tx => tx.ValueKind == JsonValueKind.String);
            if (hashesOnly)
            {
                headers++;
                AnswerFormatException fault = Assert.Throws<AnswerFormatException>(() => BlockDecoder.Decode(raw, Chain));
                Assert.Contains("hashes only", fault.Message, StringComparison.Ordinal);
                Assert.True(BlockDecoder.Decode(raw, Chain, headerOnly: true).Transactions.IsDefault);
            }
            else
            {
                full++;
            }

            AssertSame(raw, BlockDecoder.Decode(raw, Chain, headerOnly: hashesOnly), hashesOnly);
        }

        // Seven in full and the genesis block, which is empty; three asked for without transactions, one of them empty.
        Assert.Equal((8, 2), (full, headers));
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void A_changed_header_is_refused()
    {
        (_, JsonElement raw) = RecordedAnswers.Results("eth_getBlockByNumber").Last();
        foreach (string name in new[] { "parentHash", "stateRoot", "gasUsed", "timestamp", "extraData", "parentBeaconBlockRoot" })
        {
            string value = raw.Text(name);
            string changed = value[..^1] + (value[^1] == '1' ? '2' : '1');
            JsonElement edited = JsonDocument.Parse(
                raw.GetRawText().Replace($"\"{value}\"", $"\"{changed}\"", StringComparison.Ordinal)).RootElement;
            AnswerFormatException fault = Assert.Throws<AnswerFormatException>(() => BlockDecoder.Decode(edited, Chain));
            Assert.Contains("its header hashes to", fault.Message, StringComparison.Ordinal);
        }
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_transaction_decodes()
    {
        int count = 0;
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("eth_getTransactionByHash"))
        {
            AssertSame(raw, TransactionDecoder.Decode(raw, Chain));
            count++;
        }

        Assert.Equal(6, count);
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_receipt_decodes()
    {
        int count = 0;
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("eth_getTransactionReceipt"))
        {
            AssertSame(raw, ReceiptDecoder.Decode(raw, Chain));
            count++;
        }

        Assert.Equal(8, count);
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("eth_getBlockReceipts"))
        {
            Receipt[] receipts = [.. ReceiptDecoder.DecodeAll(raw, Chain)];
            Assert.Equal(raw.GetArrayLength(), receipts.Length);
            for (int i = 0; i < receipts.Length; i++)
            {
                AssertSame(raw[i], receipts[i]);
                count++;
            }
        }

        // 252 + 94 + 99 + 125 + 118 + 0 + 123 + 40 in blocks.
        Assert.Equal(8 + 851, count);
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_log_decodes()
    {
        int count = 0;
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("eth_getLogs"))
        {
            Log[] logs = [.. LogDecoder.DecodeAll(raw, Chain)];
            Assert.Equal(raw.GetArrayLength(), logs.Length);
            for (int i = 0; i < logs.Length; i++)
            {
                AssertSame(raw[i], logs[i]);
                count++;
            }
        }

        Assert.True(count > 1700, $"{count} logs");
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Every_page_of_a_search_decodes()
    {
        int count = 0;
        foreach ((_, JsonElement raw) in RecordedAnswers.Results("ots_searchTransactionsBefore")
            .Concat(RecordedAnswers.Results("ots_searchTransactionsAfter")))
        {
            OtsPage page = OtsPage.Decode(raw, Chain);
            Assert.Equal(raw.GetProperty("firstPage").GetBoolean(), page.IsFirst);
            Assert.Equal(raw.GetProperty("lastPage").GetBoolean(), page.IsLast);
            Assert.Equal(raw.GetProperty("txs").GetArrayLength(), page.Transactions.Length);
            Assert.Equal(raw.GetProperty("receipts").GetArrayLength(), page.Receipts.Length);
            for (int i = 0; i < page.Transactions.Length; i++)
            {
                AssertSame(raw.GetProperty("txs")[i], page.Transactions[i]);
                AssertSame(raw.GetProperty("receipts")[i], page.Receipts[i]!);
                count++;
            }
        }

        Assert.True(count > 200, $"{count} transactions");
    }

    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Refusals_and_answers_without_a_result_decode_to_nothing_at_all()
    {
        int errors = 0;
        foreach (RecordedCall call in RecordedAnswers.Calls)
        {
            if (call.Error is JsonElement error)
            {
                errors++;
                Assert.Throws<AnswerFormatException>(() => BlockDecoder.Decode(error, Chain));
                Assert.Throws<AnswerFormatException>(() => TransactionDecoder.Decode(error, Chain));
                Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.Decode(error, Chain));
                Assert.Throws<AnswerFormatException>(() => LogDecoder.DecodeAll(error, Chain));
                Assert.Throws<AnswerFormatException>(() => InternalTransfers.FromTraces(error, Chain));
                Assert.Throws<AnswerFormatException>(() => InternalTransfers.FromCallTracer(error, Chain));
                Assert.Throws<AnswerFormatException>(() => InternalTransfers.FromOts(error, Chain));
                Assert.Throws<AnswerFormatException>(() => OtsPage.Decode(error, Chain));
            }
            else if (call.Result is not { ValueKind: not JsonValueKind.Null })
            {
                JsonElement nothing = call.Result ?? default;
                Assert.Throws<AnswerFormatException>(() => BlockDecoder.Decode(nothing, Chain));
                Assert.Throws<AnswerFormatException>(() => ReceiptDecoder.Decode(nothing, Chain));
                Assert.Throws<AnswerFormatException>(() => LogDecoder.DecodeAll(nothing, Chain));
                Assert.Throws<AnswerFormatException>(() => InternalTransfers.FromTraces(nothing, Chain));
            }
        }

        Assert.True(errors >= 4, $"{errors} errors");
    }

    internal static void AssertSame(JsonElement raw, Transaction tx)
    {
        Assert.Equal(raw.Text("hash"), Raw.Of(tx.Hash));
        Assert.Equal(raw.Text("blockHash"), tx.BlockHash.ToString());
        Assert.Equal(raw.Number("blockNumber"), tx.Block);
        Assert.Equal(raw.Number("transactionIndex"), tx.Index);
        Assert.Equal(raw.Text("from").ToLowerInvariant(), Raw.Of(tx.From));
        Assert.Equal(raw.TextOr("to", "none").ToLowerInvariant(), Raw.Of(tx.To));
        Assert.Equal(raw.Number("value"), tx.Value.ToBigInteger());
        Assert.Equal(raw.Number("nonce"), tx.Nonce);
        Assert.Equal(raw.Number("gas"), tx.Gas);
        Assert.Equal(raw.Text("input"), Raw.Of(tx.Input));
        Assert.Equal(raw.Number("gasPrice"), tx.GasPrice!.Value.ToBigInteger());
    }

    internal static void AssertSame(JsonElement raw, Receipt receipt)
    {
        Assert.Equal(raw.Text("transactionHash"), Raw.Of(receipt.Tx));
        Assert.Equal(raw.Text("blockHash"), receipt.BlockHash.ToString());
        Assert.Equal(raw.Number("blockNumber"), receipt.Block);
        Assert.Equal(raw.Number("transactionIndex"), receipt.Index);
        Assert.Equal(raw.Has("status") ? raw.Text("status") == "0x1" : null, receipt.Succeeded);
        Assert.Equal(raw.Text("from").ToLowerInvariant(), Raw.Of(receipt.From));
        Assert.Equal(raw.TextOr("contractAddress", "none").ToLowerInvariant(), Raw.Of(receipt.Created));
        Assert.Equal(raw.Number("gasUsed"), receipt.GasUsed);
        Assert.Equal(raw.Number("effectiveGasPrice"), receipt.GasPrice.ToBigInteger());
        BigInteger blobs = raw.Has("blobGasUsed") ? raw.Number("blobGasUsed") * raw.Number("blobGasPrice") : 0;
        Assert.Equal(blobs, receipt.BlobFee.ToBigInteger());
        Assert.Equal((raw.Number("gasUsed") * raw.Number("effectiveGasPrice")) + blobs, receipt.Fee.ToBigInteger());
        Assert.Equal(raw.GetProperty("logs").GetArrayLength(), receipt.Logs.Length);
        for (int i = 0; i < receipt.Logs.Length; i++)
        {
            AssertSame(raw.GetProperty("logs")[i], receipt.Logs[i]);
        }
    }

    internal static void AssertSame(JsonElement raw, Log log)
    {
        Assert.Equal(raw.Text("transactionHash"), Raw.Of(log.Tx));
        Assert.Equal(raw.Text("blockHash"), log.BlockHash.ToString());
        Assert.Equal(raw.Number("blockNumber"), log.Block);
        Assert.Equal(raw.Number("transactionIndex"), log.TxIndex);
        Assert.Equal(raw.Number("logIndex"), log.Index);
        Assert.Equal(raw.Text("address").ToLowerInvariant(), Raw.Of(log.Contract));
        Assert.Equal(raw.GetProperty("topics").EnumerateArray().Select(static t => t.GetString()!), log.Topics.Select(static t => t.ToString()));
        Assert.Equal(raw.Text("data"), Raw.Of(log.Data));
    }

    private static void AssertSame(JsonElement raw, Block block, bool headerOnly)
    {
        Assert.Equal(raw.Number("number"), block.Number);
        Assert.Equal(raw.Text("hash"), block.Hash.ToString());
        Assert.Equal(raw.Text("parentHash"), block.ParentHash.ToString());
        Assert.Equal(raw.Number("timestamp"), block.TimeSeconds);
        Assert.Equal(raw.Text("miner").ToLowerInvariant(), Raw.Of(block.FeeRecipient));
        Assert.Equal(raw.Has("baseFeePerGas") ? raw.Number("baseFeePerGas") : null, block.BaseFee?.ToBigInteger());
        Assert.Equal(raw.GetProperty("uncles").GetArrayLength(), block.UncleCount);
        JsonElement[] withdrawals = raw.Has("withdrawals") ? [.. raw.GetProperty("withdrawals").EnumerateArray()] : [];
        Assert.Equal(withdrawals.Length, block.Withdrawals.Length);
        for (int i = 0; i < withdrawals.Length; i++)
        {
            Assert.Equal(withdrawals[i].Number("index"), block.Withdrawals[i].Index);
            Assert.Equal(withdrawals[i].Text("address").ToLowerInvariant(), Raw.Of(block.Withdrawals[i].To));
            Assert.Equal(withdrawals[i].Number("amount") * BigInteger.Pow(10, 9), block.Withdrawals[i].Amount.ToBigInteger());
        }

        if (!headerOnly)
        {
            Assert.Equal(raw.GetProperty("transactions").GetArrayLength(), block.Transactions.Length);
            for (int i = 0; i < block.Transactions.Length; i++)
            {
                AssertSame(raw.GetProperty("transactions")[i], block.Transactions[i]);
            }
        }
    }
}
