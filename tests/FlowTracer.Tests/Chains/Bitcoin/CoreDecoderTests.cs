using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using FsCheck;
using FsCheck.Fluent;
using Transaction = FlowTracer.Chains.Bitcoin.Transaction;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>What Bitcoin Core answers, decoded.</summary>
public sealed class CoreDecoderTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.00000000", 0)]
    [InlineData("0e5", 0)]
    [InlineData("0.00000001", 1)]
    [InlineData("1e-8", 1)]
    [InlineData("1E-8", 1)]
    [InlineData("1.5e-7", 15)]
    [InlineData("0.1", 10_000_000)]
    [InlineData("0.29", 29_000_000)] // 0.29 · 10⁸ in floating point is 28,999,999.999999996.
    [InlineData("1.10000000", 110_000_000)]
    [InlineData("50", 5_000_000_000)]
    [InlineData("50.0", 5_000_000_000)]
    [InlineData("1e3", 100_000_000_000)]
    [InlineData("1E+3", 100_000_000_000)]
    [InlineData("12345678.90000001", 1_234_567_890_000_001)] // A double has no room for the last satoshi.
    [InlineData("20999999.97690000", 2_099_999_997_690_000)]
    [InlineData("21000000", 2_100_000_000_000_000)]
    public void Amounts_are_exact(string text, ulong sats)
    {
        Assert.True(CoreReader.TryParseSats(text, out ulong parsed));
        Assert.Equal(sats, parsed);
    }

    [Theory]
    [InlineData("-0.1")]
    [InlineData("0.000000001")]
    [InlineData("1e-9")]
    [InlineData("21000000.00000001")]
    [InlineData("184467440737.09551617")]
    [InlineData("1e400")]
    [InlineData("1e-400")]
    [InlineData("99999999999999999999")]
    public void What_is_no_amount_of_satoshi_is_refused(string text)
    {
        Assert.False(CoreReader.TryParseSats(text, out _));
        AnswerReader reader = new(JsonDocument.Parse($"{{\"fee\":{text}}}").RootElement);
        Assert.StartsWith("fee is no amount in bitcoin", Assert.Throws<AnswerFormatException>(() => reader["fee"].Sats()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_amount_comes_back_from_its_text() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<ulong>().Select(static number => number % 2_100_000_000_000_001).ToArbitrary(),
        static sats =>
        {
            decimal bitcoin = sats / 100_000_000m;
            string[] texts = [bitcoin.ToString("0.00000000", CultureInfo.InvariantCulture), bitcoin.ToString(CultureInfo.InvariantCulture), $"{sats}e-8"];
            return texts.All(text => CoreReader.TryParseSats(text, out ulong parsed) && parsed == sats);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_a_transaction_spends_is_read_with_its_scripts()
    {
        SpentOutput[] spends = CoreDecoder.Spends(Read(
            """
            {"vin":[
              {"txid":"aa","vout":0,"prevout":{"generated":false,"height":5,"value":0.00000546,"scriptPubKey":{"hex":"51"}}},
              {"txid":"bb","vout":1,"prevout":{"generated":true,"height":1,"value":50.00000000,"scriptPubKey":{"hex":""}}}]}
            """))!;

        Assert.Equal([546UL, 5_000_000_000UL], spends.Select(static output => output.ValueSats));
        Assert.Equal(["51", ""], spends.Select(static output => Convert.ToHexStringLower(output.Script)));
        Assert.Empty(CoreDecoder.Spends(Read("""{"vin":[{"coinbase":"01"}]}"""))!);
        Assert.Null(CoreDecoder.Spends(Read("""{"vin":[{"txid":"aa","vout":0}]}""")));
    }

    [Fact]
    public void A_fee_that_is_not_stated_is_what_outputs_leave_of_inputs()
    {
        string id = new('a', 64);
        BlockFees fees = CoreDecoder.Fees(Read(
            $$$$"""
            {"tx":[
              {"txid":"{{{{new string('c', 64)}}}}","vin":[{"coinbase":"01"}],"vout":[{"value":50}]},
              {"txid":"{{{{id}}}}","vin":[{"prevout":{"value":0.3,"scriptPubKey":{"hex":""}}}],"vout":[{"value":0.1},{"value":0.19999}]}]}
            """))!;

        Assert.Equal([0UL, 1_000UL], fees.FeesSats);
        Assert.Equal(id, fees.Ids[1].ToString());
        Assert.Null(CoreDecoder.Fees(Read($$"""{"tx":[{"txid":"{{id}}","vin":[{"txid":"{{id}}"}],"vout":[]}]}""")));
    }

    [Theory]
    [InlineData("""[{"txid":"aa","vout":0}]""", false, false)]
    [InlineData("""[{"txid":"aa","vout":0,"spendingtxid":"1111111111111111111111111111111111111111111111111111111111111111"}]""", true, false)]
    [InlineData(
        """
        [{"txid":"aa","vout":0,"spendingtxid":"1111111111111111111111111111111111111111111111111111111111111111",
          "blockhash":"2222222222222222222222222222222222222222222222222222222222222222"}]
        """,
        true,
        true)]
    public void A_spender_may_wait_for_a_block(string answer, bool isSpent, bool isMined)
    {
        SpendingPrevout told = CoreDecoder.Spending(Read(answer));

        Assert.Equal((isSpent, isMined), (told.Spender is not null, told.Block is not null));
    }

    [Fact]
    public void A_height_that_no_block_has_is_refused()
    {
        Assert.Equal(2_147_483_647UL, Read("""{"height":2147483647}""")["height"].Height());
        foreach (string height in (string[])["2147483648", "18446744073709551615", "-1", "\"0xffffffffffffffff\""])
        {
            AnswerReader answer = Read($"{{\"height\":{height}}}");
            Assert.StartsWith("height is ", Assert.Throws<AnswerFormatException>(() => answer["height"].Height()).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_scan_that_was_broken_off_is_no_answer()
    {
        string hash = new('3', 64);
        Assert.Equal(hash, Assert.Single(CoreDecoder.Relevant(Read($$"""{"relevant_blocks":["{{hash}}"],"completed":true}"""))).ToString());
        Assert.Throws<AnswerFormatException>(() => CoreDecoder.Relevant(Read("""{"relevant_blocks":[],"completed":false}""")));
        Assert.Throws<AnswerFormatException>(() => CoreDecoder.Relevant(Read("null")));
    }

    /// <summary>
    /// Bitcoin Core's own <c>getblock</c> answers of verbosity 2, recorded from runs of Wasabi on a regression test network:
    /// each stated fee is what the transactions' own bytes leave of the coins they spend, and ids and order are the bytes'.
    /// </summary>
    [NeedsDataFact("bitcoin-rpc")]
    public void Recorded_fees_are_those_of_the_bytes()
    {
        int blocks = 0;
        int spending = 0;
        foreach (IGrouping<string, JsonElement> run in RecordedBlocks("emul_ww2_data.tar.gz"))
        {
            Dictionary<OutPoint, ulong> coins = [];
            foreach (JsonElement block in run.OrderBy(static block => block.GetProperty("height").GetInt32()))
            {
                BlockFees fees = CoreDecoder.Fees(new AnswerReader(block))!;
                JsonElement[] told = [.. block.GetProperty("tx").EnumerateArray()];
                for (int index = 0; index < told.Length; index++)
                {
                    Transaction transaction = Transaction.Parse(Convert.FromHexString(told[index].GetProperty("hex").GetString()!));
                    Assert.Equal(transaction.Id, fees.Ids[index]);
                    if (FeeByBytes(transaction, coins) is { } fee)
                    {
                        Assert.Equal(fee, fees.FeesSats[index]);
                        spending++;
                    }
                }

                blocks++;
            }
        }

        Assert.True(blocks > 600, $"only {blocks} blocks");
        Assert.True(spending > 50, $"only {spending} transactions that spend");
    }

    private static ulong? FeeByBytes(Transaction transaction, Dictionary<OutPoint, ulong> coins)
    {
        ulong paid = 0;
        foreach (TxOut output in transaction.Outputs)
        {
            paid += output.ValueSats;
            coins[new OutPoint(transaction.Id, (uint)output.Index)] = output.ValueSats;
        }

        if (transaction.IsCoinbase)
        {
            return 0;
        }

        ulong worth = 0;
        foreach (TxIn input in transaction.Inputs)
        {
            if (!coins.TryGetValue(input.Spends, out ulong value))
            {
                return null;
            }

            worth += value;
        }

        return worth - paid;
    }

    private static IEnumerable<IGrouping<string, JsonElement>> RecordedBlocks(string archive)
    {
        List<(string Run, JsonElement Block)> blocks = [];
        using FileStream file = File.OpenRead(Path.Combine(SharedData.Folder("bitcoin-rpc"), archive));
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using TarReader entries = new(unpacked);
        while (entries.GetNextEntry() is { } entry)
        {
            int at = entry.Name.IndexOf("/btc-node/block_", StringComparison.Ordinal);
            if (at >= 0 && entry.DataStream is { } content)
            {
                using JsonDocument document = JsonDocument.Parse(content);
                blocks.Add((entry.Name[..at], document.RootElement.Clone()));
            }
        }

        return blocks.GroupBy(static one => one.Run, static one => one.Block);
    }

    private static AnswerReader Read(string json) => new(JsonDocument.Parse(json).RootElement);
}
