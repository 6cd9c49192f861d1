using System.Diagnostics.CodeAnalysis;

namespace FlowTracer.App.Labels;

/// <summary>A value in a TagPack: a text, a list or a set of fields. Values compare by content.</summary>
public abstract record LabelValue
{
    // What the value amounts to when every alias in it is written out; a reader bounds both.
    internal abstract long ValueCount { get; }

    internal abstract long CharacterCount { get; }
}

/// <summary>
/// A scalar. <paramref name="IsTyped"/> tells <c>true</c> from <c>'true'</c>: an unquoted text that YAML reads as something
/// other than text (a truth value, a number, a date, nothing at all), whose quotes must stay off when it is written again.
/// Nothing at all (<c>null</c>, <c>~</c>, no text) is the typed empty text.
/// </summary>
public sealed record LabelText(string Text, bool IsTyped = false) : LabelValue
{
    /// <summary>YAML's null.</summary>
    public bool IsNull => IsTyped && Text.Length == 0;

    internal override long ValueCount => 1;

    internal override long CharacterCount => Text.Length;
}

/// <summary>A list of values.</summary>
public sealed record LabelList : LabelValue
{
    private readonly LabelValue[] _items;

    public LabelList(IEnumerable<LabelValue> items)
    {
        _items = [.. items];
        ValueCount = 1;
        foreach (LabelValue item in _items)
        {
            ValueCount += item.ValueCount;
            CharacterCount += item.CharacterCount;
        }
    }

    /// <summary>The values in order.</summary>
    public IReadOnlyList<LabelValue> Items => _items;

    internal override long ValueCount { get; }

    internal override long CharacterCount { get; }

    public bool Equals(LabelList? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    public override int GetHashCode() => _items.Length;
}

/// <summary>Named values in the order in which they were written; no name occurs twice.</summary>
public sealed record LabelFields : LabelValue
{
    private readonly KeyValuePair<string, LabelValue>[] _items;

    /// <exception cref="ArgumentException">A name occurs twice.</exception>
    public LabelFields(IEnumerable<KeyValuePair<string, LabelValue>> items)
    {
        _items = [.. items];
        ValueCount = 1;
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, LabelValue value) in _items)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"The field '{name}' occurs twice.", nameof(items));
            }

            ValueCount += value.ValueCount;
            CharacterCount += name.Length + value.CharacterCount;
        }
    }

    /// <summary>The fields in order.</summary>
    public IReadOnlyList<KeyValuePair<string, LabelValue>> Items => _items;

    internal override long ValueCount { get; }

    internal override long CharacterCount { get; }

    /// <summary>The value of that name; false when there is none.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out LabelValue? value)
    {
        // A dozen fields at most: looking through them costs less than a table for each of a pack's tags.
        foreach ((string key, LabelValue found) in _items)
        {
            if (key == name)
            {
                value = found;
                return true;
            }
        }

        value = null;
        return false;
    }

    public bool Equals(LabelFields? other)
    {
        if (other is null || _items.Length != other._items.Length)
        {
            return false;
        }

        for (int i = 0; i < _items.Length; i++)
        {
            if (_items[i].Key != other._items[i].Key || !_items[i].Value.Equals(other._items[i].Value))
            {
                return false;
            }
        }

        return true;
    }

    public override int GetHashCode() => _items.Length;
}
