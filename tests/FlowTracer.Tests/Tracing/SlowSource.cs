using System.Collections.Concurrent;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Tracing;

/// <summary>Answers as another source does, after a while and in no order, and counts what it is asked.</summary>
internal sealed class SlowSource(IHistorySource source, int seed, int mostDelayMs) : IHistorySource
{
    private readonly Random _random = new(seed);
    private int _inFlight;

    /// <summary>The questions, as (how many holders) in the order they came.</summary>
    public ConcurrentQueue<IReadOnlyList<HistoryRequest>> Questions { get; } = new();

    /// <summary>How many questions were open at once, at most.</summary>
    public int MostInFlight { get; private set; }

    /// <summary>Called before each answer.</summary>
    public Action<int>? OnRead { get; init; }

    public async Task<IReadOnlyList<History>> ReadAsync(
        IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        int delay;
        lock (_random)
        {
            Questions.Enqueue(requests);
            MostInFlight = Math.Max(MostInFlight, ++_inFlight);
            delay = _random.Next(mostDelayMs + 1);
        }

        try
        {
            OnRead?.Invoke(Questions.Count);
            await Task.Delay(delay, cancellationToken);
            return await source.ReadAsync(requests, cancellationToken);
        }
        finally
        {
            lock (_random)
            {
                _inFlight--;
            }
        }
    }

    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
        source.FindTransactionAsync(chain, tx, cancellationToken);

    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
            Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
        source.HoldersOfAsync(address, at, direction, cancellationToken);
}
