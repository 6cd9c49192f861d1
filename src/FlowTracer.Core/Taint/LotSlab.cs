using FlowTracer.Core.Model;

namespace FlowTracer.Core.Taint;

/// <summary>
/// Lots in their order, kept in a <see cref="LotSlab{TUnits}"/>. A ring known by its last lot, so that chains are joined
/// without a walk. Handing a chain on hands over its lots: nobody else may use it any more.
/// </summary>
/// <param name="Last">The last lot; zero when there is none.</param>
internal readonly record struct LotChain(int Last)
{
    public bool IsEmpty => Last == 0;
}

/// <summary>All lots of one run, in one block of memory: pools and payments are chains through it.</summary>
/// <typeparam name="TUnits">The width of the numbers.</typeparam>
public sealed class LotSlab<TUnits>
    where TUnits : struct, IUnits<TUnits>
{
    private Link[] _links = new Link[16];
    private long[] _arrivals = [];
    private long _arrived;
    private readonly List<Mixture<TUnits>> _mixtures = [];
    private readonly Stack<int> _idleMixtures = [];

    // Of a copy: which mixtures are still those of the original, and are copied before they are used.
    private HashSet<int>? _shared;
    private TUnits[] _scratch = [];
    private int _used = 1;
    private int _free;

    /// <summary>Lots of a run with these claims.</summary>
    public LotSlab(ClaimTable claims) => Claims = claims;

    private LotSlab(LotSlab<TUnits> other)
        : this(other.Claims)
    {
        _links = other._links[..other._used];
        _arrivals = [.. other._arrivals];
        (_arrived, _used, _free) = (other._arrived, other._used, other._free);
        _mixtures = [.. other._mixtures];
        _idleMixtures = new Stack<int>(other._idleMixtures.Reverse());
        _shared = [.. Enumerable.Range(0, _mixtures.Count)];
    }

    /// <summary>The claims the lots refer to.</summary>
    public ClaimTable Claims { get; }

    /// <summary>The most lots there have been at once.</summary>
    internal int Most => _used - 1;

    internal Lot<TUnits> this[int link]
    {
        get
        {
            ref Link at = ref _links[link];
            return new Lot<TUnits>(at.Claim, at.Amount, at.Origin);
        }

        set
        {
            ref Link at = ref _links[link];
            (at.Claim, at.Amount, at.Origin) = (value.Claim, value.Amount, value.Origin);
        }
    }

    /// <summary>The same lots in the same places, to be changed while the original is not.</summary>
    internal LotSlab<TUnits> Copy() => new(this);

    internal int ClaimOf(int link) => _links[link].Claim;

    internal int First(LotChain chain) => chain.IsEmpty ? 0 : _links[chain.Last].Next;

    /// <summary>The lot after one of a chain; zero after the last.</summary>
    internal int Next(LotChain chain, int link) => link == chain.Last ? 0 : _links[link].Next;

    /// <summary>Asks for the memory of a chain's last lot, and in a second step of its first.</summary>
    internal void Touch(LotChain chain, bool isSecond) =>
        Memory.Prefetch(ref _links[isSecond ? _links[chain.Last].Next : chain.Last]);

    /// <summary>A chain of one lot.</summary>
    internal LotChain Of(Lot<TUnits> lot)
    {
        int link = Rent(lot);
        _links[link].Next = link;
        return new LotChain(link);
    }

    /// <summary>A chain of lots, in their order.</summary>
    internal LotChain Of(List<Lot<TUnits>> lots)
    {
        LotChain chain = default;
        foreach (Lot<TUnits> lot in lots)
        {
            Append(ref chain, lot);
        }

        return chain;
    }

    /// <summary>Adds a lot at the end.</summary>
    internal void Append(ref LotChain chain, Lot<TUnits> lot) => chain = Join(chain, Of(lot));

    /// <summary>One chain, then the other.</summary>
    internal LotChain Join(LotChain first, LotChain then)
    {
        if (first.IsEmpty || then.IsEmpty)
        {
            return first.IsEmpty ? then : first;
        }

        (_links[first.Last].Next, _links[then.Last].Next) = (_links[then.Last].Next, _links[first.Last].Next);
        return then;
    }

    /// <summary>
    /// One chain, then the other; where they meet, two lots that count as one become one.
    /// </summary>
    internal LotChain JoinMerging(LotChain first, LotChain then)
    {
        if (!first.IsEmpty && !then.IsEmpty && this[first.Last].Merges(this[First(then)]))
        {
            LotChain same = Cut(ref then);
            this[first.Last] = this[first.Last].Plus(this[same.Last]);
            Free(same);
        }

        return Join(first, then);
    }

    /// <summary>Takes the first lot off a chain that has one.</summary>
    internal LotChain Cut(ref LotChain chain)
    {
        int first = _links[chain.Last].Next;
        if (first == chain.Last)
        {
            chain = default;
        }
        else
        {
            _links[chain.Last].Next = _links[first].Next;
            _links[first].Next = first;
        }

        return new LotChain(first);
    }

    /// <summary>The lots the other way round.</summary>
    internal LotChain Reverse(LotChain chain)
    {
        LotChain reversed = default;
        while (!chain.IsEmpty)
        {
            reversed = Join(Cut(ref chain), reversed);
        }

        return reversed;
    }

    /// <summary>Gives the lots of a chain up.</summary>
    internal void Free(LotChain chain)
    {
        if (!chain.IsEmpty)
        {
            int first = _links[chain.Last].Next;
            _links[chain.Last].Next = _free;
            _free = first;
        }
    }

    /// <summary>Appends the lots to a list and leaves the chain as it is.</summary>
    internal void CopyTo(LotChain chain, List<Lot<TUnits>> lots)
    {
        for (int link = First(chain); link != 0; link = Next(chain, link))
        {
            lots.Add(this[link]);
        }
    }

    /// <summary>Moves the lots to the end of a list.</summary>
    internal void MoveTo(LotChain chain, List<Lot<TUnits>> lots)
    {
        CopyTo(chain, lots);
        Free(chain);
    }

    /// <summary>Notes that a lot is the latest to arrive of all.</summary>
    internal void Arrive(int link)
    {
        if (_arrivals.Length < _links.Length)
        {
            Array.Resize(ref _arrivals, _links.Length);
        }

        _arrivals[link] = ++_arrived;
    }

    /// <summary>Whether one lot arrived before another, by what <see cref="Arrive"/> noted; a lot that is none (zero) is before all.</summary>
    internal bool IsBefore(int link, int other) => link == 0 || (other != 0 && _arrivals[link] < _arrivals[other]);

    /// <summary>An empty mixture; its name is negative.</summary>
    internal int NewMixture(out Mixture<TUnits> mixture)
    {
        if (!_idleMixtures.TryPop(out int name))
        {
            _mixtures.Add(new Mixture<TUnits>());
            name = -_mixtures.Count;
        }

        mixture = MixtureOf(name);
        return name;
    }

    internal Mixture<TUnits> MixtureOf(int name)
    {
        int place = -name - 1;
        if (_shared is not null && _shared.Remove(place))
        {
            _mixtures[place] = _mixtures[place].Copy();
        }

        return _mixtures[place];
    }

    /// <summary>Gives an empty mixture back.</summary>
    internal void Return(int name) => _idleMixtures.Push(name);

    /// <summary>Room for so many numbers, good until asked for again.</summary>
    internal Span<TUnits> Scratch(int length)
    {
        if (_scratch.Length < length)
        {
            _scratch = new TUnits[2 * length];
        }

        return _scratch.AsSpan(0, length);
    }

    private int Rent(Lot<TUnits> lot)
    {
        int link = _free;
        if (link != 0)
        {
            _free = _links[link].Next;
        }
        else
        {
            if (_used == _links.Length)
            {
                Link[] larger = Memory.Scattered<Link>(_links.Length * 2);
                _links.CopyTo(larger, 0);
                _links = larger;
            }

            link = _used++;
        }

        this[link] = lot;
        return link;
    }

    // The numbers first, so that nothing is lost to alignment.
    private struct Link
    {
        public TUnits Amount;
        public TUnits Origin;
        public int Claim;
        public int Next;
    }
}
