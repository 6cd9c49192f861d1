using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Model;

public sealed class TxHashTests
{
    // The Ronin bridge's first false withdrawal, and the coinbase of Bitcoin's first block.
    private const string Ronin = "c28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7";
    private const string Genesis = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b";

    [Fact]
    public void Account_chains_write_0x()
    {
        Assert.True(TxHash.TryParse(ChainFamily.Account, "0x" + Ronin, out TxHash hash, out ParseError error));
        Assert.Equal(default, error);
        Assert.Equal("0x" + Ronin, hash.ToString(ChainFamily.Account));
        Assert.True(TxHash.TryParse(ChainFamily.Account, "0x" + Ronin.ToUpperInvariant(), out TxHash upper, out _));
        Assert.Equal(hash, upper);
    }

    [Fact]
    public void Bitcoin_writes_the_digits_alone_in_the_order_shown()
    {
        Assert.True(TxHash.TryParse(ChainFamily.Utxo, Genesis, out TxHash hash, out _));
        Assert.Equal(Genesis, hash.ToString(ChainFamily.Utxo));
        byte[] bytes = new byte[32];
        hash.CopyTo(bytes);
        Assert.Equal(Convert.FromHexString(Genesis), bytes);
        Assert.Equal(hash, TxHash.FromBytes(bytes));
        Assert.Equal(hash.GetHashCode(), TxHash.FromBytes(bytes).GetHashCode());
    }

    [Theory]
    [InlineData(ChainFamily.Account, Ronin, 1, "begins with 0x")]
    [InlineData(ChainFamily.Account, "0X" + Ronin, 1, "begins with 0x")]
    [InlineData(ChainFamily.Account, "", 1, "begins with 0x")]
    [InlineData(ChainFamily.Account, "0x", 1, "not 0")]
    [InlineData(ChainFamily.Account, "0x" + Ronin + "0", 1, "not 65")]
    [InlineData(
        ChainFamily.Account, "0xg28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7", 3, "column 3")]
    [InlineData(ChainFamily.Utxo, "0x" + Genesis, 1, "without 0x")]
    [InlineData(ChainFamily.Utxo, "", 1, "not 0")]
    [InlineData(ChainFamily.Utxo, "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33 ", 64, "column 64")]
    public void What_is_no_hash_is_refused_with_its_reason(ChainFamily family, string text, int column, string reason)
    {
        Assert.False(TxHash.TryParse(family, text, out _, out ParseError error));
        Assert.Equal(text, error.Text);
        Assert.Equal(column, error.Column);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_keeps_only_the_beginning_of_a_long_text()
    {
        Assert.False(TxHash.TryParse(ChainFamily.Utxo, new string('a', 1_000_000), out _, out ParseError error));
        Assert.Equal(120, error.Text.Length);
    }

    [Fact]
    public void Order_is_that_of_the_text()
    {
        Random random = new(5);
        byte[] bytes = new byte[32];
        List<TxHash> hashes = [];
        for (int i = 0; i < 500; i++)
        {
            // Few values a byte, so that hashes often agree for a while.
            for (int n = 0; n < bytes.Length; n++)
            {
                bytes[n] = (byte)(random.Next(8) == 0 ? 0x80 : 0x7F);
            }

            hashes.Add(TxHash.FromBytes(bytes));
        }

        IEnumerable<string> byText = hashes.Select(h => h.ToString()).Order(StringComparer.Ordinal);
        Assert.Equal(byText, hashes.Order().Select(h => h.ToString()));
    }

    [Fact]
    public void Other_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TxHash.FromBytes(new byte[31]));
        Assert.Throws<ArgumentException>(() => TxHash.FromBytes(new byte[33]));
        Assert.Throws<ArgumentException>(() => default(TxHash).CopyTo(new byte[31]));
    }
}
