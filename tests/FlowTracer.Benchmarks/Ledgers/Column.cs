namespace FlowTracer.Benchmarks.Ledgers;

/// <summary>A column that grows by a quarter at a time and is handed over without a copy.</summary>
internal sealed class Column<T>(int capacity)
    where T : unmanaged
{
    private T[] _items = new T[Math.Max(capacity, 16)];

    /// <summary>How many items.</summary>
    public int Count { get; private set; }

    /// <summary>One of them.</summary>
    public ref T this[int index] => ref _items[index];

    /// <summary>Adds one; its index.</summary>
    public int Add(T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count + (Count / 4));
        }

        _items[Count] = item;
        return Count++;
    }

    /// <summary>What it holds, in place.</summary>
    public ReadOnlyMemory<T> Memory => _items.AsMemory(0, Count);
}
