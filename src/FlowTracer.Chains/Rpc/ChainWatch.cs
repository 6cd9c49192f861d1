using System.Globalization;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Holds a source to one view of the chain: questions are asked one after another (within one everything is asked at
/// once), and where answers contradict each other, the view's last block tells whether the chain was reorganised.
/// </summary>
public sealed class ChainWatch : IDisposable
{
    private const int MostReorganisations = 3;

    private readonly string _name;
    private readonly Func<CancellationToken, Task<ChainView>> _look;
    private readonly Func<ulong, CancellationToken, Task<string?>> _hashNow;
    private readonly Func<bool> _hasAsked;
    private readonly Action _forget;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _reorganisations;

    /// <summary>A watch over a view.</summary>
    /// <param name="name">The source, for errors.</param>
    /// <param name="view">The chain as it is seen at first.</param>
    /// <param name="look">Looks again where the chain ends, after a reorganisation.</param>
    /// <param name="hashNow">The hash of the block at a height as it is now; null when there is none.</param>
    /// <param name="hasAsked">
    /// Whether the source was asked anything: answers kept from before agree with each other, and nobody need be asked if
    /// the chain has changed since.
    /// </param>
    /// <param name="forget">Forgets what was read of the old chain.</param>
    public ChainWatch(
        string name, ChainView view, Func<CancellationToken, Task<ChainView>> look,
        Func<ulong, CancellationToken, Task<string?>> hashNow, Func<bool> hasAsked, Action forget) =>
        (_name, View, _look, _hashNow, _hasAsked, _forget) = (name, view, look, hashNow, hasAsked, forget);

    /// <summary>The chain as it is seen.</summary>
    public ChainView View { get; private set; }

    /// <summary>What was answered from this chain or the ones before. Only in turn.</summary>
    public HashSet<HistoryRequest> Answered { get; } = [];

    /// <summary>
    /// Asks, and asks anew when what failed was a reorganisation: an answer that contradicts what was said before.
    /// </summary>
    /// <param name="ask">The question.</param>
    /// <param name="isDoubtful">Whether a fault may come of a reorganisation.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<T> AskAsync<T>(Func<Task<T>> ask, Func<SourceException, bool> isDoubtful, CancellationToken cancellationToken) =>
        InTurnAsync(
            async () =>
            {
                while (true)
                {
                    try
                    {
                        return await ask().ConfigureAwait(false);
                    }
                    catch (SourceException fault) when (isDoubtful(fault))
                    {
                        if (!await HasMovedOnAsync(cancellationToken).ConfigureAwait(false))
                        {
                            throw;
                        }
                    }
                }
            },
            cancellationToken);

    /// <summary>Does something while nobody asks.</summary>
    public async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Whether the chain was reorganised; if so, the view is another from now on, and what was read is forgotten. While the
    /// block the view ends with has its hash, so have all before it. Only in turn.
    /// </summary>
    /// <exception cref="SourceException">It was reorganised again and again.</exception>
    public async Task<bool> HasMovedOnAsync(CancellationToken cancellationToken)
    {
        if (View.Head <= View.FinalBlock || !_hasAsked()
            || await _hashNow(View.Head, cancellationToken).ConfigureAwait(false) == View.HeadHash)
        {
            return false;
        }

        if (++_reorganisations > MostReorganisations)
        {
            throw new SourceException(
                _name, string.Create(CultureInfo.InvariantCulture, $"block {View.Head}"),
                "the chain was reorganised again and again during the trace; look further back with --confirmations");
        }

        View = await _look(cancellationToken).ConfigureAwait(false);
        _forget();
        return true;
    }

    /// <summary>Forgets what was read and answered.</summary>
    public Task StartOverAsync(CancellationToken cancellationToken) => InTurnAsync(
        () =>
        {
            _forget();
            Answered.Clear();
            return Task.FromResult(true);
        },
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}
