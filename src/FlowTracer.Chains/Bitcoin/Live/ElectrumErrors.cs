using FlowTracer.Chains.Rpc;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// What Electrum servers' refusals mean. The protocol fixes neither codes nor words, so both are those of the servers in
/// use: ElectrumX, Fulcrum, electrs and Blockstream's.
/// </summary>
internal static class ElectrumErrors
{
    private const int ExcessiveUse = -101; // ElectrumX; it closes the connection after it
    private const int ServerBusy = -102; // ElectrumX

    private static readonly string[] BusyWords = ["excessive resource usage", "server busy", "server is busy", "too busy"];
    private static readonly string[] LongWords =
        ["history too large", "too many history entries", "history is too large", "too popular", "maxhistory", "response too large"];

    // The node behind the server: its code -5, quoted.
    private static readonly string[] MissingWords =
        ["no such mempool or blockchain transaction", "no such transaction", "missing transaction", "not found", "unknown transaction"];

    /// <summary>The server is asked too much or too often; later it may answer.</summary>
    public static bool IsRateLimit(RpcError error) =>
        error.Code is ExcessiveUse or ServerBusy || Says(error, BusyWords) || RpcErrors.IsRateLimit(error);

    /// <summary>A history has more entries than the server gives.</summary>
    public static bool IsTooLong(RpcError error) => Says(error, LongWords);

    /// <summary>There is no such transaction.</summary>
    public static bool IsMissing(RpcError error) => Says(error, MissingWords);

    private static bool Says(RpcError error, string[] words) =>
        words.Any(word => error.Message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
