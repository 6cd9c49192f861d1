namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Answers that hold more than was asked for, kept for the questions that come next. Each question is answered from one
/// answer once: who asks it again doubts it, and it is fetched anew. What is kept is bounded by weight; the first kept go
/// first. For many threads.
/// </summary>
/// <typeparam name="TKey">What an answer is about.</typeparam>
/// <typeparam name="TQuestion">The questions that one answer holds the answers to.</typeparam>
/// <typeparam name="TAnswer">The whole answer.</typeparam>
internal sealed class OnceMemo<TKey, TQuestion, TAnswer>(long mostWeight)
    where TKey : notnull
    where TAnswer : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly LinkedList<Entry> _order = new();
    private long _weight;

    /// <summary>The answer, for one of its questions; fetched if it is not there, or was given for this question before.</summary>
    /// <param name="key">What it is about.</param>
    /// <param name="question">What is asked of it.</param>
    /// <param name="fetch">Fetches it; null when there is none, and that is not kept.</param>
    /// <param name="weigh">How much it weighs.</param>
    /// <param name="cancellationToken">The asker's: another one's fetching is not ended by it.</param>
    public async Task<TAnswer?> GetAsync(
        TKey key, TQuestion question, Func<CancellationToken, Task<TAnswer?>> fetch, Func<TAnswer, long> weigh,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            Entry entry;
            bool isOwn;
            lock (_lock)
            {
                isOwn = !_entries.TryGetValue(key, out Entry? kept) || !kept.Given.Add(question);
                entry = isOwn ? Put(new Entry(key), question) : kept!;
            }

            if (isOwn)
            {
                return await FetchAsync(entry, fetch, weigh, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                return await entry.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Who fetched it gave up: it is fetched by the next.
            }
        }
    }

    /// <summary>Keeps an answer that came with another.</summary>
    public void Keep(TKey key, TAnswer answer, long weight)
    {
        Entry entry = new(key);
        entry.Answer.SetResult(answer);
        lock (_lock)
        {
            Weigh(Put(entry), weight);
        }
    }

    private async Task<TAnswer?> FetchAsync(
        Entry entry, Func<CancellationToken, Task<TAnswer?>> fetch, Func<TAnswer, long> weigh, CancellationToken cancellationToken)
    {
        try
        {
            TAnswer? answer = await fetch(cancellationToken).ConfigureAwait(false);
            lock (_lock)
            {
                if (answer is null)
                {
                    Forget(entry);
                }
                else
                {
                    Weigh(entry, weigh(answer));
                }
            }

            entry.Answer.SetResult(answer);
            return answer;
        }
        catch (Exception fault)
        {
            lock (_lock)
            {
                Forget(entry);
            }

            if (fault is OperationCanceledException)
            {
                entry.Answer.SetCanceled(CancellationToken.None);
            }
            else
            {
                entry.Answer.SetException(fault);
                // Nobody may be waiting, and a fault nobody looks at is no program error.
                _ = entry.Answer.Task.Exception;
            }

            throw;
        }
    }

    // Under the lock, as are those below.
    private Entry Put(Entry entry, params ReadOnlySpan<TQuestion> given)
    {
        foreach (TQuestion question in given)
        {
            entry.Given.Add(question);
        }

        if (_entries.Remove(entry.Key, out Entry? old))
        {
            Lighten(old);
        }

        _entries.Add(entry.Key, entry);
        return entry;
    }

    private void Weigh(Entry entry, long weight)
    {
        if (_entries.GetValueOrDefault(entry.Key) != entry)
        {
            return;
        }

        entry.Weight = weight;
        _weight += weight;
        entry.Place = _order.AddLast(entry);
        while (_weight > mostWeight)
        {
            Forget(_order.First!.Value);
        }
    }

    private void Forget(Entry entry)
    {
        if (_entries.GetValueOrDefault(entry.Key) == entry)
        {
            _entries.Remove(entry.Key);
        }

        Lighten(entry);
    }

    private void Lighten(Entry entry)
    {
        if (entry.Place is { } place)
        {
            _order.Remove(place);
            _weight -= entry.Weight;
            entry.Place = null;
        }
    }

    private sealed class Entry(TKey key)
    {
        public TKey Key { get; } = key;

        public HashSet<TQuestion> Given { get; } = [];

        public TaskCompletionSource<TAnswer?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Weight { get; set; }

        /// <summary>Where it stands in the order of going; null while it is not kept.</summary>
        public LinkedListNode<Entry>? Place { get; set; }
    }
}
