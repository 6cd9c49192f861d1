namespace FlowTracer.App.Import;

/// <summary>What a file to import can be (docs/import.md).</summary>
public enum ImportFormat
{
    /// <summary>Our transfers CSV.</summary>
    Transfers = 1,

    /// <summary>Etherscan's export of an address' transactions.</summary>
    EtherscanTransactions,

    /// <summary>Etherscan's export of an address' internal transactions.</summary>
    EtherscanInternal,

    /// <summary>Etherscan's export of an address' ERC-20 transfers.</summary>
    EtherscanTokens,

    /// <summary>Transactions in Esplora's JSON, one a line.</summary>
    Esplora,
}

/// <summary>The names of formats on the command line.</summary>
public static class ImportFormats
{
    private static readonly (string Name, ImportFormat Format)[] Named =
    [
        ("transfers", ImportFormat.Transfers),
        ("etherscan-transactions", ImportFormat.EtherscanTransactions),
        ("etherscan-internal", ImportFormat.EtherscanInternal),
        ("etherscan-erc20", ImportFormat.EtherscanTokens),
        ("esplora", ImportFormat.Esplora),
    ];

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Named.Select(static named => named.Name);

    /// <summary>The format of a name; null for none.</summary>
    public static ImportFormat? Find(string name) =>
        Named.Where(named => named.Name == name).Select(static named => (ImportFormat?)named.Format).FirstOrDefault();

    /// <summary>The name of a format.</summary>
    public static string NameOf(this ImportFormat format) => Named.First(named => named.Format == format).Name;

    internal static bool IsEtherscan(this ImportFormat format) =>
        format is ImportFormat.EtherscanTransactions or ImportFormat.EtherscanInternal or ImportFormat.EtherscanTokens;
}
