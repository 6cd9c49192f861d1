using FlowTracer.Chains.Bitcoin.Live;

namespace FlowTracer.App.Sources;

/// <summary>What a user says about live sources.</summary>
public sealed record SourceRequest
{
    /// <summary>URLs or names, the preferred one first; at least one.</summary>
    public required IReadOnlyList<string> Sources { get; init; }

    /// <summary>Ask two of them, and report where they disagree.</summary>
    public bool CrossCheck { get; init; }

    /// <summary>Ask nobody: answer from what is kept.</summary>
    public bool Offline { get; init; }

    /// <summary>Look again where the chain ends, instead of where it ended when this was first traced.</summary>
    public bool Refresh { get; init; }

    /// <summary>How many blocks behind the newest to end; null to end with the newest final block.</summary>
    public int? Confirmations { get; init; }

    /// <summary>The block to end with; null for the newest that counts.</summary>
    public ulong? AsOf { get; init; }

    /// <summary>Where answers are kept; null for the settings' folder.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Told how far the reading of block files has come; null for nobody.</summary>
    public IProgress<BlockFilesProgress>? Reading { get; init; }
}
