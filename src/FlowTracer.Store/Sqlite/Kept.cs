using System.Diagnostics.CodeAnalysis;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// What was looked up, in two generations: what is found again moves to the younger; <see cref="Trim"/> drops the older one when the
/// younger is full.
/// </summary>
internal sealed class Kept<TKey, TValue>
    where TKey : notnull
{
    // A holder has some 300 bytes: twice that many, both ways, are 150 MB.
    private const int Most = 250_000;

    private Dictionary<TKey, TValue> _young = [];
    private Dictionary<TKey, TValue> _old = [];

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (_young.TryGetValue(key, out value))
        {
            return true;
        }

        if (!_old.TryGetValue(key, out value))
        {
            return false;
        }

        _young[key] = value;
        return true;
    }

    public TValue Keep(TKey key, TValue value) => _young[key] = value;

    public void Trim()
    {
        if (_young.Count >= Most)
        {
            // The room it had is used again.
            _old.Clear();
            (_young, _old) = (_old, _young);
        }
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}
