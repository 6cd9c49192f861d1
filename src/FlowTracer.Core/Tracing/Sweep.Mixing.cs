using System.Collections.Immutable;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Tracing;

/// <summary>What happens where many owners mix their coins in one transaction.</summary>
internal sealed partial class Sweep
{
    private CoinJoinFinding? MixOf(Movement movement) =>
        CoinTransaction.Of(movement) is { } transaction
        && CoinJoinDetector.Find(transaction, _question.Heuristics) is { Mixes: true } found
            ? found
            : null;

    // Nobody can tell whose output is whose: the money ends in the transaction, as in a mixer, and all that comes out counts
    // as clean; or it goes on as the policy says, and every link is a hypothesis.
    private (Movement Movement, int? Depth) Mix(
        Movement movement, CoinJoinFinding mix, ImmutableArray<Leg> from, List<Lot>[] drawn, int? depth)
    {
        int node = _graph.OfTransaction(movement);
        _mixes[node] = mix;
        if (_question.ThroughCoinJoins)
        {
            return (movement.As(Grade.Hypothesis, $"it is a {mix.Protocol} CoinJoin, whose inputs nobody can link to its outputs"), depth);
        }

        for (int i = 0; i < from.Length; i++)
        {
            if (drawn[i].Exists(static lot => lot.IsTainted))
            {
                _graph.Move(NodeOfGiver(from[i].Holder), node, from[i], null, movement, drawn[i]);
                Book(drawn[i], new SinkKey(SinkKind.Mixer, $"CoinJoin ({mix.Protocol})"), from[i].Holder.Asset, node);
                drawn[i] = [Lot.CleanOf(from[i].Amount)];
            }
        }

        _graph.End(node, SinkKind.Mixer);
        return (movement, null);
    }
}
