using FlowTracer.App.Heists;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>What an answer rests on besides the question: enough for the other side to run it again.</summary>
/// <param name="Subject">The heist, address or transaction traced, in canonical form.</param>
/// <param name="DataDigest">SHA-256 of the record's bytes, lower-case hexadecimal.</param>
/// <param name="LabelsDigest">SHA-256 over the label packs (docs/labels.md).</param>
/// <param name="ProgramVersion">The version of the program.</param>
public sealed record Provenance(string Subject, string DataDigest, string LabelsDigest, string ProgramVersion);

/// <summary>A case that can be traced: facts, labels and a question that lacks only its policy.</summary>
/// <param name="Source">The facts.</param>
/// <param name="Tags">The labels.</param>
/// <param name="Question">What is asked; its policy may be replaced.</param>
/// <param name="Provenance">What it rests on.</param>
/// <param name="Assets">Symbols and decimals.</param>
/// <param name="Heist">The heist it comes from, if any.</param>
public sealed record TraceCase(
    IHistorySource Source,
    ITagSource Tags,
    TraceQuestion Question,
    Provenance Provenance,
    AssetCatalogue Assets,
    Heist? Heist);

/// <summary>An answer with what it rests on: what people see and exporters write.</summary>
/// <param name="Trace">The answer.</param>
/// <param name="Provenance">What it rests on.</param>
/// <param name="Assets">Symbols and decimals.</param>
/// <param name="Heist">The heist it comes from, if any.</param>
public sealed record TraceReport(Trace Trace, Provenance Provenance, AssetCatalogue Assets, Heist? Heist);
