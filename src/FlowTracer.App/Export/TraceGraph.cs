using System.Numerics;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;
using static FlowTracer.App.Export.AttributeType;

namespace FlowTracer.App.Export;

/// <summary>A trace as a graph with typed attributes: what GraphML and GEXF write, each in its own syntax.</summary>
internal sealed class TraceGraph
{
    private readonly TraceView _view;
    private readonly BigInteger[,] _received;
    private readonly BigInteger[,] _passedOn;

    public TraceGraph(TraceReport report, ExportOptions options)
    {
        _view = new TraceView(report);
        Nodes = [.. Trace.Nodes.Select(static (node, index) => new GraphNode(index, node))];
        Edges = FlowEdge.Of(Trace.Hops, options.Aggregate);
        _received = new BigInteger[Nodes.Count, Trace.Balance.Length];
        _passedOn = new BigInteger[Nodes.Count, Trace.Balance.Length];
        SumOrigins();
        GraphAttributes = OfGraph();
        NodeAttributes = [.. OfNodes(), .. Trace.Balance.SelectMany(OfNodesBySeed)];
        EdgeAttributes = [.. OfEdges(), .. options.Aggregate ? OfFlows() : OfHops(), .. Trace.Balance.SelectMany(OfEdgesBySeed)];
    }

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<FlowEdge> Edges { get; }

    public IReadOnlyList<GraphAttribute<TraceView>> GraphAttributes { get; }

    public IReadOnlyList<GraphAttribute<GraphNode>> NodeAttributes { get; }

    public IReadOnlyList<GraphAttribute<FlowEdge>> EdgeAttributes { get; }

    /// <summary>What the graph's own attributes are read from.</summary>
    public TraceView View => _view;

    /// <summary>A title for a person.</summary>
    public string Title => ExportText.Clean(
        $"{_view.Report.Provenance.Subject}, {ExportText.Word(Trace.Question.Direction)}, {Trace.Question.Policy.Name}");

    private Trace Trace => _view.Trace;

    /// <summary>The id of a node.</summary>
    public string IdOf(int node) => Trace.Nodes[node].Id;

    private void SumOrigins()
    {
        foreach (Hop hop in Trace.Hops)
        {
            foreach (HopLot lot in hop.Lots)
            {
                BigInteger origin = lot.Origin.ToBigInteger();
                _received[hop.To, lot.Seed] += origin;
                _passedOn[hop.From, lot.Seed] += origin;
            }
        }
    }

    private static GraphAttribute<TraceView>[] OfGraph() =>
    [
        new("format", Text, "Name and version of the trace's format", static _ => TraceJsonExporter.FormatName),
        new("subject", Text, "What was traced", static view => view.Report.Provenance.Subject),
        new("policy", Text, "How pools give up money", static view => view.Trace.Question.Policy.Name),
        new("direction", Text, "forward or backward", static view => ExportText.Word(view.Trace.Question.Direction)),
        new("adds_up", AttributeType.Boolean, "Whether origins add up to what was stolen; false where the policy measures reach",
            static view => Boolean(view.AddsUp)),
        new("data_digest", Text, "SHA-256 of the record", static view => view.Report.Provenance.DataDigest),
        new("labels_digest", Text, "SHA-256 over the labels", static view => view.Report.Provenance.LabelsDigest),
        new("program_version", Text, "Version of the program", static view => view.Report.Provenance.ProgramVersion),
    ];

    private static IEnumerable<GraphAttribute<GraphNode>> OfNodes() =>
    [
        new("label", Text, "Short name", static item => TraceView.ShortNameOf(item.Node)),
        new("kind", Text, "address, coin, transaction or outside", static item => ExportText.Word(item.Node.Kind)),
        new("role", Text, "source, seed, wallet, sink or transaction", static item => ExportText.Word(item.Node.Role)),
        new("chain", Text, "Chain", static item => item.Node.Chain.ToString()),
        new("address", Text, "Address", static item => item.Node.Address.IsNone ? null : item.Node.Address.ToString()),
        new("is_seed", AttributeType.Boolean, "Whether a seed starts here", static item => Boolean(item.Node.Role == NodeRole.Seed)),
        new("is_sink", AttributeType.Boolean, "Whether a label or a limit ends value here", static item => Boolean(item.Node.Sink is not null)),
        new("sink", Text, "What kind of end, where value ends here", static item => item.Node.Sink?.Word()),
        new("rests", Text, "What value that stays here counts as: held, edge or cut",
            static item => item.Node.Holdings.IsEmpty ? null : item.Node.Holdings[0].Sink.Word()),
        new("category", Text, "What a label says it is", static item => item.Node.Attribution?.Category),
        new("actor", Text, "Who a label says is behind it", static item => item.Node.Attribution?.Actor),
        new("entity", Text, "The label itself", static item => item.Node.Attribution?.Label),
        new("confidence", Text, "How the label's source knows", static item => item.Node.Attribution?.Confidence),
        new("label_source", Text, "Where the label comes from", static item => item.Node.Attribution?.Source),
    ];

    private IEnumerable<GraphAttribute<GraphNode>> OfNodesBySeed(SeedBalance sheet)
    {
        int seed = sheet.Seed;
        string id = Prefix(seed);
        int decimals = _view.NameOf(sheet.Asset).Decimals;
        string of = $"of {TraceView.SeedId(seed)}, in its base units";
        return !_view.AddsUp ? [] :
        [
            new($"{id}_in", Text, $"Received {of}", item => Exact(_received[item.Index, seed])),
            new($"{id}_in_value", AttributeType.Double, "The same in whole units, for drawing",
                item => Drawn(_received[item.Index, seed], decimals)),
            new($"{id}_out", Text, $"Passed on {of}", item => Exact(_passedOn[item.Index, seed])),
            new($"{id}_out_value", AttributeType.Double, "The same in whole units, for drawing",
                item => Drawn(_passedOn[item.Index, seed], decimals)),
            new($"{id}_rest", Text, $"Stays here {of}", item => Exact(RestOf(item.Node, seed))),
            new($"{id}_rest_value", AttributeType.Double, "The same in whole units, for drawing",
                item => Drawn(RestOf(item.Node, seed), decimals)),
        ];
    }

    private IEnumerable<GraphAttribute<FlowEdge>> OfEdges() =>
    [
        new("chain", Text, "Chain of the asset received", static edge => edge.Asset.Chain.ToString()),
        new("asset", Text, "Coin, or contract of the token, received", edge => _view.TextOf(edge.Asset)),
        new("symbol", Text, "The asset's symbol, for people", edge => _view.NameOf(edge.Asset).Symbol),
        new("amount", Text, "All that moved, clean money too, in base units of the asset",
            static edge => ExportText.Number(edge.Amount)),
        new("amount_value", AttributeType.Double, "The same in whole units, for drawing",
            edge => ExportText.Value(edge.Amount, _view.NameOf(edge.Asset).Decimals)),
        new("is_swap", AttributeType.Boolean, "Whether another asset was given for it",
            static edge => Boolean(edge.Hops.Any(static item => item.Hop.Paid is not null))),
        new("grade", Text, "recorded, derived, inferred or hypothesis: the weakest of its hops",
            static edge => ExportText.Word(edge.Hops.Max(static item => item.Hop.Movement.Grade))),
    ];

    private IEnumerable<GraphAttribute<FlowEdge>> OfHops() =>
    [
        new("order", Int, "Place in the order value moved, from 1", static edge => ExportText.Number(edge.Hops[0].Index + 1)),
        new("time", Text, "Time of the block, ISO 8601 in UTC", static edge => ExportText.Time(StampOf(edge).TimeSeconds)),
        new("time_seconds", Long, "The same as Unix seconds", static edge => Whole(StampOf(edge).TimeSeconds)),
        new("block", Long, "Block, or the first of a range", static edge => Whole(StampOf(edge).Block)),
        new("block_max", Long, "Last block of the range, when the block is not exact", static edge => Whole(StampOf(edge).BlockMax)),
        new("tx_index", Long, "Index of the transaction in its block", static edge => Whole(StampOf(edge).TxIndex)),
        new("step", Long, "Order of the movement within its transaction", static edge => Whole(edge.First.Movement.Position.Step)),
        new("tx_hash", Text, "Transaction", static edge => edge.First.Movement.Tx?.ToString(edge.First.Movement.Chain.Family)),
        new("kind", Text, "What kind of movement", static edge => ExportText.Word(edge.First.Movement.Kind)),
        new("source", Text, "Where the fact comes from", static edge => edge.First.Movement.Source),
        new("paid_asset", Text, "In a swap, what was given", edge => edge.First.Paid is Leg paid ? _view.TextOf(paid.Holder.Asset) : null),
        new("paid_amount", Text, "In a swap, how much was given, in base units", static edge => edge.First.Paid?.Amount.ToString()),
    ];

    private static IEnumerable<GraphAttribute<FlowEdge>> OfFlows() =>
    [
        new("hops", Int, "How many hops are merged", static edge => ExportText.Number(edge.Hops.Count)),
        new("first_time", Text, "Time of the first, ISO 8601 in UTC", static edge => ExportText.Time(FirstTime(edge))),
        new("first_time_seconds", Long, "The same as Unix seconds", static edge => Whole(FirstTime(edge))),
        new("last_time", Text, "Time of the last, ISO 8601 in UTC", static edge => ExportText.Time(LastTime(edge))),
        new("last_time_seconds", Long, "The same as Unix seconds", static edge => Whole(LastTime(edge))),
    ];

    private IEnumerable<GraphAttribute<FlowEdge>> OfEdgesBySeed(SeedBalance sheet)
    {
        int seed = sheet.Seed;
        string id = Prefix(seed);
        int decimals = _view.NameOf(sheet.Asset).Decimals;
        yield return new($"{id}_amount", Text, $"The part of {TraceView.SeedId(seed)}, in base units of the asset",
            edge => edge.PartOf(seed) is { } part ? ExportText.Number(part.Amount) : null);
        yield return new($"{id}_amount_value", AttributeType.Double, "The same in whole units, for drawing",
            edge => edge.PartOf(seed) is { } part ? ExportText.Value(part.Amount, _view.NameOf(edge.Asset).Decimals) : null);
        if (_view.AddsUp)
        {
            yield return new($"{id}_origin", Text, "What that part stands for, in the seed's base units",
                edge => edge.PartOf(seed) is { } part ? ExportText.Number(part.Origin) : null);
            yield return new($"{id}_origin_value", AttributeType.Double, "The same in whole units, for drawing",
                edge => edge.PartOf(seed) is { } part ? ExportText.Value(part.Origin, decimals) : null);
        }
    }

    // A hyphen in a name would make it an expression in most programs that style by attributes.
    private static string Prefix(int seed) => $"seed_{ExportText.Number(seed + 1)}";

    private static Stamp StampOf(FlowEdge edge) => edge.First.Movement.Stamp;

    private static long? FirstTime(FlowEdge edge) => edge.Hops.Min(static item => item.Hop.Movement.Stamp.TimeSeconds);

    private static long? LastTime(FlowEdge edge) => edge.Hops.Max(static item => item.Hop.Movement.Stamp.TimeSeconds);

    private static BigInteger RestOf(TraceNode node, int seed)
    {
        BigInteger rest = BigInteger.Zero;
        foreach (Holding holding in node.Holdings)
        {
            rest += holding.Seed == seed ? holding.Origin.ToBigInteger() : BigInteger.Zero;
        }

        return rest;
    }

    private static string? Exact(BigInteger amount) => amount.IsZero ? null : ExportText.Number(amount);

    private static string? Drawn(BigInteger amount, int decimals) =>
        amount.IsZero ? null : ExportText.Value(amount, decimals);

    private static string Boolean(bool value) => value ? "true" : "false";

    private static string? Whole(long? number) => number is long known ? ExportText.Number(known) : null;

    // A number that a signed 64-bit attribute cannot hold is left out rather than written wrong; trace.json has it.
    private static string? Whole(ulong? number) => number <= long.MaxValue ? ExportText.Number(number.Value) : null;
}

/// <summary>A node with its index in the trace.</summary>
internal sealed record GraphNode(int Index, TraceNode Node);
