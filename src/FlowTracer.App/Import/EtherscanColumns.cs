using FlowTracer.Core.Model;

namespace FlowTracer.App.Import;

/// <summary>
/// Where the columns of one of Etherscan's CSV exports are. Headers changed over the years; docs/import.md lists those
/// known. A column that is in none of them is refused by name, because nobody knows what it changes.
/// </summary>
internal sealed class EtherscanColumns
{
    private static readonly string[] PassedOver = ["DateTime", "DateTime (UTC)", "PrivateNote"];
    private static readonly string[] PassedOverOfCoins = ["CurrentValue*", "Historical $Price/*", "ErrCode"];

    private readonly Dictionary<string, int> _places = [];
    private readonly string[] _header;

    private EtherscanColumns(string[] header) => _header = header;

    /// <summary>How many columns there are.</summary>
    public int Count => _header.Length;

    /// <summary>What the export calls a column.</summary>
    public string NameOf(string meaning) => _header[_places[meaning]];

    /// <summary>Where a column is, by what it means.</summary>
    public int this[string meaning] => _places[meaning];

    /// <summary>Whether there is such a column.</summary>
    public bool Has(string meaning) => _places.ContainsKey(meaning);

    /// <summary>Reads a header.</summary>
    /// <exception cref="InputException">A column is missing, unknown, there twice, or of another coin than the chain's.</exception>
    public static EtherscanColumns Read(string file, ImportFormat format, string[] header, ChainId chain)
    {
        (string Meaning, string[] Names)[] wanted = WantedBy(format);
        string[] passedOver = PassedOverBy(format);
        EtherscanColumns columns = new(header);
        for (int i = 0; i < header.Length; i++)
        {
            string column = header[i];
            string? meaning = wanted.Where(want => want.Names.Any(name => Fits(column, name))).Select(static want => want.Meaning).FirstOrDefault();
            if (meaning is null && !passedOver.Any(name => Fits(column, name)))
            {
                throw new InputException(file, 1, 0, $"column {new ParseError(column, 1, $"not one that a known {format.NameOf()} export has (docs/import.md)")}");
            }

            if (meaning is not null && !columns._places.TryAdd(meaning, i))
            {
                throw new InputException(file, 1, 0, $"column {new ParseError(column, 1, "there twice")}");
            }

            RefuseOtherCoins(file, column, chain);
        }

        (string Meaning, string[] Names) missing = wanted.FirstOrDefault(want => !columns.Has(want.Meaning) && want.Meaning != "block");
        return missing.Names is null
            ? columns
            : throw new InputException(file, 1, 0, $"column '{missing.Names[^1]}' is missing: an {format.NameOf()} export has it");
    }

    private static (string Meaning, string[] Names)[] WantedBy(ImportFormat format)
    {
        (string, string[])[] all =
        [
            ("tx", ["Txhash", "Transaction Hash"]),
            ("block", ["Blockno"]),
            ("time", ["UnixTimestamp"]),
            ("from", ["From"]),
        ];
        (string, string[])[] coins =
        [
            ("created", ["ContractAddress"]),
            ("in", ["Value_IN(*"]),
            ("out", ["Value_OUT(*"]),
            ("status", ["Status"]),
        ];
        return format switch
        {
            ImportFormat.EtherscanTransactions => [.. all, .. coins, ("to", ["To"]), ("fee", ["TxnFee(*"])],
            ImportFormat.EtherscanInternal => [.. all, .. coins, ("to", ["TxTo"]), ("type", ["Type"])],
            _ => [.. all, ("to", ["To"]), ("contract", ["ContractAddress"]), ("amount", ["Value", "TokenValue"])],
        };
    }

    private static string[] PassedOverBy(ImportFormat format) => format switch
    {
        ImportFormat.EtherscanTransactions => [.. PassedOver, .. PassedOverOfCoins, "TxnFee(USD)", "Method"],
        ImportFormat.EtherscanInternal => [.. PassedOver, .. PassedOverOfCoins, "ParentTx*"],
        _ => [.. PassedOver, "USDValueDayOfTx", "TokenName", "TokenSymbol"],
    };

    private static bool Fits(string column, string name) => name.EndsWith('*')
        ? column.StartsWith(name[..^1], StringComparison.Ordinal) && !column.Contains("USD", StringComparison.Ordinal)
        : column == name;

    // The explorers of other chains have the same columns, with the names of their own coins.
    private static void RefuseOtherCoins(string file, string column, ChainId chain)
    {
        string coin = column.StartsWith("Value_IN(", StringComparison.Ordinal) ? column["Value_IN(".Length..].TrimEnd(')') : "ETH";
        if (chain == ChainId.Ethereum && !coin.Equals("ETH", StringComparison.OrdinalIgnoreCase))
        {
            throw new InputException(
                file, 1, 0, $"column {new ParseError(column, 1, "an export of another chain: say which with --chain ethereum-N, N its EIP-155 id")}");
        }
    }
}
