using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>
/// Passes questions on to a source and notes the facts in its answers, so that a trace can state what it rests on. The
/// digest depends on the facts alone: not on who told them, how they were found or how often they were asked for.
/// </summary>
internal sealed class FactsRecorder(IHistorySource source) : IHistorySource
{
    private readonly Dictionary<HistoryRequest, History> _facts = [];

    /// <summary>SHA-256 over one line a holder and one a movement, sorted (docs/sources.md), in lower-case hexadecimal.</summary>
    /// <param name="seeds">Where the trace starts: their movements are facts too, whether or not a history holds them.</param>
    public string Digest(IEnumerable<Seed> seeds)
    {
        lock (_facts)
        {
            string[] lines = [.. _facts.Values.Select(Line).Concat(_facts.Values.SelectMany(static h => h.Movements)
                .Concat(seeds.OfType<TransferSeed>().Select(static seed => seed.Movement)).Select(Line)).Distinct()];
            Array.Sort(lines, StringComparer.Ordinal);
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        IReadOnlyList<History> histories = await source.ReadAsync(requests, cancellationToken).ConfigureAwait(false);
        lock (_facts)
        {
            foreach (History history in histories)
            {
                _facts[history.Request] = history;
            }
        }

        return histories;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        source.FindTransactionAsync(chain, tx, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<IReadOnlyList<Movement>>> FindTransactionsAsync(
        ChainId chain, IReadOnlyList<TxHash> txs, CancellationToken cancellationToken) =>
        source.FindTransactionsAsync(chain, txs, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        source.HoldersOfAsync(address, at, direction, cancellationToken);

    /// <inheritdoc/>
    public Task<Position?> PositionAtAsync(ChainId chain, long timeSeconds, CancellationToken cancellationToken) =>
        source.PositionAtAsync(chain, timeSeconds, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HistoryRequest>> ChangedAsync(CancellationToken cancellationToken) =>
        source.ChangedAsync(cancellationToken);

    private static string Line(History history) => string.Create(
        CultureInfo.InvariantCulture,
        $"holder {history.Request.Holder} {history.Request.At} {history.Request.Direction} {history.Opening} {history.Closing} {history.Coverage.IsComplete} {history.Coverage.UpToTimeSeconds}\n");

    private static string Line(Movement movement) => string.Create(
        CultureInfo.InvariantCulture,
        $"movement {movement.Chain} {movement.Position} {movement.Tx} {movement.Kind} {movement.Grade} {movement.Stamp.TimeSeconds} {Legs(movement.Inputs)} > {Legs(movement.Outputs)}\n");

    private static string Legs(IEnumerable<Leg> legs) => string.Join(
        ",", legs.Select(static leg => $"{leg.Holder}={leg.Amount}"));
}
