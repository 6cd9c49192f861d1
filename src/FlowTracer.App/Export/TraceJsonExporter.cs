using System.Text.Encodings.Web;
using System.Text.Json;
using FlowTracer.App.Traces;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>
/// <c>trace.json</c>: the whole answer (DESIGN section 7; docs/trace.schema.json). Keys and arrays have a fixed order,
/// amounts are strings of base units, and nothing in it depends on the clock or the machine. Texts are kept as they are,
/// with controls written as escapes.
/// </summary>
internal sealed class TraceJsonExporter : ITraceExporter
{
    /// <summary>The value of the key <c>format</c>. A change that a reader can notice changes it.</summary>
    public const string FormatName = "flowtracer-trace/1";

    private const string FileName = "trace.json";
    private const string ReachNote =
        "This policy measures reach, not value: amounts are what moved there while marked, may count one unit several "
        + "times, and do not add up.";

    // Past this many bytes the writer hands over what it has, so that a trace of any size needs little memory.
    private const int FlushBytes = 1 << 16;

    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        IndentSize = 2,
        NewLine = "\n",
        // JSON for programs, not for the inside of an HTML page: names stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string Format => "json";

    public IReadOnlyList<string> FileNames { get; } = [FileName];

    public void Write(string fileName, TraceReport report, ExportOptions options, Stream output)
    {
        using (Utf8JsonWriter json = new(output, Options))
        {
            new Document(json, new TraceView(report)).Write();
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>One document being written.</summary>
    private sealed class Document(Utf8JsonWriter json, TraceView view)
    {
        private Trace Trace => view.Trace;

        public void Write()
        {
            json.WriteStartObject();
            Text("format", FormatName);
            WriteRun();
            WriteBalance();
            WriteCertificate();
            Array("nodes", Trace.Nodes, WriteNode);
            int hop = 0;
            Array("hops", Trace.Hops, item => WriteHop(hop++, item));
            Array("gaps", Trace.Gaps, WriteGap);
            Array("assumptions", Trace.Assumptions, WriteAssumption);
            if (view.Report.Patterns is { } patterns)
            {
                PatternsJson.Write(json, patterns);
            }

            json.WriteEndObject();
        }

        private void WriteRun()
        {
            Provenance provenance = view.Report.Provenance;
            ITaintPolicy policy = Trace.Question.Policy;
            json.WriteStartObject("run");
            Text("subject", provenance.Subject);
            WriteHeist();
            int seed = 0;
            Array("seeds", Trace.Question.Seeds, item => WriteSeed(seed++, item));
            Text("policy", policy.Name);
            Text("policy_summary", policy.Summary);
            Text("direction", ExportText.Word(Trace.Question.Direction));
            if (Trace.Question.FollowFees)
            {
                json.WriteBoolean("follow_fees", true);
            }

            if (view.Report.Patterns is { } patterns)
            {
                Array("heuristics", Heuristic.All.Where(patterns.Heuristics.Has), item => json.WriteStringValue(item.Name));
                if (Trace.Question.ThroughCoinJoins)
                {
                    json.WriteBoolean("through_coinjoins", true);
                }
            }

            WriteLimits(Trace.Question.Limits);
            json.WriteStartObject("digests");
            Text("data", provenance.DataDigest);
            Text("labels", provenance.LabelsDigest);
            json.WriteEndObject();
            Text("program_version", provenance.ProgramVersion);
            WriteAsOf(provenance.AsOf);
            json.WriteEndObject();
        }

        // The block that live facts end with; a record has its own end, and none is written.
        private void WriteAsOf(AsOf? asOf)
        {
            if (asOf is null)
            {
                return;
            }

            json.WriteStartObject("as_of");
            Text("chain", asOf.Chain.ToString());
            json.WriteNumber("block", asOf.Block);
            Text("block_hash", asOf.Hash);
            json.WriteNumber("time", asOf.TimeSeconds);
            json.WriteEndObject();
        }

        private void WriteHeist()
        {
            if (view.Report.Heist is not { } heist)
            {
                json.WriteNull("heist");
                return;
            }

            json.WriteStartObject("heist");
            Text("id", heist.Id);
            Text("name", heist.Name);
            Text("date", heist.Date);
            json.WriteEndObject();
        }

        private void WriteSeed(int index, Seed seed)
        {
            TransferSeed? transfer = seed as TransferSeed;
            BalanceSeed? balance = seed as BalanceSeed;
            Amount? amount = transfer?.Amount ?? balance?.Limit;
            bool isCoin = seed.Holder.Chain.Family == ChainFamily.Utxo;
            json.WriteStartObject();
            Text("id", TraceView.SeedId(index));
            Text("kind", transfer is null ? "balance" : "transfer");
            Text("chain", seed.Holder.Chain.ToString());
            Text("address", seed.Holder.Address.IsNone ? null : seed.Holder.Address.ToString());
            Text("outpoint", isCoin ? seed.Holder.Coin.ToString() : null);
            WriteAsset(seed.Asset);
            Text("amount", amount?.ToString());
            Text("amount_text", amount is Amount known ? view.NameOf(seed.Asset).Text(known) : null);
            WritePosition(
                transfer?.Movement.Stamp ?? new Stamp(balance!.From.Block, null, balance.From.TxIndex, null),
                transfer?.Movement.Position ?? balance!.From);
            Text("tx_hash", TxOf(transfer?.Movement));
            Whole("output", transfer?.Output);
            json.WriteEndObject();
        }

        private void WriteLimits(Limits limits)
        {
            json.WriteStartObject("limits");
            Whole("hops", limits.Hops);
            Whole("addresses", limits.Addresses);
            Array("smallest_lot", limits.SmallestLot, entry =>
            {
                json.WriteStartObject();
                Text("chain", entry.Key.Chain.ToString());
                WriteAsset(entry.Key);
                Text("amount", entry.Value.ToString());
                json.WriteEndObject();
            });
            if (limits.Window is Moment window)
            {
                json.WriteStartObject("window");
                Whole("block", window.Block);
                Text("time", ExportText.Time(window.TimeSeconds));
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("window");
            }

            Whole("degree", limits.Degree);
            json.WriteEndObject();
        }

        private void WriteBalance()
        {
            json.WriteStartObject("balance");
            json.WriteBoolean("adds_up", view.AddsUp);
            Text("note", view.AddsUp ? null : ReachNote);
            Array("seeds", Trace.Balance, WriteSheet);
            json.WriteEndObject();
        }

        private void WriteSheet(SeedBalance sheet)
        {
            AssetName name = view.NameOf(sheet.Asset);
            json.WriteStartObject();
            Text("id", TraceView.SeedId(sheet.Seed));
            Text("chain", sheet.Asset.Chain.ToString());
            WriteAsset(sheet.Asset);
            json.WriteNumber("decimals", name.Decimals);
            Text("stolen", sheet.Stolen.ToString());
            Text("stolen_text", name.Text(sheet.Stolen));
            Text("claimed_earlier", sheet.ClaimedEarlier.ToString());
            Text("residual", view.AddsUp ? TraceView.ResidualOf(sheet).ToString() : null);
            Array("sinks", sheet.Sinks, row => WriteSink(sheet, row));
            json.WriteEndObject();
        }

        private void WriteSink(SeedBalance sheet, SinkRow row)
        {
            (string? actor, string? label) = view.NameOf(row);
            json.WriteStartObject();
            Text("kind", row.Kind.Word());
            Text("actor", actor);
            Text("label", label);
            WriteAsset(row.Asset);
            Text("amount", row.Amount.ToString());
            Text("amount_text", view.NameOf(row.Asset).Text(row.Amount));
            Text("share", view.ShareOf(sheet, row));
            json.WriteNumber("payers", row.Payers);
            json.WriteNumber("addresses", row.Addresses);
            json.WriteNumber("movements", row.Movements);
            json.WriteEndObject();
        }

        // What a budget that was used up kept from being followed; nothing is written where all was.
        private void WriteCertificate()
        {
            if (Trace.StoppedAfter is not int requests)
            {
                return;
            }

            json.WriteStartObject("certificate");
            json.WriteNumber("requests", requests);
            Array("not_followed", Trace.Balance.SelectMany(sheet => sheet.NotFollowed, (sheet, row) => (sheet, row)), item =>
            {
                json.WriteStartObject();
                Text("seed", TraceView.SeedId(item.sheet.Seed));
                WriteAsset(item.row.Asset);
                Text("amount", item.row.Amount.ToString());
                Text("amount_text", view.NameOf(item.row.Asset).Text(item.row.Amount));
                Text("share", view.ShareOf(item.sheet, item.row));
                json.WriteNumber("addresses", item.row.Addresses);
                json.WriteEndObject();
            });
            json.WriteEndObject();
        }

        private void WriteNode(TraceNode node)
        {
            json.WriteStartObject();
            Text("id", node.Id);
            Text("chain", node.Chain.ToString());
            Text("kind", ExportText.Word(node.Kind));
            Text("role", ExportText.Word(node.Role));
            Text("address", node.Address.IsNone ? null : node.Address.ToString());
            WriteAttribution(node.Attribution);
            Text("sink", node.Sink?.Word());
            Array("holdings", node.Holdings, WriteHolding);
            json.WriteEndObject();
        }

        private void WriteAttribution(Attribution? attribution)
        {
            if (attribution is null)
            {
                json.WriteNull("attribution");
                return;
            }

            json.WriteStartObject("attribution");
            Text("kind", attribution.Stop?.Word());
            Text("category", attribution.Category);
            Text("actor", NullIfEmpty(attribution.Actor));
            Text("label", attribution.Label);
            Text("confidence", attribution.Confidence);
            Text("source", attribution.Source);
            Text("why", attribution.Why);
            json.WriteEndObject();
        }

        private void WriteHolding(Holding holding)
        {
            json.WriteStartObject();
            Text("seed", TraceView.SeedId(holding.Seed));
            WriteAsset(holding.Asset);
            Text("amount", holding.Amount.ToString());
            Text("amount_text", view.NameOf(holding.Asset).Text(holding.Amount));
            Text("origin", view.AddsUp ? holding.Origin.ToString() : null);
            Text("sink", holding.Sink.Word());
            json.WriteEndObject();
        }

        private void WriteHop(int index, Hop hop)
        {
            json.WriteStartObject();
            Text("id", TraceView.HopId(index));
            Text("from", Trace.Nodes[hop.From].Id);
            Text("to", Trace.Nodes[hop.To].Id);
            WriteAsset(hop.Asset);
            Text("amount", hop.Amount.ToString());
            Text("amount_text", view.NameOf(hop.Asset).Text(hop.Amount));
            WritePaid(hop.Paid);
            Array("lots", hop.Lots, WriteLot);
            WritePosition(hop.Movement.Stamp, hop.Movement.Position);
            Text("tx_hash", TxOf(hop.Movement));
            Text("kind", ExportText.Word(hop.Movement.Kind));
            Text("grade", ExportText.Word(hop.Movement.Grade));
            Text("source", hop.Movement.Source);
            json.WriteEndObject();
        }

        private void WritePaid(Leg? paid)
        {
            if (paid is not Leg leg)
            {
                json.WriteNull("paid");
                return;
            }

            json.WriteStartObject("paid");
            WriteAsset(leg.Holder.Asset);
            Text("amount", leg.Amount.ToString());
            json.WriteEndObject();
        }

        private void WriteLot(HopLot lot)
        {
            json.WriteStartObject();
            Text("seed", TraceView.SeedId(lot.Seed));
            Text("amount", lot.Amount.ToString());
            Text("origin", view.AddsUp ? lot.Origin.ToString() : null);
            json.WriteEndObject();
        }

        private void WritePosition(Stamp stamp, Position position)
        {
            json.WriteStartObject("position");
            Whole("block", stamp.Block);
            Whole("block_max", stamp.BlockMax);
            Whole("tx_index", stamp.TxIndex);
            json.WriteNumber("step", position.Step);
            Text("time", ExportText.Time(stamp.TimeSeconds));
            json.WriteEndObject();
        }

        private void WriteGap(Gap gap)
        {
            json.WriteStartObject();
            Text("kind", gap.Kind);
            Text("where", NullIfEmpty(gap.Node));
            WriteAsset(gap.Asset);
            Text("amount", gap.Amount.ToString());
            Text("text", gap.Text);
            json.WriteEndObject();
        }

        private void WriteAssumption(Assumption assumption)
        {
            json.WriteStartObject();
            Text("kind", assumption.Kind);
            Text("where", NullIfEmpty(assumption.Node));
            Text("text", assumption.Text);
            json.WriteEndObject();
        }

        private void WriteAsset(Asset asset)
        {
            Text("asset", view.TextOf(asset));
            Text("symbol", view.NameOf(asset).Symbol);
        }

        private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

        private static string? TxOf(Movement? movement) => movement?.Tx?.ToString(movement.Chain.Family);

        private void Text(string key, string? text)
        {
            if (text is null || !ExportText.IsDeceptive(text))
            {
                json.WriteString(key, text);
                return;
            }

            // The encoder lets bidirectional controls through, and they would show a reader another text than a program reads.
            json.WritePropertyName(key);
            string encoded = Options.Encoder!.Encode(text);
            json.WriteRawValue($"\"{string.Concat(encoded.Select(Escaped))}\"");
        }

        private static string Escaped(char character) =>
            ExportText.IsDeceptive(character) ? $"\\u{(int)character:X4}" : character.ToString();

        private void Whole(string key, ulong? number)
        {
            if (number is ulong known)
            {
                json.WriteNumber(key, known);
            }
            else
            {
                json.WriteNull(key);
            }
        }

        private void Whole(string key, int? number) => Whole(key, (ulong?)number);

        private void Array<T>(string key, IEnumerable<T> items, Action<T> write)
        {
            json.WriteStartArray(key);
            foreach (T item in items)
            {
                write(item);
                if (json.BytesPending > FlushBytes)
                {
                    json.Flush();
                }
            }

            json.WriteEndArray();
        }
    }
}
