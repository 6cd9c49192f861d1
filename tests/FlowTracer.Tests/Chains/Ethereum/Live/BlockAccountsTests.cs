using System.Numerics;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>Who a block's transactions name, what its tips are, and places that no two of its movements share.</summary>
public sealed class BlockAccountsTests
{
    private static readonly Address Sender = Account(1);
    private static readonly Address Receiver = Account(2);
    private static readonly Address Proposer = Account(3);
    private static readonly Address InData = Account(4);
    private static readonly Address InLog = Account(5);

    [Fact]
    public void A_transaction_names_its_ends_and_the_addresses_in_its_data_and_logs()
    {
        // A selector, an address, a number, and an address of nested calldata behind a selector of its own.
        byte[] data = [0xaa, 0xbb, 0xcc, 0xdd, .. WordOf(InData), .. WordOf(7), 0x11, 0x22, 0x33, 0x44, .. WordOf(Account(6))];
        BlockAccounts accounts = new(
            BlockOf(null, Sent(0, data: data), Sent(1, from: Account(7))),
            [Got(0, logs: [LogOf(Account(8), WordOf(InLog))]), Got(1, from: Account(7))], ChainId.Ethereum);
        Address[] named = [Sender, Receiver, InData, InLog, Account(6), Account(8)];
        Assert.Empty(named.Except(accounts.NamedBy(0)));

        // Words at any multiple of four may be arguments, so that some name nobody; a number names nobody.
        Assert.DoesNotContain(accounts.NamedBy(0), address => address.ToString().StartsWith("0x00000000", StringComparison.Ordinal));
        Assert.True(accounts.IsNamedByOthers(Receiver, 0));
        Assert.False(accounts.IsNamedByOthers(Sender, 0));
        Assert.True(accounts.IsNamedByOthers(Sender, 1));
    }

    [Theory]
    [InlineData(null, 12 * 50_000)]
    [InlineData(10, 2 * 50_000)]
    public void Tips_are_all_of_the_gas_before_London_and_what_exceeds_the_base_fee_since(int? baseFee, int tips)
    {
        BlockAccounts accounts = new(BlockOf(baseFee, Sent(0)), [Got(0, gasUsed: 50_000, gasPrice: 12)], ChainId.Ethereum);
        Assert.Equal(tips, accounts.TipsOf(Proposer));
        Assert.Equal(0, accounts.TipsOf(Receiver));
        Assert.Equal(tips, accounts.ExplainedNetOf(Proposer));
    }

    [Fact]
    public void A_blocks_facts_explain_value_fees_and_withdrawals_and_nothing_of_a_failed_transaction_but_its_fee()
    {
        Block block = BlockOf(10, Sent(0, value: 1000), Sent(1, value: 500)) with
        {
            Withdrawals = [new Withdrawal(9, Receiver, Amount.FromBigInteger(77))],
        };
        BlockAccounts accounts = new(
            block, [Got(0, gasUsed: 21_000, gasPrice: 12), Got(1, gasUsed: 30_000, gasPrice: 12, succeeded: false)], ChainId.Ethereum);
        Assert.Equal(1000 + 77, accounts.ExplainedNetOf(Receiver));
        Assert.Equal(-1000 - (51_000 * 12), accounts.ExplainedNetOf(Sender));
    }

    [Fact]
    public void No_two_movements_of_a_block_have_one_place()
    {
        EthereumNode node = new(FakeRpc.Failing("nobody", "is not asked"), ChainId.Ethereum);
        TransactionBook book = new(node, null, null, new WrapDetector(node, WrappedCoins.KnownOn(ChainId.Ethereum), () => 0));
        Block block = BlockOf(10) with
        {
            Withdrawals = [.. Enumerable.Range(0, 16).Select(i => new Withdrawal((ulong)i, Account(1000 + i), Amount.FromBigInteger(5)))],
        };
        foreach (Withdrawal withdrawal in block.Withdrawals)
        {
            book.AddWithdrawal(block, withdrawal);
        }

        Asset[] assets = [Asset.Coin(ChainId.Ethereum), Asset.Token(Account(10)), Asset.Token(Account(11))];
        book.AddReward(block, Proposer, Amount.FromBigInteger(1));
        book.AddReward(block, Account(2000), Amount.FromBigInteger(1));
        book.AddReward(block, Account(2001), Amount.FromBigInteger(1));
        foreach (int account in Enumerable.Range(1000, 1002))
        {
            foreach (Asset asset in assets)
            {
                book.AddUnexplained(block, Holder.Account(Account(account), asset), Amount.FromBigInteger(3), isGain: account % 2 == 0);
            }
        }

        Position[] places =
        [
            .. Enumerable.Range(1000, 1002).Append(3).SelectMany(account => book.MovementsOf(Account(account)))
                .Select(movement => movement.Position),
        ];
        Assert.Equal(16 + 3 + (3 * 1002), places.Length);
        Assert.Equal(places.Length, places.Distinct().Count());
    }

    private static Address Account(int number)
    {
        byte[] bytes = new byte[Address.HashLength];
        bytes[0] = 0xab;
        bytes[^1] = (byte)(number % 256);
        bytes[^2] = (byte)(number / 256);
        return Address.FromAccountBytes(ChainId.Ethereum, bytes);
    }

    private static byte[] WordOf(Address address)
    {
        byte[] word = new byte[32];
        address.CopyTo(word.AsSpan(12));
        return word;
    }

    private static byte[] WordOf(byte number) => [.. new byte[31], number];

    private static TxHash Hash(int number) => TxHash.FromBytes([.. new byte[31], (byte)(number + 1)]);

    private static Block BlockOf(int? baseFee, params Transaction[] transactions) => new(
        100, default, default, 1_600_000_000, Proposer, baseFee is int fee ? Amount.FromBigInteger(fee) : null, [.. transactions], [], 0);

    private static Transaction Sent(uint index, Address? from = null, int value = 0, byte[]? data = null) => new(
        Hash((int)index), default, 100, index, from ?? Sender, Receiver, Amount.FromBigInteger(value), 0, 100_000, data ?? []);

    private static Receipt Got(
        uint index, Address? from = null, int gasUsed = 21_000, int gasPrice = 0, bool succeeded = true, Log[]? logs = null) => new(
            Hash((int)index), default, 100, index, succeeded, from ?? Sender, default, (ulong)gasUsed,
            Amount.FromBigInteger(new BigInteger(gasUsed) * gasPrice), Amount.FromBigInteger(gasPrice),
            logs is null ? [] : [.. logs]);

    private static Log LogOf(Address contract, byte[] topic) =>
        new(Hash(0), default, 100, 0, 0, contract, [Word.FromBytes(topic)], ReadOnlyMemory<byte>.Empty);
}
