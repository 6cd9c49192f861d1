using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Traces;

/// <summary>What part of a whole an amount is, from integers alone and cut, never rounded up.</summary>
public static class Share
{
    /// <summary>As a fraction with six digits: <c>0.950057</c>. Zero of nothing is <c>0.000000</c>.</summary>
    public static string Fraction(Amount part, Amount whole) => Text(part, whole, 1_000_000, 6);

    /// <summary>As a percentage with three digits: <c>95.005%</c>.</summary>
    public static string Percent(Amount part, Amount whole) => Text(part, whole, 100_000, 3) + "%";

    private static string Text(Amount part, Amount whole, ulong scale, int digits)
    {
        Amount scaled = whole.IsZero ? Amount.Zero : Amount.MulDivFloor(part, scale, whole);
        string text = scaled.ToString().PadLeft(digits + 1, '0');
        return string.Create(CultureInfo.InvariantCulture, $"{text[..^digits]}.{text[^digits..]}");
    }
}
