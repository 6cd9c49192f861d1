using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Labels;

/// <summary>Every claim of a set of packs, by address, in memory. It cannot be changed.</summary>
public sealed class LabelIndex : ITagSource
{
    private readonly Tag[] _tags;

    // The claims about one address are a chain through _tags: where it begins, and where each claim's next one is.
    private readonly Dictionary<Address, int> _first;
    private readonly int[] _next;

    private LabelIndex(LoadedPack[] packs)
    {
        Packs = Array.AsReadOnly(packs);
        Digest = DigestOf(packs);
        _tags = new Tag[packs.Sum(pack => pack.Tags.Count)];
        _next = new int[_tags.Length];
        _first = new Dictionary<Address, int>(_tags.Length);
        int at = 0;
        foreach (LoadedPack pack in packs)
        {
            foreach (Tag tag in pack.Tags)
            {
                _tags[at] = tag;
                _next[at] = _first.TryGetValue(tag.Address, out int before) ? before : -1;
                _first[tag.Address] = at;
                at++;
            }
        }
    }

    /// <summary>The packs it was built from, by name.</summary>
    public IReadOnlyList<LoadedPack> Packs { get; }

    /// <summary>
    /// The SHA-256 digest, in lower-case hexadecimal, of one line for each pack in the order of their names: the file's
    /// name, a tab, the digest of its bytes, a line feed. It tells whether two traces saw the same labels.
    /// </summary>
    public string Digest { get; }

    /// <summary>How many claims there are.</summary>
    public int Count => _tags.Length;

    /// <summary>How many addresses they are about.</summary>
    public int AddressCount => _first.Count;

    /// <summary>An index over packs in any order.</summary>
    /// <exception cref="ArgumentException">Two packs have the same name.</exception>
    public static LabelIndex Of(IEnumerable<LoadedPack> packs)
    {
        ArgumentNullException.ThrowIfNull(packs);
        LoadedPack[] sorted = [.. packs];
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Name == sorted[i - 1].Name)
            {
                throw new ArgumentException($"Two packs are named '{sorted[i].Name}'.", nameof(packs));
            }
        }

        return new LabelIndex(sorted);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Tag> TagsOf(Address address)
    {
        if (!_first.TryGetValue(address, out int at))
        {
            return [];
        }

        var tags = new List<Tag>(1);
        for (; at >= 0; at = _next[at])
        {
            tags.Add(_tags[at]);
        }

        return tags;
    }

    private static string DigestOf(LoadedPack[] packs)
    {
        var lines = new StringBuilder();
        foreach (LoadedPack pack in packs)
        {
            lines.Append(pack.FileName).Append('\t').Append(pack.Sha256).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }
}
