using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Export;

/// <summary>A seed's part of an edge.</summary>
/// <param name="Amount">How much of what moved, in base units of the edge's asset.</param>
/// <param name="Origin">What it stands for, in the seed's base units.</param>
internal readonly record struct FlowPart(BigInteger Amount, BigInteger Origin);

/// <summary>An edge of a drawn graph: one hop, or all hops of one asset between two nodes.</summary>
internal sealed class FlowEdge
{
    private readonly SortedList<int, FlowPart> _parts = [];

    private FlowEdge(string id, IReadOnlyList<(int Index, Hop Hop)> hops)
    {
        (Id, Hops) = (id, hops);
        foreach ((_, Hop hop) in hops)
        {
            Amount += hop.Amount.ToBigInteger();
            foreach (HopLot lot in hop.Lots)
            {
                FlowPart part = _parts.GetValueOrDefault(lot.Seed);
                _parts[lot.Seed] = new FlowPart(
                    part.Amount + lot.Amount.ToBigInteger(), part.Origin + lot.Origin.ToBigInteger());
            }
        }
    }

    /// <summary>The same in every run: the hop's id, or <c>flow-1</c> and on in the order the pairs first appear.</summary>
    public string Id { get; }

    /// <summary>Its hops in the order value moved, with their places in the trace; at least one.</summary>
    public IReadOnlyList<(int Index, Hop Hop)> Hops { get; }

    /// <summary>The first hop.</summary>
    public Hop First => Hops[0].Hop;

    /// <summary>Index of the giving node.</summary>
    public int From => First.From;

    /// <summary>Index of the receiving node.</summary>
    public int To => First.To;

    /// <summary>What was received.</summary>
    public Asset Asset => First.Asset;

    /// <summary>How much in all, clean money too, in base units; a sum may pass 2^256.</summary>
    public BigInteger Amount { get; }

    /// <summary>A seed's part, or null when it has none.</summary>
    public FlowPart? PartOf(int seed) => _parts.TryGetValue(seed, out FlowPart part) ? part : null;

    /// <summary>The edges of a trace.</summary>
    /// <param name="hops">Its hops.</param>
    /// <param name="aggregate">Whether hops of one pair of nodes and one asset are one edge.</param>
    public static IReadOnlyList<FlowEdge> Of(IReadOnlyList<Hop> hops, bool aggregate)
    {
        IEnumerable<(int Index, Hop Hop)> indexed = hops.Select(static (hop, index) => (index, hop));
        return aggregate
            ? [.. indexed.GroupBy(static item => (item.Hop.From, item.Hop.To, item.Hop.Asset))
                .Select(static (group, index) => new FlowEdge($"flow-{ExportText.Number(index + 1)}", [.. group]))]
            : [.. indexed.Select(static item => new FlowEdge(TraceView.HopId(item.Index), [item]))];
    }
}
