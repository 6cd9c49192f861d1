namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>What a source can do, found out by asking it.</summary>
public sealed record NodeAbilities
{
    /// <summary>How many of the newest blocks a node without old state still has the state of: 128, less a margin.</summary>
    public const ulong RecentBlocks = 120;

    /// <summary>What the node calls itself; empty when it does not say.</summary>
    public string Client { get; init; } = string.Empty;

    /// <summary><c>trace_filter</c>: an index of all calls by address.</summary>
    public bool HasTraceFilter { get; init; }

    /// <summary><c>trace_transaction</c>.</summary>
    public bool HasTraceTransaction { get; init; }

    /// <summary><c>debug_traceTransaction</c> with <c>callTracer</c>.</summary>
    public bool HasCallTracer { get; init; }

    /// <summary><c>ots_searchTransactionsBefore</c>: an index by address.</summary>
    public bool HasOtterscan { get; init; }

    /// <summary><c>ots_getInternalOperations</c>.</summary>
    public bool HasOtterscanInternals { get; init; }

    /// <summary>Etherscan's API: lists of transactions by address.</summary>
    public bool HasExplorer { get; init; }

    /// <summary>The most rows the explorer shows of one question, over all pages.</summary>
    public int MostExplorerRows { get; init; }

    /// <summary>Balances and counts of transactions at any block (an archive node).</summary>
    public bool HasOldState { get; init; }

    /// <summary><c>eth_getLogs</c>.</summary>
    public bool HasLogs { get; init; }

    /// <summary><c>eth_getBlockReceipts</c>.</summary>
    public bool HasBlockReceipts { get; init; }

    /// <summary>The most blocks one <c>eth_getLogs</c> may span: a power of two; zero when no limit was found.</summary>
    public ulong WidestLogRange { get; init; }

    /// <summary>The most blocks one <c>trace_filter</c> may span: a power of two; zero when no limit was found.</summary>
    public ulong WidestTraceRange { get; init; }

    /// <summary>Whether a trace can see what contracts move inside transactions.</summary>
    public bool SeesInternal => HasTraceTransaction || HasCallTracer || HasOtterscanInternals || HasExplorer || HasOldState;
}
