using System.Text;
using FlowTracer.Chains.Ethereum.Live;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>Tokens state their symbol as an ABI string or, old ones, as 32 bytes; what they state may be anything.</summary>
public sealed class TokenTextTests
{
    [Theory]
    [InlineData("USDC", "USDC")]
    [InlineData("", null)]
    [InlineData("  A\u0007B ", "AB")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ABCDEFGHIJKLMNOPQRSTUVWX…")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVW\U0001F600Z", "ABCDEFGHIJKLMNOPQRSTUVW…")]
    public void An_abi_string_is_read(string stated, string? shown) => Assert.Equal(shown, TokenText.Symbol(AbiString(stated)));

    [Fact]
    public void Thirty_two_bytes_are_read_up_to_their_zeros() =>
        Assert.Equal("MKR", TokenText.Symbol([.. Encoding.ASCII.GetBytes("MKR"), .. new byte[29]]));

    [Fact]
    public void What_is_neither_is_no_symbol()
    {
        Assert.Null(TokenText.Symbol(null));
        Assert.Null(TokenText.Symbol([]));
        Assert.Null(TokenText.Symbol(new byte[32]));
        byte[] tooLong = AbiString("USDC");
        tooLong[63] = 200;
        Assert.Null(TokenText.Symbol(tooLong));
        byte[] endless = AbiString("USDC");
        endless.AsSpan(32, 32).Fill(0xff);
        Assert.Null(TokenText.Symbol(endless));
    }

    [Fact]
    public void Decimals_are_one_word_up_to_255()
    {
        Assert.Equal(18, TokenText.Decimals([.. new byte[31], 18]));
        Assert.Equal(255, TokenText.Decimals([.. new byte[31], 255]));
        Assert.Null(TokenText.Decimals([.. new byte[30], 1, 0]));
        Assert.Null(TokenText.Decimals([18]));
        Assert.Null(TokenText.Decimals(null));
    }

    // Offset, length, and the text filled up to whole words.
    private static byte[] AbiString(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] encoded = new byte[64 + ((bytes.Length + 31) / 32 * 32)];
        encoded[31] = 32;
        encoded[63] = (byte)bytes.Length;
        bytes.CopyTo(encoded, 64);
        return encoded;
    }
}
