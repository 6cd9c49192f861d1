using System.Globalization;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>What a user says of files to import.</summary>
/// <param name="Format">What all of them are; null to recognise each by its content.</param>
/// <param name="Chain">The chain of files that do not state it; null for Ethereum and Bitcoin themselves.</param>
/// <param name="Assets">Tokens whose digits behind the point are known.</param>
/// <param name="Decimals">The same of other tokens, as the user says.</param>
public sealed record ImportOptions(
    ImportFormat? Format, ChainId? Chain, AssetCatalogue Assets, IReadOnlyDictionary<Asset, int> Decimals)
{
    // Amounts have 78 decimal digits at most.
    private const int MostDecimals = 77;

    internal ChainId AccountChain => Of(ChainFamily.Account, ChainId.Ethereum);

    internal ChainId CoinChain => Of(ChainFamily.Utxo, ChainId.Bitcoin);

    /// <summary>The options a user gives as text.</summary>
    /// <param name="format">A name of <see cref="ImportFormats"/>, or null.</param>
    /// <param name="chain">A chain, or null.</param>
    /// <param name="decimals">Each <c>CONTRACT=N</c>.</param>
    /// <param name="assets">Tokens whose digits behind the point are known.</param>
    /// <exception cref="InputException">One of them is malformed, or contradicts what is known.</exception>
    public static ImportOptions Parse(string? format, string? chain, IReadOnlyList<string> decimals, AssetCatalogue assets)
    {
        ImportFormat? stated = format is null ? null
            : ImportFormats.Find(format)
                ?? throw new InputException($"--format {new ParseError(format, 1, "it should be one of " + string.Join(", ", ImportFormats.Names))}");
        ChainId? of = chain is null ? null
            : ChainId.TryParse(chain, out ChainId parsed) ? parsed
            : throw new InputException($"--chain {new ParseError(chain, 1, "it should be ethereum, bitcoin, or a test network: ethereum-N, bitcoin-regtest …")}");
        Dictionary<Asset, int> tokens = [];
        foreach (string text in decimals)
        {
            (Asset token, int digits) = Token(text, of ?? ChainId.Ethereum, assets);
            tokens[token] = digits;
        }

        return new ImportOptions(stated, of, assets, tokens);
    }

    /// <summary>The asset's name with its digits behind the point; null where nobody knows them.</summary>
    internal AssetName? NameOf(Asset asset) =>
        Decimals.TryGetValue(asset, out int digits) ? Assets[asset] with { Decimals = digits }
        : Assets.Knows(asset) ? Assets[asset]
        : null;

    private static (Asset Token, int Digits) Token(string text, ChainId chain, AssetCatalogue assets)
    {
        string[] parts = text.Split('=');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int digits) || digits > MostDecimals)
        {
            throw new InputException($"--decimals {new ParseError(text, 1, "expected CONTRACT=N, N from 0 to 77")}");
        }

        if (chain.Family != ChainFamily.Account || !Address.TryParse(chain, parts[0], out Address contract, out _))
        {
            throw new InputException($"--decimals {new ParseError(text, 1, "expected the address of a token's contract before the =")}");
        }

        Asset token = Asset.Token(contract);
        return assets.Knows(token) && assets[token].Decimals != digits
            ? throw new InputException($"--decimals {new ParseError(text, 1, $"{assets[token].Symbol} has {assets[token].Decimals}")}")
            : (token, digits);
    }

    private ChainId Of(ChainFamily family, ChainId main) => Chain is not ChainId stated ? main
        : stated.Family == family ? stated
        : throw new InputException($"--chain {new ParseError(stated.ToString(), 1, "the files are of the other kind of chain")}");
}
