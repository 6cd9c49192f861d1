namespace FlowTracer.Chains.Rpc;

/// <summary>
/// What nodes' refusals mean. JSON-RPC reserves a few codes and EIP-1474 a few more, but clients and providers use them
/// freely, so the words count too.
/// </summary>
internal static class RpcErrors
{
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;

    /// <summary>A Bitcoin source of ours cannot know the answer, whoever asks and however often.</summary>
    public const int CannotKnow = -32091;

    private const int InternalError = -32603;

    // Bitcoin Core while it starts: "Loading block index…", "Verifying blocks…".
    private const int WarmingUp = -28;
    private const int LimitExceeded = -32005;
    private const int TooLargeInBatch = -32003;

    private static readonly string[] RateWords =
    [
        "rate limit", "rate-limit", "ratelimit", "too many requests", "too many connections", "capacity exceeded",
        "compute units", "request limit reached", "requests per second", "request rate exceeded", "daily request count",
        "throttl",
    ];

    // Too much in one answer: asking again does not help, asking for less does.
    private static readonly string[] RangeWords =
        ["block range", "results", "response size", "blocks range", "range is too", "range too", "range limit"];

    private static readonly string[] BatchWords =
    [
        "batch too large", "batch size", "requests in batch", "batch request", "batching", "batch limit", "calls in batch",
    ];

    private static readonly string[] PassingWords =
    [
        "timeout", "timed out", "header not found", "temporarily", "try again", "unavailable", "overloaded",
        "internal error", "internal server error", "upstream", "no available", "context canceled",
        "context deadline exceeded", "block not found", "unknown block", "not synced", "syncing",
    ];

    // What the EVM says of the call itself, whatever code it comes with (Hardhat: -32603): it will say it again.
    private static readonly string[] ExecutionWords =
        ["revert", "vm exception", "invalid opcode", "out of gas", "stack underflow", "invalid jump"];

    // What nodes say when they have no state of an old block. They agree on no code for it.
    private static readonly string[] StateWords =
    [
        "missing trie node", // Geth
        "state not available", "state is not available", "historical state", // Geth, Besu
        "pruned", // Erigon, Nethermind, Besu
        "no state available", // Nethermind
        "distance to target block exceeds", // Reth
        "state histories haven't been fully indexed", // Geth's path scheme
        "archive", // providers: "requires an archive node"
        "older than", "too old", "missing account state", "world state unavailable",
        "blockoutofrange", // Anvil
    ];

    /// <summary>
    /// The node is asked too often. Providers use several codes; EIP-1474's own also means too wide a range.
    /// </summary>
    public static bool IsRateLimit(RpcError error) =>
        !IsBatchLimit(error)
        && (Says(error, RateWords) || (error.Code is 429 or -32029 or LimitExceeded && !Says(error, RangeWords)));

    /// <summary>
    /// Whether a rate limit may just as well be a limit on what one call asks for, which no waiting lifts.
    /// </summary>
    public static bool IsAmbiguousLimit(RpcError error) => error.Code == LimitExceeded && !Says(error, RateWords);

    /// <summary>
    /// The calls are too many for one request, or their answers too long for one body; each alone may pass.
    /// </summary>
    public static bool IsBatchLimit(RpcError error) =>
        Says(error, BatchWords)
        || (error.Code == TooLargeInBatch && error.Message.Contains("too large", StringComparison.OrdinalIgnoreCase));

    /// <summary>The node has no such method.</summary>
    public static bool IsMethodMissing(RpcError error) => error.Code == MethodNotFound;

    /// <summary>
    /// The same question may be answered later: the node is busy or behind. Such a refusal is not kept.
    /// </summary>
    public static bool IsPassing(RpcError error) =>
        error.Code != CannotKnow && (IsRateLimit(error) || IsUnsettled(error));

    /// <summary>The node has no state of the block asked about, or does not tell of states at all.</summary>
    public static bool IsMissingState(RpcError error) => IsMethodMissing(error) || Says(error, StateWords);

    /// <summary>Another node may well answer: this one has not the method, not the state, not the index, or not the
    /// time.</summary>
    public static bool IsOfThisNode(RpcError error) =>
        IsMethodMissing(error) || IsPassing(error) || error.Code == CannotKnow || Says(error, StateWords);

    private static bool IsUnsettled(RpcError error) =>
        !Says(error, ExecutionWords)
        && !Says(error, StateWords)
        && (error.Code is InternalError or WarmingUp || Says(error, PassingWords));

    private static bool Says(RpcError error, string[] words) =>
        words.Any(word => error.Message.Contains(word, StringComparison.OrdinalIgnoreCase));
}
