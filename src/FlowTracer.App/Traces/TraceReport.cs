using FlowTracer.App.Heists;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>What an answer rests on besides the question: enough for the other side to run it again.</summary>
/// <param name="Subject">The heist, address or transaction traced, in canonical form.</param>
/// <param name="DataDigest">
/// SHA-256 in lower-case hexadecimal of the facts used (docs/sources.md), whoever told them: a record, a node or a store.
/// </param>
/// <param name="LabelsDigest">SHA-256 over the label packs (docs/labels.md).</param>
/// <param name="ProgramVersion">The version of the program.</param>
/// <param name="AsOf">The block that the facts of a node, or of a store of whole blocks, end with; null for a record.</param>
public sealed record Provenance(
    string Subject, string DataDigest, string LabelsDigest, string ProgramVersion, AsOf? AsOf = null);

/// <summary>The last block of a chain that was looked at.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Block">Its number.</param>
/// <param name="Hash">Its hash, as the chain writes it.</param>
/// <param name="TimeSeconds">Its Unix time in seconds.</param>
public sealed record AsOf(Core.Model.ChainId Chain, ulong Block, string Hash, long TimeSeconds);

/// <summary>A case that can be traced: facts, labels and a question that lacks only its policy.</summary>
/// <param name="Source">The facts.</param>
/// <param name="Tags">The labels.</param>
/// <param name="Question">What is asked; its policy may be replaced.</param>
/// <param name="Provenance">What it rests on.</param>
/// <param name="Assets">Symbols and decimals.</param>
/// <param name="Heist">The heist it comes from, if any.</param>
/// <param name="Live">The live source behind the facts; null for a record.</param>
public sealed record TraceCase(
    IHistorySource Source,
    ITagSource Tags,
    TraceQuestion Question,
    Provenance Provenance,
    AssetCatalogue Assets,
    Heist? Heist,
    Sources.LiveSource? Live = null) : IAsyncDisposable
{
    /// <summary>Finds the seeds once more, after a reorganisation of the chain; null for a record, which does not change.</summary>
    public Func<CancellationToken, Task<TraceQuestion>>? AskAgain { get; init; }

    /// <summary>How many histories each trace of it may ask for; null for any number.</summary>
    public int? MaxRequests { get; init; }

    /// <summary>How long each trace of it may ask for histories; null for any time.</summary>
    public TimeSpan? MaxTime { get; init; }

    /// <summary>The hash of the last block looked at when the seeds were found; null for a record.</summary>
    public string? SeenHash { get; init; }

    /// <summary>The store behind the facts; null where there is none.</summary>
    public IFlowStore? Store { get; init; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Live?.DisposeAsync() ?? Store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>An answer with what it rests on: what people see and exporters write.</summary>
/// <param name="Trace">The answer.</param>
/// <param name="Provenance">What it rests on.</param>
/// <param name="Assets">Symbols and decimals.</param>
/// <param name="Heist">The heist it comes from, if any.</param>
public sealed record TraceReport(Trace Trace, Provenance Provenance, AssetCatalogue Assets, Heist? Heist)
{
    private readonly Lazy<TracePatterns?> _patterns = new(() => TracePatterns.Of(Trace));

    /// <summary>What heuristics say of its transactions, found when first asked for; null where none was on, as on an
    /// account chain.</summary>
    public TracePatterns? Patterns => _patterns.Value;
}
