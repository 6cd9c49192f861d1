using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Traces;

/// <summary>What part of a whole an amount is, from integers alone and cut, never rounded up.</summary>
public static class Share
{
    /// <summary>As a fraction with six digits: <c>0.950057</c>. Zero of nothing is <c>0.000000</c>.</summary>
    public static string Fraction(Amount part, Amount whole) => Text(part, whole, 1_000_000, 6);

    /// <summary>As a percentage with some digits: <c>95.005%</c>.</summary>
    public static string Percent(Amount part, Amount whole, int digits = 3)
    {
        ulong scale = 100;
        for (int i = 0; i < digits; i++)
        {
            scale *= 10;
        }

        return Text(part, whole, scale, digits) + "%";
    }

    private static string Text(Amount part, Amount whole, ulong scale, int digits)
    {
        Amount scaled = whole.IsZero ? Amount.Zero : Amount.MulDivFloor(part, scale, whole);
        string text = scaled.ToString().PadLeft(digits + 1, '0');
        return string.Create(CultureInfo.InvariantCulture, $"{text[..^digits]}.{text[^digits..]}");
    }
}
