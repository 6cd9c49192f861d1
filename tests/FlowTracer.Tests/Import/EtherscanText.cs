using System.Globalization;

namespace FlowTracer.Tests.Import;

/// <summary>Etherscan exports for tests: the n-th transaction is in block n × 100, at Unix time 1,500,000,000 + n × 100.</summary>
internal static class EtherscanText
{
    public const string A = "0x00000000000000000000000000000000000000aa";
    public const string B = "0x00000000000000000000000000000000000000bb";
    public const string C = "0x00000000000000000000000000000000000000cc";
    public const string Usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    public const string Unknown = "0x00000000000000000000000000000000000000dd";

    public const string TransactionHeader =
        "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"";

    private const string InternalHeader =
        "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"ParentTxFrom\",\"ParentTxTo\",\"ParentTxETH_Value\",\"From\",\"TxTo\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1/Eth\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Type\"";

    private const string TokenHeader =
        "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"TokenValue\",\"USDValueDayOfTx\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"";

    public static string Tx(int number) => $"0x{number:x64}";

    public static string Transactions(params string[] rows) => File(TransactionHeader, rows);

    public static string Internals(params string[] rows) => File(InternalHeader, rows);

    public static string Tokens(params string[] rows) => File(TokenHeader, rows);

    public static string Own(
        int tx, string given, string fee, string from = A, string to = B, string created = "", string status = "", int? block = null) => Row(
        [.. Place(tx, block), from, to, created, "0", given, "1", fee, "1", "1", status, "", "Transfer"]);

    public static string Internal(int tx, string from, string to, string value, string status = "0", string type = "call", int? block = null) => Row(
        [.. Place(tx, block), A, B, "0", from, to, "", value, "0", "1", "1", status, "", type]);

    public static string Token(int tx, string from, string to, string value, string contract, int? block = null) => Row(
        [.. Place(tx, block), from, to, value, "1", contract, "Some, \"\"quoted\"\" token", "SOME"]);

    /// <summary>A file of one row from A to B, with the fields that matter to a test; those of a column unknown here are 0.</summary>
    public static string Filled(string header, Dictionary<string, string> fields)
    {
        Dictionary<string, string> usual = new()
        {
            ["Txhash"] = Tx(1), ["Transaction Hash"] = Tx(1), ["Blockno"] = "100", ["UnixTimestamp"] = "1500000100", ["From"] = A, ["To"] = B,
            ["TxTo"] = B, ["ContractAddress"] = "", ["Status"] = "", ["ErrCode"] = "", ["Type"] = "call", ["PrivateNote"] = "",
        };
        IEnumerable<string> row = header.Split(',').Select(static column => column.Trim('"'))
            .Select(column => fields.GetValueOrDefault(column) ?? usual.GetValueOrDefault(column) ?? "0");
        return File(header, [Row([.. row])]);
    }

    private static string[] Place(int tx, int? block) =>
    [
        Tx(tx), Number(block ?? (tx * 100)), Number(1_500_000_000 + (block ?? (tx * 100))), "2017-07-14 02:41:40",
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Row(string[] fields) => string.Join(',', fields.Select(static field => $"\"{field}\""));

    private static string File(string header, string[] rows) => string.Join('\n', [header, .. rows, ""]);
}
