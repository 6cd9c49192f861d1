namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// The last answers to questions that cost much, finished or under way: what is asked by several at the same time is asked
/// once, and only so many are kept. What failed is forgotten. For many threads.
/// </summary>
/// <param name="most">How many are kept; at least 1.</param>
internal sealed class Recent<TKey, TValue>(int most)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, Task<TValue> Answer)>> _byKey = [];
    private readonly LinkedList<(TKey Key, Task<TValue> Answer)> _byAge = [];

    /// <summary>The answer to a question, asked now if it is not known.</summary>
    public async Task<TValue> GetAsync(TKey key, Func<Task<TValue>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<TValue> answer = Find(key, ask);
            try
            {
                return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (answer.IsCanceled && !cancellationToken.IsCancellationRequested)
            {
                // Whoever asked first has given up, not we.
                Forget(key, answer);
            }
            catch (Exception) when (answer.IsFaulted || answer.IsCanceled)
            {
                Forget(key, answer);
                throw;
            }
        }
    }

    private Task<TValue> Find(TKey key, Func<Task<TValue>> ask)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out LinkedListNode<(TKey Key, Task<TValue> Answer)>? known))
            {
                _byAge.Remove(known);
                _byAge.AddLast(known);
                return known.Value.Answer;
            }

            // Not started here: it would run under the lock.
            Task<TValue> answer = Task.Run(ask);
            _byKey[key] = _byAge.AddLast((key, answer));
            if (_byKey.Count > most)
            {
                _byKey.Remove(_byAge.First!.Value.Key);
                _byAge.RemoveFirst();
            }

            return answer;
        }
    }

    private void Forget(TKey key, Task<TValue> answer)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out LinkedListNode<(TKey Key, Task<TValue> Answer)>? known) && known.Value.Answer == answer)
            {
                _byAge.Remove(known);
                _byKey.Remove(key);
            }
        }
    }
}
