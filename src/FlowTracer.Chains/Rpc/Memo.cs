using System.Collections.Concurrent;

namespace FlowTracer.Chains.Rpc;

/// <summary>Answers already asked for in this run, finished or under way: a question is asked once.</summary>
internal sealed class Memo<TKey, TValue>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task<TValue>>> _answers = [];

    /// <summary>The answer to a question, asked now if it was not before.</summary>
    public Task<TValue> GetAsync(TKey key, Func<TKey, Task<TValue>> ask) =>
        _answers.GetOrAdd(key, static (k, a) => new Lazy<Task<TValue>>(() => a(k)), ask).Value;

    /// <summary>An answer that has come already.</summary>
    public bool TryGet(TKey key, out TValue value)
    {
        bool isThere = _answers.TryGetValue(key, out Lazy<Task<TValue>>? answer) && answer.IsValueCreated && answer.Value.IsCompletedSuccessfully;
        value = isThere ? answer!.Value.Result : default!;
        return isThere;
    }

    /// <summary>Gives a question another answer.</summary>
    public void Set(TKey key, TValue value) => _answers[key] = new Lazy<Task<TValue>>(Task.FromResult(value));

    /// <summary>Forgets everything.</summary>
    public void Clear() => _answers.Clear();
}
