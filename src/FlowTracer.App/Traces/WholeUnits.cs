using FlowTracer.Core.Model;

namespace FlowTracer.App.Traces;

/// <summary>Amounts as people write them: whole units with a point.</summary>
public static class WholeUnits
{
    /// <summary>Reads e.g. <c>1,700</c> or <c>0.25</c> as base units of an asset.</summary>
    /// <param name="text">Digits, commas between groups, at most one point.</param>
    /// <param name="asset">Says how many digits stand behind the point; an unknown token's amounts are base units.</param>
    /// <param name="option">What to call it in errors.</param>
    /// <exception cref="InputException">It is not such a number, or finer than the asset's base unit.</exception>
    public static Amount Parse(string text, AssetName asset, string option)
    {
        string plain = text.Replace(",", string.Empty, StringComparison.Ordinal);
        int point = plain.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? plain : plain[..point];
        string fraction = point < 0 ? string.Empty : plain[(point + 1)..].TrimEnd('0');
        if (fraction.Length > asset.Decimals)
        {
            throw new InputException($"{option} {new ParseError(text, 1, $"{asset.Symbol} has {asset.Decimals} digits behind the point")}");
        }

        return whole.Length > 0 && Amount.TryParse(whole + fraction.PadRight(asset.Decimals, '0'), out Amount amount, out _)
            ? amount
            : throw new InputException($"{option} {new ParseError(text, 1, $"expected an amount of {asset.Symbol}, e.g. 1,700 or 0.25")}");
    }
}
