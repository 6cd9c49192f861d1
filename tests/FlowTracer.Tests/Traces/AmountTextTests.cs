using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Traces;

/// <summary>Amounts and shares as people read and write them.</summary>
public sealed class AmountTextTests
{
    private const string MostUnits = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

    private static readonly AssetName Eth = new("ETH", 18);
    private static readonly AssetName Usdc = new("USDC", 6);
    private static readonly AssetName Unknown = new("0x1234…abcd", 0);

    [Theory]
    [InlineData("1", "1000000000000000000")]
    [InlineData("1,700", "1700000000000000000000")]
    [InlineData("0.25", "250000000000000000")]
    [InlineData("0.000000000000000001", "1")]
    [InlineData("0.0000000000000000010", "1")] // zeros at the end say nothing
    [InlineData("007", "7000000000000000000")]
    [InlineData("0", "0")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457.584007913129639935", MostUnits)]
    public void Whole_units_are_read_exactly(string text, string wei) =>
        Assert.Equal(wei, WholeUnits.Parse(text, Eth, "--amount").ToString());

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData(".5")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1e3")]
    [InlineData("1.2.3")]
    [InlineData("1 000")]
    [InlineData("0x10")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457.584007913129639936")]
    public void What_is_no_amount_is_refused(string text) => Assert.Equal(
        $"--amount '{text}': expected an amount of ETH, e.g. 1,700 or 0.25",
        Assert.Throws<InputException>(() => WholeUnits.Parse(text, Eth, "--amount")).Message);

    [Fact]
    public void Finer_than_the_base_unit_is_refused() => Assert.Equal(
        "--amount '0.0000001': USDC has 6 digits behind the point",
        Assert.Throws<InputException>(() => WholeUnits.Parse("0.0000001", Usdc, "--amount")).Message);

    [Theory]
    [InlineData("164930043970000000000000", "164930.04397", "164,930.04397 ETH", "164,930.04")]
    [InlineData("1999999999999999999", "1.999999999999999999", "1.999999999999999999 ETH", "1.99")]
    [InlineData("1", "0.000000000000000001", "0.000000000000000001 ETH", "0.00")]
    [InlineData("0", "0", "0 ETH", "0")]
    [InlineData("1000000000000000000", "1", "1 ETH", "1")]
    [InlineData("1100000000000000000", "1.1", "1.1 ETH", "1.1")]
    [InlineData("999000000000000000000", "999", "999 ETH", "999")]
    [InlineData("1000000000000000000000", "1000", "1,000 ETH", "1,000")]
    [InlineData("1234567000000000000000000", "1234567", "1,234,567 ETH", "1,234,567")]
    [InlineData(
        MostUnits, "115792089237316195423570985008687907853269984665640564039457.584007913129639935",
        "115,792,089,237,316,195,423,570,985,008,687,907,853,269,984,665,640,564,039,457.584007913129639935 ETH",
        "115,792,089,237,316,195,423,570,985,008,687,907,853,269,984,665,640,564,039,457.58")]
    public void Amounts_are_written_exactly_grouped_or_cut(string wei, string exact, string text, string cut)
    {
        Amount amount = Amount.Parse(wei);
        Assert.Equal((exact, text, cut), (Eth.Exact(amount), Eth.Text(amount), Eth.Cut(amount, 2)));
    }

    [Fact]
    public void Amounts_of_a_token_nobody_knows_stay_in_base_units() =>
        Assert.Equal(("12345678", "12,345,678 0x1234…abcd"), (Unknown.Exact(12345678), Unknown.Text(12345678)));

    [Fact]
    public void What_is_written_is_read_back()
    {
        Random random = new(18);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[32];
            random.NextBytes(bytes.AsSpan(0, random.Next(33)));
            Amount amount = Amount.FromBigInteger(new System.Numerics.BigInteger(bytes, isUnsigned: true));
            AssetName name = new("X", random.Next(30));
            Assert.Equal(amount, WholeUnits.Parse(name.Exact(amount), name, "--amount"));
            Assert.Equal(amount, WholeUnits.Parse(name.Text(amount)[..^2], name, "--amount"));
        }
    }

    // Nothing is rounded up: a share below one never reads as all of it.
    [Theory]
    [InlineData("1", "3", "0.333333", "33.333%")]
    [InlineData("2", "3", "0.666666", "66.666%")]
    [InlineData("999999999", "1000000000", "0.999999", "99.999%")]
    [InlineData("1", "1", "1.000000", "100.000%")]
    [InlineData("0", "5", "0.000000", "0.000%")]
    [InlineData("0", "0", "0.000000", "0.000%")]
    [InlineData("164930043970000000000000", "173600000000000000000000", "0.950057", "95.005%")]
    [InlineData(MostUnits, MostUnits, "1.000000", "100.000%")]
    public void Shares(string part, string whole, string fraction, string percent) => Assert.Equal(
        (fraction, percent),
        (Share.Fraction(Amount.Parse(part), Amount.Parse(whole)), Share.Percent(Amount.Parse(part), Amount.Parse(whole))));
}
