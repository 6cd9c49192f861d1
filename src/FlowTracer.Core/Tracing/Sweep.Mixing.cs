using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Tracing;

/// <summary>What happens where many owners mix their coins in one transaction.</summary>
internal sealed partial class Sweep
{
    // Nobody can tell whose output is whose: the money ends in the transaction, as in a mixer, and all that comes out counts
    // as clean; or it goes on as the policy says, and every link is a hypothesis.
    private void Mix(Flow flow)
    {
        if (!Array.Exists(flow.Drawn, static lots => lots.Exists(static lot => lot.IsTainted)) || MixOf(flow.Movement) is not { } mix)
        {
            return;
        }

        int node = _graph.OfTransaction(flow.Movement);
        _mixes[node] = mix;
        if (_question.ThroughCoinJoins)
        {
            flow.Movement = flow.Movement.As(
                Grade.Hypothesis, $"it is a {mix.Protocol} CoinJoin, whose inputs nobody can link to its outputs");
            return;
        }

        for (int i = 0; i < flow.From.Length; i++)
        {
            if (flow.Drawn[i].Exists(static lot => lot.IsTainted))
            {
                _graph.Move(NodeOfGiver(flow.From[i].Holder), node, flow.From[i], null, flow.Movement, flow.Drawn[i]);
                Book(flow.Drawn[i], new SinkKey(SinkKind.Mixer, $"CoinJoin ({mix.Protocol})"), flow.From[i].Holder.Asset, node);
                flow.Drawn[i] = [Lot.CleanOf(flow.From[i].Amount)];
            }
        }

        _graph.End(node, SinkKind.Mixer);
    }

    private CoinJoinFinding? MixOf(Movement movement) =>
        _question.Heuristics != HeuristicSet.None
        && CoinTransaction.Of(movement) is { } transaction
        && CoinJoinDetector.Find(transaction, _question.Heuristics) is { Mixes: true } found
            ? found
            : null;
}
