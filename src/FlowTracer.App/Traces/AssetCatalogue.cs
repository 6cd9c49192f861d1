using System.Globalization;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Traces;

/// <summary>How people read an asset. Display only: an asset is its contract, never its symbol.</summary>
/// <param name="Symbol">E.g. <c>USDC</c>; for an unknown token a short form of its contract.</param>
/// <param name="Decimals">Digits behind the point; zero for an unknown token, whose amounts stay in base units.</param>
public readonly record struct AssetName(string Symbol, int Decimals)
{
    /// <summary>
    /// An amount exactly, without grouping and without trailing zeros: <c>164930.04397</c>.
    /// </summary>
    public string Exact(Amount amount)
    {
        string digits = amount.ToString().PadLeft(Decimals + 1, '0');
        string whole = digits[..^Decimals];
        string fraction = digits[^Decimals..].TrimEnd('0');
        return fraction.Length == 0 ? whole : $"{whole}.{fraction}";
    }

    /// <summary>An amount exactly, for a person: <c>164,930.04397 ETH</c>.</summary>
    public string Text(Amount amount) => $"{Grouped(Exact(amount))} {Symbol}";

    /// <summary>
    /// An amount for a table: grouped, cut (never rounded up) after <paramref name="places"/> digits behind the point.
    /// </summary>
    public string Cut(Amount amount, int places)
    {
        string exact = Grouped(Exact(amount));
        int point = exact.IndexOf('.', StringComparison.Ordinal);
        return point < 0 || exact.Length <= point + 1 + places ? exact
            : exact[..(places == 0 ? point : point + 1 + places)];
    }

    private static string Grouped(string exact)
    {
        int end = exact.IndexOf('.', StringComparison.Ordinal);
        int at = end < 0 ? exact.Length : end;
        for (at -= 3; at > 0; at -= 3)
        {
            exact = exact.Insert(at, ",");
        }

        return exact;
    }
}

/// <summary>Symbols and decimals of known tokens.</summary>
public sealed class AssetCatalogue
{
    private readonly Dictionary<Asset, AssetName> _names;

    private AssetCatalogue(Dictionary<Asset, AssetName> names) => _names = names;

    /// <summary>No tokens; coins are always known.</summary>
    public static AssetCatalogue Empty { get; } = new([]);

    /// <summary>The name of an asset.</summary>
    public AssetName this[Asset asset]
    {
        get
        {
            if (asset.IsCoin)
            {
                return new AssetName(asset.Chain.CoinSymbol, asset.Chain.CoinDecimals);
            }

            return _names.TryGetValue(asset, out AssetName name) ? name : new AssetName(Short(asset), 0);
        }
    }

    /// <summary>Whether an asset has a name here.</summary>
    public bool Knows(Asset asset) => asset.IsCoin || _names.ContainsKey(asset);

    /// <summary>
    /// These and what other tokens state of themselves. One that claims a symbol somebody else has is shown with its
    /// contract, so that nobody takes it for the other; one that states no decimals stays in base units.
    /// </summary>
    public AssetCatalogue With(IEnumerable<TokenName> stated)
    {
        Dictionary<Asset, AssetName> names = new(_names);
        TokenName[] added = [.. stated.Where(name => !names.ContainsKey(name.Token)).OrderBy(static name => name.Token)];
        HashSet<string> taken = new(names.Values.Select(static name => name.Symbol), StringComparer.OrdinalIgnoreCase) { "ETH", "BTC" };
        HashSet<string> twice = [.. added.GroupBy(static name => name.Symbol?.ToUpperInvariant() ?? string.Empty).Where(static g => g.Count() > 1).Select(static g => g.Key)];
        foreach ((Asset asset, string? symbol, int? decimals) in added)
        {
            if (symbol is not null)
            {
                bool isAmbiguous = taken.Contains(symbol) || twice.Contains(symbol.ToUpperInvariant());
                names[asset] = new AssetName(isAmbiguous ? $"{symbol} ({Short(asset)})" : symbol, decimals ?? 0);
            }
        }

        return new AssetCatalogue(names);
    }

    private static string Short(Asset asset)
    {
        string contract = asset.Contract.ToString();
        return $"{contract[..6]}…{contract[^4..]}";
    }

    /// <summary>The contract of the known token of that symbol, or null: a hint for people, never a way to name an asset.</summary>
    public Address? ContractOf(string symbol)
    {
        foreach ((Asset asset, AssetName name) in _names)
        {
            if (string.Equals(name.Symbol, symbol, StringComparison.OrdinalIgnoreCase))
            {
                return asset.Contract;
            }
        }

        return null;
    }

    /// <summary>Reads <c>contract,symbol,decimals,source</c> lines: our own file, without quotes.</summary>
    /// <exception cref="InputException">A line is malformed.</exception>
    public static AssetCatalogue Read(string file)
    {
        Dictionary<Asset, AssetName> names = [];
        long line = 1;
        foreach (string row in File.ReadLines(file).Skip(1))
        {
            line++;
            string[] fields = row.Split(',', 4);
            if (fields.Length != 4
                || !Address.TryParse(ChainId.Ethereum, fields[0], out Address contract, out _)
                || !int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out int decimals)
                || decimals > byte.MaxValue)
            {
                throw new InputException(file, line, 0, "expected contract,symbol,decimals,source");
            }

            names[Asset.Token(contract)] = new AssetName(fields[1], decimals);
        }

        return new AssetCatalogue(names);
    }
}
