namespace FlowTracer.App.Ingest;

/// <summary>Which blocks to bring into a store.</summary>
public sealed record IngestRequest
{
    /// <summary>The first block; null to go on after the last one that the store has, or from the chain's first.</summary>
    public ulong? From { get; init; }

    /// <summary>The last block; null for the newest that counts.</summary>
    public ulong? To { get; init; }

    /// <summary>How many blocks behind the newest to end; null to end with the newest final block.</summary>
    public ulong? Confirmations { get; init; }

    /// <summary>Whether to go on with new blocks as they come, until cancelled.</summary>
    public bool Follows { get; init; }
}

/// <summary>How far a run has come.</summary>
/// <param name="Block">The last block written.</param>
/// <param name="Last">The last one to be written, as far as that is known.</param>
/// <param name="Blocks">Blocks written in this run.</param>
/// <param name="Movements">Movements written in this run.</param>
/// <param name="Elapsed">Since it began.</param>
public sealed record IngestProgress(ulong Block, ulong Last, long Blocks, long Movements, TimeSpan Elapsed);

/// <summary>What a run came to.</summary>
/// <param name="First">The first block written; null when there was none to write.</param>
/// <param name="Last">The last one.</param>
/// <param name="Blocks">How many blocks were written.</param>
/// <param name="Added">Movements that are new.</param>
/// <param name="Known">Movements that were there already.</param>
/// <param name="RolledBack">Blocks taken back because the chain was reorganised.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Stages">What each stage cost, in the order of the work.</param>
public sealed record IngestReport(
    ulong? First, ulong? Last, long Blocks, long Added, long Known, ulong RolledBack, TimeSpan Elapsed, IReadOnlyList<StageCost> Stages)
{
    /// <summary>Coins spent in these blocks of which nobody knew what they were worth: their transactions are unresolved.</summary>
    public long UnknownCoins { get; init; }
}
