using System.Text;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>
/// <c>hops.csv</c>, a row for each hop and seed in it, and <c>balance.csv</c>, a row for each seed and sink (docs/formats.md):
/// RFC 4180 quotes, a header, UTF-8, lines that end in LF, texts on one line. A text that a spreadsheet would run as a
/// formula gets an apostrophe before it; numbers are never touched.
/// </summary>
internal sealed class CsvExporter : ITraceExporter
{
    private const string HopsName = "hops.csv";
    private const string BalanceName = "balance.csv";

    // What spreadsheets take for the start of a formula.
    private const string FormulaStarts = "=+-@";

    private static readonly string[] HopColumns =
    [
        "hop", "seed", "chain", "block", "block_max", "time", "tx_hash", "tx_index", "step", "kind", "grade", "from",
        "from_name", "to", "to_name", "to_sink", "asset", "symbol", "amount", "paid_asset", "paid_amount", "seed_amount",
        "seed_origin", "source",
    ];

    private static readonly string[] BalanceColumns =
    [
        "seed", "chain", "asset", "symbol", "decimals", "stolen", "claimed_earlier", "sink", "actor", "label",
        "sink_asset", "amount", "amount_units", "share", "payers", "addresses", "movements",
    ];

    public string Format => "csv";

    public IReadOnlyList<string> FileNames { get; } = [HopsName, BalanceName];

    public void Write(string fileName, TraceReport report, ExportOptions options, Stream output)
    {
        TraceView view = new(report);
        using StreamWriter csv = new(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        if (fileName == HopsName)
        {
            WriteRow(csv, HopColumns);
            WriteHops(csv, view);
        }
        else
        {
            WriteRow(csv, BalanceColumns);
            WriteBalance(csv, view);
        }
    }

    private static void WriteHops(StreamWriter csv, TraceView view)
    {
        for (int i = 0; i < view.Trace.Hops.Length; i++)
        {
            Hop hop = view.Trace.Hops[i];
            foreach (HopLot lot in hop.Lots)
            {
                WriteHop(csv, view, TraceView.HopId(i), hop, lot);
            }
        }
    }

    private static void WriteHop(StreamWriter csv, TraceView view, string id, Hop hop, HopLot lot)
    {
        Movement movement = hop.Movement;
        Stamp stamp = movement.Stamp;
        TraceNode from = view.Trace.Nodes[hop.From];
        TraceNode to = view.Trace.Nodes[hop.To];
        WriteRow(
            csv, id, TraceView.SeedId(lot.Seed), movement.Chain.ToString(), Whole(stamp.Block), Whole(stamp.BlockMax),
            ExportText.Time(stamp.TimeSeconds), movement.Tx?.ToString(movement.Chain.Family), Whole(stamp.TxIndex),
            ExportText.Number(movement.Position.Step), ExportText.Word(movement.Kind), ExportText.Word(movement.Grade),
            from.Id, Text(from.Attribution?.Label), to.Id, Text(to.Attribution?.Label), to.Sink?.Word(),
            view.TextOf(hop.Asset), Text(view.NameOf(hop.Asset).Symbol), hop.Amount.ToString(),
            hop.Paid is Leg paid ? view.TextOf(paid.Holder.Asset) : null, hop.Paid?.Amount.ToString(), lot.Amount.ToString(),
            view.AddsUp ? lot.Origin.ToString() : null, Text(movement.Source));
    }

    private static void WriteBalance(StreamWriter csv, TraceView view)
    {
        foreach (SeedBalance sheet in view.Trace.Balance)
        {
            AssetName name = view.NameOf(sheet.Asset);
            string[] head =
            [
                TraceView.SeedId(sheet.Seed), sheet.Asset.Chain.ToString(), sheet.Asset.ToString(), Text(name.Symbol)!,
                ExportText.Number(name.Decimals), sheet.Stolen.ToString(), sheet.ClaimedEarlier.ToString(),
            ];
            foreach (SinkRow row in sheet.Sinks)
            {
                (string? actor, string? label) = view.NameOf(row);
                WriteRow(
                    csv, [.. head, row.Kind.Word(), Text(actor), Text(label), row.Asset.ToString(), row.Amount.ToString(),
                    view.NameOf(row.Asset).Exact(row.Amount), view.ShareOf(sheet, row), ExportText.Number(row.Payers), ExportText.Number(row.Addresses), ExportText.Number(row.Movements)]);
            }

            // A seed that an earlier one had claimed whole has no sink, and is no less a seed.
            if (sheet.Sinks.IsEmpty)
            {
                WriteRow(csv, [.. head, .. new string?[BalanceColumns.Length - head.Length]]);
            }
        }
    }

    private static string? Text(string? text) => text switch
    {
        null or "" => text,
        _ when FormulaStarts.Contains(text[0], StringComparison.Ordinal) => "'" + ExportText.Clean(text),
        _ => ExportText.Clean(text),
    };

    private static string? Whole(ulong? number) => number is ulong known ? ExportText.Number(known) : null;

    private static void WriteRow(StreamWriter csv, params ReadOnlySpan<string?> fields)
    {
        for (int i = 0; i < fields.Length; i++)
        {
            if (i > 0)
            {
                csv.Write(',');
            }

            csv.Write(Quoted(fields[i]));
        }

        csv.Write('\n');
    }

    private static string? Quoted(string? field) => field.AsSpan().ContainsAny(',', '"', '\n')
        ? $"\"{field!.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : field;
}
