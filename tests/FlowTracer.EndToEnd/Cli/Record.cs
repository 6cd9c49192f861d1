using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>
/// Records to trace in: the one that ships, and a small one whose every sum can be done by hand:
/// One -10-> Two -4-> Three -3-> Four -3-> pool, Two -0.5-> Five, which pays 0.1 each to Six and Seven.
/// </summary>
internal static class Record
{
    public const string Header =
        "chain,block,block_max,time,tx_hash,tx_index,log_index,kind,from,to,asset,amount,grade,source,note\n";

    public const string Thief = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96";
    public const string Theft = "0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7";
    public const string Pool = "0xA160cdAB225685dA1d56aa342Ad8841c3b53f291";

    /// <summary>Absolute path of the record of the Ronin theft.</summary>
    public static string Ronin { get; } = Repository.PathOf("fixtures", "ethereum", "ronin-2022", "transfers.csv");

    /// <summary>The small record.</summary>
    public static string ByHand { get; } = Header + string.Concat(
        Row(100, 1, 1, Address(2), "10000000000000000000"),
        Row(110, 2, 2, Address(3), "4000000000000000000"),
        Row(120, 3, 3, Address(4), "3000000000000000000"),
        Row(130, 4, 2, Address(5), "500000000000000000"),
        Row(140, 5, 4, Pool, "3000000000000000000"),
        Row(150, 6, 5, Address(6), "100000000000000000"),
        Row(160, 7, 5, Address(7), "100000000000000000"));

    /// <summary>An address of one digit.</summary>
    public static string Address(int digit) => "0x" + new string((char)('0' + digit), 40);

    /// <summary>A transaction of one digit.</summary>
    public static string Tx(int digit) => "0x" + new string((char)('0' + digit), 64);

    /// <summary>A row of ETH, at noon of a day of January 2024.</summary>
    public static string Row(int block, int day, int from, string to, string amount) =>
        $"ethereum,{block},,2024-01-0{day}T12:00:00Z,{Tx(day)},0,,external,{Address(from)},{to},ETH,{amount},recorded,by hand,\n";
}
