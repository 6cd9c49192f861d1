using System.Collections.Immutable;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.Ethereum.Json;
using Receipt = FlowTracer.Chains.Ethereum.Receipt;
using Transaction = FlowTracer.Chains.Ethereum.Transaction;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>What transactions moved, worked out by hand.</summary>
public sealed class TransactionFactsTests
{
    private static readonly ChainId Chain = ChainId.Ethereum;
    private static readonly Address Weth = Parse("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    private static readonly Address Token = Parse(D);
    private static readonly WrappedCoins Known = WrappedCoins.KnownOn(Chain);
    private static readonly Transaction Plain = TransactionDecoder.Decode(Of(Json.Transaction), Chain);
    private static readonly Receipt Done = ReceiptDecoder.Decode(Of(Json.Receipt), Chain);

    [Fact]
    public void A_payment_moves_its_value_and_pays_its_fee() => Expect(
        Plain, Done, [],
        "External a b 100 ETH Recorded: transaction",
        "Fee a nobody 147000 ETH Recorded: gas: 21000 × 7 wei");

    [Fact]
    public void A_failed_transaction_pays_its_fee_and_nothing_else() => Expect(
        Plain, Done with { Succeeded = false, Logs = [Transfer(A, B, 5)] }, [new InternalTransfer(Parse(B), Parse(C), 1)],
        "Fee a nobody 147000 ETH Recorded: gas: 21000 × 7 wei");

    [Fact]
    public void What_moves_stands_in_order_coins_then_tokens_then_the_fee() => Expect(
        Plain, Done with { Logs = [Transfer(A, B, 5), Transfer(B, C, 6) with { Index = 12 }] },
        [new InternalTransfer(Parse(B), Parse(C), 40), new InternalTransfer(Parse(C), Parse(A), 30)],
        "External a b 100 ETH Recorded: transaction",
        "Internal b c 40 ETH Recorded: internal call",
        "Internal c a 30 ETH Recorded: internal call",
        "Token a b 5 d Recorded: log 11",
        "Token b c 6 d Recorded: log 12",
        "Fee a nobody 147000 ETH Recorded: gas: 21000 × 7 wei");

    [Fact]
    public void What_moves_nothing_is_left_out() =>
        Expect(Plain with { Value = 0 }, Done with { Fee = 0, Logs = [Transfer(A, B, 0)] }, []);

    [Fact]
    public void A_creation_endows_the_contract()
    {
        Transaction creation = Plain with { To = default };
        Expect(
            creation, Done with { Created = Parse(C) }, [],
            "External a c 100 ETH Recorded: transaction", "Fee a nobody 147000 ETH Recorded: gas: 21000 × 7 wei");
        Assert.Throws<AnswerFormatException>(() => TransactionFacts.Of(creation, Done, [], Known));
    }

    [Fact]
    public void A_receipt_of_another_transaction_is_a_mistake() => Assert.Throws<ArgumentException>(
        () => TransactionFacts.Of(Plain, Done with { Tx = TxHash.FromBytes(new byte[32]) }, [], Known));

    // --- the fee ----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData(null, 0, 0, "gas: 21000 × 7 wei")]
    [InlineData(5, 0, 0, "gas: 21000 × 7 wei, 105000 burnt, 42000 tip")]
    [InlineData(7, 0, 0, "gas: 21000 × 7 wei, 147000 burnt, 0 tip")]
    [InlineData(8, 0, 0, "gas: 21000 × 7 wei")] // some chains' own transactions pay less than the base fee
    [InlineData(5, 9, 0, "gas: 21000 × 7 wei, 105000 burnt, 42000 tip; blobs: 9 wei burnt")]
    [InlineData(5, 0, 4, "gas: 21000 × 7 wei, 105000 burnt, 42000 tip; parent chain: 4 wei")]
    public void The_fees_text_says_what_was_burnt_and_what_was_tipped(int? baseFee, int blobs, int l1, string text)
    {
        Receipt receipt = Done with { BlobFee = (ulong)blobs, L1Fee = (ulong)l1 };
        Amount? price = baseFee is int value ? (ulong)value : null;
        Assert.Equal(text, TransactionFacts.Of(Plain, receipt, [], Known, price)[^1].Source);
    }

    // --- before receipts had a status -------------------------------------------------------------------------------

    [Fact]
    public void Before_Byzantium_gas_left_over_means_success()
    {
        Receipt old = Done with { Succeeded = null };
        Assert.True(TransactionFacts.TookEffect(Plain with { Gas = 21_001 }, old, []));
        Assert.Null(TransactionFacts.TookEffect(Plain, old, []));
        Assert.True(TransactionFacts.TookEffect(Plain, old with { Logs = [Transfer(A, B, 1)] }, []));
        Assert.True(TransactionFacts.TookEffect(Plain, old, [new InternalTransfer(Parse(B), Parse(C), 1)]));
        Assert.False(TransactionFacts.TookEffect(Plain with { Gas = 21_001 }, old with { Succeeded = false }, []));
    }

    [Theory]
    [InlineData(true, "External a b 100 ETH Recorded: transaction")]
    [InlineData(null, "External a b 100 ETH Inferred: transaction, whose receipt does not say whether it took effect")]
    [InlineData(false)]
    public void Where_the_receipt_does_not_say_a_trace_does(bool? tookEffect, params string[] expected) => Assert.Equal(
        [.. expected, "Fee a nobody 147000 ETH Recorded: gas: 21000 × 7 wei"],
        TransactionFacts.Of(Plain, Done with { Succeeded = null }, [], Known, null, tookEffect).Select(Text));

    // --- tokens -----------------------------------------------------------------------------------------------------

    [Fact]
    public void Only_events_of_ERC20s_shape_are_transfers()
    {
        Log transfer = Transfer(A, B, 5);
        Assert.NotNull(TransactionFacts.TokenTransfer(transfer, Known));
        Log[] others =
        [
            transfer with { Topics = [.. transfer.Topics, Word(5)], Data = Array.Empty<byte>() }, // ERC-721
            transfer with { Topics = [.. transfer.Topics, Word(5)] },
            transfer with { Topics = [.. transfer.Topics.Take(2)] }, // receiver in the data
            transfer with { Topics = [transfer.Topics[0]] },
            transfer with { Topics = [] },
            transfer with { Topics = [transfer.Topics[0], transfer.Topics[1], new Word(UInt128.MaxValue, 1)] },
            transfer with { Topics = [transfer.Topics[0], new Word((UInt128)1 << 32, 1), transfer.Topics[2]] },
            transfer with { Data = new byte[31] },
            transfer with { Data = new byte[33] },
            transfer with { Data = new byte[64] },
            transfer with { Topics = [Word(1), .. transfer.Topics.Skip(1)] },
        ];
        Assert.All(others, log => Assert.Null(TransactionFacts.TokenTransfer(log, Known)));
    }

    [Fact]
    public void Wrapping_mints_from_the_contract_and_unwrapping_burns_to_it()
    {
        Log deposit = Wrap(KnownEvents.Deposit, Weth);
        Log withdrawal = Wrap(KnownEvents.Withdrawal, Weth);
        Assert.Equal("Token 2 a 5 2 Recorded: log 11", Text(TransactionFacts.TokenTransfer(deposit, Known)!));
        Assert.Equal("Token a 2 5 2 Recorded: log 11", Text(TransactionFacts.TokenTransfer(withdrawal, Known)!));
        Assert.Null(TransactionFacts.TokenTransfer(deposit, WrappedCoins.None));
        Assert.Null(TransactionFacts.TokenTransfer(Wrap(KnownEvents.Deposit, Token), Known));
        Assert.NotNull(TransactionFacts.TokenTransfer(Wrap(KnownEvents.Deposit, Token), Known.With(Token)));
        Assert.Null(TransactionFacts.TokenTransfer(deposit with { Topics = [deposit.Topics[0]] }, Known));
        Assert.Null(TransactionFacts.TokenTransfer(deposit with { Topics = [Word(7), deposit.Topics[1]] }, Known));
    }

    [Fact]
    public void WETH_is_known_on_Ethereum_only()
    {
        Assert.True(Known.Contains(Weth));
        Assert.False(WrappedCoins.KnownOn(ChainId.Account(10)).Contains(Weth));
    }

    // --- events -----------------------------------------------------------------------------------------------------

    // As published by explorers and the protocols' own ABIs.
    [Theory]
    [InlineData("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822", "Uniswap V2 Swap")]
    [InlineData("0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67", "Uniswap V3 Swap")]
    [InlineData("0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f", "Uniswap V4 Swap")]
    [InlineData("0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140", "Curve TokenExchange")]
    [InlineData("0xd013ca23e77a65003c2c659c5442c00c805371b7fc1ebd4c206c41d1536bd90b", "Curve TokenExchangeUnderlying")]
    [InlineData("0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98", "Curve TokenExchange")]
    [InlineData("0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c", "Curve TokenExchange")]
    [InlineData("0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b", "Balancer V2 Swap")]
    public void A_swaps_topic_names_its_protocol(string topic, string name)
    {
        Word word = FlowTracer.Chains.Ethereum.Word.FromBytes(Convert.FromHexString(topic[2..]));
        Assert.Equal(name, KnownEvents.SwapNamed(word));
        Receipt receipt = Done with { Logs = [Transfer(A, B, 5), Transfer(A, B, 5) with { Topics = [word], Index = 12 }] };
        Assert.Equal([$"{name} of {Token}"], KnownEvents.SwapEventsIn(receipt));
    }

    [Fact]
    public void Topics_are_those_that_tokens_log()
    {
        Assert.Equal("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", KnownEvents.Transfer.ToString());
        Assert.Equal("0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c", KnownEvents.Deposit.ToString());
        Assert.Equal("0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65", KnownEvents.Withdrawal.ToString());
    }

    // --- recorded transactions --------------------------------------------------------------------------------------

    // Every ERC-20 transfer of the recorded blocks' receipts, found in the raw JSON by its text.
    [NeedsDataFact(RecordedAnswers.RpcFolder)]
    public void Recorded_receipts_give_the_token_transfers_that_their_text_shows()
    {
        int count = 0;
        foreach ((_, System.Text.Json.JsonElement raw) in RecordedAnswers.Results("eth_getBlockReceipts"))
        {
            string[] expected =
            [
                .. from receipt in raw.EnumerateArray()
                   from log in receipt.GetProperty("logs").EnumerateArray()
                   let topics = log.GetProperty("topics").EnumerateArray().Select(static t => t.GetString()!).ToArray()
                   where topics.Length == 3
                       && topics[0] == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
                       && log.Text("data").Length == 66
                   select $"0x{topics[1][26..]} 0x{topics[2][26..]} {log.Number("data")} {log.Text("address")}",
            ];
            TransferFact[] facts =
            [
                .. ReceiptDecoder.DecodeAll(raw, Chain).SelectMany(static receipt => receipt.Logs)
                    .Select(static log => TransactionFacts.TokenTransfer(log, WrappedCoins.None)).OfType<TransferFact>(),
            ];
            Assert.Equal(
                expected, facts.Select(static f => $"{Raw.Of(f.From)} {Raw.Of(f.To)} {f.Amount} {Raw.Of(f.Asset.Contract)}"));
            count += facts.Length;
        }

        Assert.True(count > 600, $"{count} transfers");
    }

    private static void Expect(Transaction tx, Receipt receipt, InternalTransfer[] internals, params string[] expected) =>
        Assert.Equal(expected, TransactionFacts.Of(tx, receipt, internals, Known).Select(Text));

    private static string Text(TransferFact fact) =>
        $"{fact.Kind} {Name(fact.From)} {Name(fact.To)} {fact.Amount} {(fact.Asset.IsCoin ? "ETH" : Name(fact.Asset.Contract))} {fact.Grade}: {fact.Source}";

    private static string Name(Address address) => address.IsNone ? "nobody" : Raw.Of(address)[^1..];

    private static Word Word(ulong number) => new(0, number);

    private static Word Word(string address) => new(0, UInt128.Parse(address.AsSpan(2), System.Globalization.NumberStyles.HexNumber, null));

    private static Log Transfer(string from, string to, byte amount) => new(
        Done.Tx, Done.BlockHash, Done.Block, Done.Index, 11, Token, [KnownEvents.Transfer, Word(from), Word(to)], Data(amount));

    private static Log Wrap(Word topic, Address contract) => new(
        Done.Tx, Done.BlockHash, Done.Block, Done.Index, 11, contract, ImmutableArray.Create(topic, Word(A)), Data(5));

    private static byte[] Data(byte amount) => [.. new byte[31], amount];

    private static Address Parse(string text) => Address.TryParse(Chain, text, out Address address, out _) ? address : throw new FormatException(text);
}
