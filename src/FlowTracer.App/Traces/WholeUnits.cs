using FlowTracer.Core.Model;

namespace FlowTracer.App.Traces;

/// <summary>Amounts as people write them: whole units with a point.</summary>
public static class WholeUnits
{
    private const int GroupLength = 3;

    /// <summary>Reads e.g. <c>1,700</c> or <c>0.25</c> as base units of an asset.</summary>
    /// <param name="text">Digits, in groups of three behind commas or in none, and at most one point.</param>
    /// <param name="asset">Says how many digits stand behind the point; an unknown token's amounts are base units.</param>
    /// <param name="option">What to call it in errors.</param>
    /// <exception cref="InputException">It is not such a number, or finer than the asset's base unit.</exception>
    public static Amount Parse(string text, AssetName asset, string option) => TryParse(text, asset, out Amount amount, out ParseError error)
        ? amount
        : throw new InputException($"{option} {error}");

    /// <summary>The same; false with the fault when it is not such a number.</summary>
    public static bool TryParse(string text, AssetName asset, out Amount amount, out ParseError error)
    {
        int point = text.IndexOf('.', StringComparison.Ordinal);
        string whole = point < 0 ? text : text[..point];
        string fraction = point < 0 ? string.Empty : text[(point + 1)..].TrimEnd('0');
        if (fraction.Length > asset.Decimals)
        {
            amount = default;
            error = new ParseError(text, 1, $"{asset.Symbol} has {asset.Decimals} digits behind the point");
            return false;
        }

        error = new ParseError(text, 1, $"expected an amount of {asset.Symbol}, e.g. 1,700 or 0.25");
        string digits = whole.Replace(",", string.Empty, StringComparison.Ordinal) + fraction.PadRight(asset.Decimals, '0');
        return IsGrouped(whole) & Amount.TryParse(digits, out amount, out _);
    }

    // A comma elsewhere is somebody's decimal point, and what it stands for must not be guessed.
    private static bool IsGrouped(string whole)
    {
        string[] groups = whole.Split(',');
        return groups[0].Length > 0
            && (groups.Length == 1 || (groups[0].Length <= GroupLength && groups.Skip(1).All(static group => group.Length == GroupLength)));
    }
}
