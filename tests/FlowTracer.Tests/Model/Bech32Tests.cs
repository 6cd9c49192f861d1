using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Model;

/// <summary>The test vectors of BIP 173 and BIP 350 for the encoding itself, whatever it carries.</summary>
public sealed class Bech32Tests
{
    [Theory]
    [InlineData("A12UEL5L")]
    [InlineData("a12uel5l")]
    [InlineData("an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs")]
    [InlineData("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw")]
    [InlineData("11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j")]
    [InlineData("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w")]
    [InlineData("?1ezyfcl")]
    public void Valid_bech32(string text) => CheckValid(text, Bech32Variant.Bech32);

    [Theory]
    [InlineData("A1LQFN3A")]
    [InlineData("a1lqfn3a")]
    [InlineData("an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6")]
    [InlineData("abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx")]
    [InlineData("11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8")]
    [InlineData("split1checkupstagehandshakeupstreamerranterredcaperredlc445v")]
    [InlineData("?1v759aa")]
    public void Valid_bech32m(string text) => CheckValid(text, Bech32Variant.Bech32m);

    [Theory]
    [InlineData("\u00201nwldj5", "column 1")]
    [InlineData("\u007F1axkwrx", "column 1")]
    [InlineData("\u00801eym55h", "column 1")]
    [InlineData("an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx", "91")]
    [InlineData("pzry9x0s0muk", "no network prefix")]
    [InlineData("1pzry9x0s0muk", "no network prefix")]
    [InlineData("x1b4n0q5v", "column 3")]
    [InlineData("li1dgmt3", "too short")]
    [InlineData("de1lg7wt\u00FF", "column 9")]
    [InlineData("A1G7SGD8", "checksum")]
    [InlineData("10a06t8", "no network prefix")]
    [InlineData("1qzzfhee", "no network prefix")]
    [InlineData("\u00201xj0phk", "column 1")]
    [InlineData("\u007F1g6xzxy", "column 1")]
    [InlineData("\u00801vctc34", "column 1")]
    [InlineData("an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4", "91")]
    [InlineData("qyrz8wqd2c9m", "no network prefix")]
    [InlineData("1qyrz8wqd2c9m", "no network prefix")]
    [InlineData("y1b0jsk6g", "column 3")]
    [InlineData("lt1igcx5c0", "column 4")]
    [InlineData("in1muywd", "too short")]
    [InlineData("mm1crxm3i", "column 9")]
    [InlineData("au1s5cgom", "column 8")]
    [InlineData("M1VUXWEZ", "checksum")]
    [InlineData("16plkw9", "no network prefix")]
    [InlineData("1p2gdwpf", "no network prefix")]
    [InlineData("a12UEL5L", "mixes upper and lower case")]
    [InlineData("", "no network prefix")]
    public void Invalid_under_both(string text, string reason)
    {
        byte[] values = new byte[Bech32.MaxTextLength];
        Assert.False(Bech32.TryDecode(text, values, out _, out TextFault fault));
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
    }

    private static void CheckValid(string text, Bech32Variant variant)
    {
        byte[] values = new byte[Bech32.MaxTextLength];
        Assert.True(Bech32.TryDecode(text, values, out var parts, out TextFault fault), fault.Reason);
        Assert.Equal(variant, parts.Variant);
        Assert.Equal(text.LastIndexOf('1'), parts.PrefixLength);

        char[] again = new char[Bech32.MaxTextLength];
        string lower = text.ToLowerInvariant();
        ReadOnlySpan<char> prefix = lower.AsSpan(0, parts.PrefixLength);
        int length = Bech32.Encode(prefix, values.AsSpan(0, parts.ValueCount), variant, again);
        Assert.Equal(lower, new string(again, 0, length));
    }
}
