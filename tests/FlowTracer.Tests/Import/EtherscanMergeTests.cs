using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using static FlowTracer.Tests.Import.EtherscanText;

namespace FlowTracer.Tests.Import;

/// <summary>Several exports are one record: of one address' three kinds, and of several addresses.</summary>
public sealed class EtherscanMergeTests
{
    [Fact]
    public void A_swap_is_seen_only_where_the_exports_are_together()
    {
        // A sends B 1 ETH and gets 2,000 USDC of it: one gives what the other gets, in two assets.
        using ImportCase files = new ImportCase()
            .With("e.csv", Transactions(Own(1, "1", "0.01")))
            .With("t.csv", Tokens(Token(1, B, A, "2,000", Usdc)));
        Assert.Equal(
            [
                "100/0/1 Swap aa 1000000000000000000 ETH > aa 2000000000 48",
                "100/0/2 Swap bb 2000000000 48 > bb 1000000000000000000 ETH",
                "100/0/3 Fee aa 10000000000000000 ETH > ",
            ],
            files.Movements().Select(ImportCase.Text));
    }

    [Fact]
    public void What_stands_in_two_addresses_exports_counts_once()
    {
        using ImportCase files = new ImportCase()
            .With("a.csv", Transactions(Own(1, "1", "0.01")))
            .With("b.csv", Transactions(Own(1, "0", "0.01").Replace("\"0\",\"0\",\"1\"", "\"1\",\"0\",\"1\"", StringComparison.Ordinal), Own(2, "3", "0", from: B, to: C)))
            .With("ta.csv", Tokens(Token(3, A, B, "5", Usdc)))
            .With("tb.csv", Tokens(Token(3, A, B, "5", Usdc), Token(4, B, C, "5", Usdc)));
        Assert.Equal(
            [
                "100/0/1 External aa 1000000000000000000 ETH > bb 1000000000000000000 ETH", "100/0/2 Fee aa 10000000000000000 ETH > ",
                "200/0/1 External bb 3000000000000000000 ETH > cc 3000000000000000000 ETH",
                "300/0/1 Token aa 5000000 48 > bb 5000000 48", "400/0/1 Token bb 5000000 48 > cc 5000000 48",
            ],
            files.Movements().Select(ImportCase.Text));
    }

    // One export has it twice, because it happened twice; the other has one of them less. Twice it is, not three times.
    [Fact]
    public void The_same_transfer_counts_as_often_as_the_export_that_has_it_most_often()
    {
        using ImportCase files = new ImportCase()
            .With("ta.csv", Tokens(Token(1, A, B, "5", Usdc), Token(1, A, B, "5", Usdc), Token(1, A, C, "1", Usdc)))
            .With("tb.csv", Tokens(Token(1, A, B, "5", Usdc), Token(1, B, C, "2", Usdc)));
        Assert.Equal(
            [("aa", "bb", 5_000_000), ("aa", "bb", 5_000_000), ("aa", "cc", 1_000_000), ("bb", "cc", 2_000_000)],
            files.Movements().Select(static m => (End(m.Inputs[0]), End(m.Outputs[0]), (int)m.Inputs[0].Amount.ToBigInteger())).Order());
    }

    [Fact]
    public void Newest_first_or_last_says_the_same()
    {
        string[] rows = [Own(1, "1", "0"), Own(2, "2", "0"), Own(3, "3", "0", block: 200), Own(4, "4", "0")];
        using ImportCase rising = new ImportCase().With("e.csv", Transactions(rows));
        using ImportCase falling = new ImportCase().With("e.csv", Transactions([.. rows.Reverse()]));
        Assert.Equal(["1", "2", "3", "4"], rising.Movements().Select(static m => m.Inputs[0].Amount.ToString()[..1]));
        Assert.Equal(rising.Movements().Select(ImportCase.Text), falling.Movements().Select(ImportCase.Text));
    }

    // The first export has 1 and 3 of block 100, the second 2 before 3: each keeps its own order.
    [Fact]
    public void Within_a_block_every_export_keeps_its_order()
    {
        using ImportCase files = new ImportCase()
            .With("e.csv", Transactions(Own(1, "1", "0", block: 100), Own(3, "3", "0", block: 100)))
            .With("t.csv", Tokens(Token(2, B, C, "2", Usdc, block: 100), Token(3, C, A, "4", Unknown, block: 100)));
        using ImportCase said = new ImportCase { Decimals = [$"{Unknown}=0"] }
            .With("e.csv", File.ReadAllText(files.PathOf("e.csv"))).With("t.csv", File.ReadAllText(files.PathOf("t.csv")));
        Assert.Equal([1, 2, 3], said.Movements().Select(static m => int.Parse(m.Tx!.Value.ToString(ChainFamily.Account)[^1..], null)).Distinct());
    }

    [Fact]
    public void A_block_that_one_export_lacks_is_taken_from_another()
    {
        const string old = "\"Txhash\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"Value\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"\n";
        using ImportCase files = new ImportCase()
            .With("e.csv", Transactions(Own(1, "0", "0.1")))
            .With("t.csv", old + $"{Tx(1)},1500000100,x,{A},{B},5,{Usdc},USD Coin,USDC\n");
        Assert.Equal(["100/0/1 Token aa 5000000 48 > bb 5000000 48", "100/0/2 Fee aa 100000000000000000 ETH > "], files.Movements().Select(ImportCase.Text));
        Assert.All(files.Movements(), static movement => Assert.Equal(100UL, movement.Stamp.Block));
    }

    [Theory]
    [InlineData("2", "0.1", A, 100, "another sender, receiver, value or fee than the transaction has in a row before, or in another file")]
    [InlineData("1", "0.2", A, 100, "another sender, receiver, value or fee than the transaction has in a row before, or in another file")]
    [InlineData("1", "0.1", C, 100, "another sender, receiver, value or fee than the transaction has in a row before, or in another file")]
    [InlineData("1", "0.1", A, 101, "another block or time than its transaction has in e.csv:2")]
    public void Rows_that_contradict_each_other_are_refused(string value, string fee, string from, int block, string reason)
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "1", "0.1"), Own(1, value, fee, from, block: block)));
        Assert.Equal($"e.csv:3: {reason}", files.Problem());
    }

    [Fact]
    public void The_order_of_files_changes_nothing_and_all_of_them_are_the_origin()
    {
        string a = Transactions(Own(1, "1", "0.1"));
        string b = Tokens(Token(1, B, A, "2", Usdc));
        using ImportCase one = new ImportCase().With("a.csv", a).With("b.csv", b);
        using ImportCase other = new ImportCase().With("b.csv", b).With("a.csv", a);
        FlowLoad load = one.Loads().Single();
        Assert.Equal(load.Origin, other.Loads().Single().Origin);
        Assert.Equal(load.Movements.Select(ImportCase.Text), other.Movements().Select(ImportCase.Text));
        Assert.Equal("files a.csv, b.csv", load.Origin.Source);
        Assert.Equal(Sha256(Sha256(a) + "\n" + Sha256(b) + "\n"), load.Origin.Answer);
        Assert.False(load.HasMore);
    }

    [Fact]
    public void A_file_given_twice_counts_once()
    {
        using ImportCase files = new ImportCase().With("a.csv", Transactions(Own(1, "1", "0"))).With("copy.csv", Transactions(Own(1, "1", "0")));
        Assert.Equal("file a.csv", files.Loads().Single().Origin.Source);
        Assert.Single(files.Movements());
    }

    private static string End(Leg leg) => leg.Holder.Address.ToString()[^2..].ToLowerInvariant();

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
