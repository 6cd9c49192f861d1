using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// The reference on the Ronin record. The figures were computed beforehand by a separate throwaway program.
/// </summary>
public sealed class RoninReferenceTests
{
    private static readonly RefCase Ronin = RoninLedger.Load();

    [Fact]
    public void The_record_holds_six_swaps_of_25_500_000_USDC()
    {
        List<RefMovement> swaps = Ronin.Ledger.Where(m => m.Kind == "conversion").ToList();
        Assert.Equal(6, swaps.Count);
        Assert.Equal(new BigInteger(25_500_000_000_000), swaps.Aggregate(BigInteger.Zero, (sum, m) => sum + m.Inputs[0].Amount));
        Assert.Equal(2075, Ronin.Ledger.Count);
    }

    [Theory]
    [InlineData("fifo", "164930043970000000000000", "25219856095991")]
    [InlineData("lifo", "171112587199178156984950", "6801243995743")]
    [InlineData("pifo", "164930043970000000000000", "25223009248027")]
    [InlineData("libr", "164931098327540913275450", "25219360950769")]
    [InlineData("haircut", "165248098412601647970733", "24272803806696")]
    public void What_Tornado_Cash_took_by_policy(string policy, string wei, string usdcUnits)
    {
        RefResult result = SlowTrace.Run(Ronin, policy);
        Assert.Equal(
            (BigInteger.Parse(wei, null), BigInteger.Parse(usdcUnits, null)),
            (result.At("eth", "mixer"), result.At("usdc", "mixer")));
    }

    [Fact]
    public void Poison_reaches_47_of_the_48_depositors()
    {
        RefResult result = SlowTrace.Run(Ronin, "poison");
        int reached = result.Hops.Where(h => RefHolder.Address(h.To[0]) == RoninLedger.TornadoCash)
            .Select(h => h.From[0]).Distinct().Count();
        int all = Ronin.Ledger.Where(m => RefHolder.Address(m.Outputs[0].Holder) == RoninLedger.TornadoCash)
            .Select(m => m.Inputs[0].Holder).Distinct().Count();
        Assert.Equal((47, 48), (reached, all));
    }
}
