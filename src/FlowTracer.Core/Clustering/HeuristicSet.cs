using FlowTracer.Core.Model;

namespace FlowTracer.Core.Clustering;

/// <summary>Which heuristics are switched on. A value: two sets of the same heuristics are equal.</summary>
public readonly record struct HeuristicSet
{
    private const string AllWord = "all";
    private const string DefaultWord = "default";
    private const string NoneWord = "none";
    private const char Without = '-';

    private readonly uint _bits;

    private HeuristicSet(uint bits) => _bits = bits;

    /// <summary>None.</summary>
    public static HeuristicSet None => default;

    /// <summary>Every one, those too that are off by default.</summary>
    public static HeuristicSet All { get; } = Of(static _ => true);

    /// <summary>Those that are on where nobody chose.</summary>
    public static HeuristicSet Default { get; } = Of(static heuristic => heuristic.IsOnByDefault);

    /// <summary>
    /// Reads names separated by commas: <c>all</c>, <c>default</c>, <c>none</c>, a heuristic's name to switch it on, or
    /// the name behind a <c>-</c> to switch it off. They are taken from left to right, from none on, or from the
    /// default set where the first switches one off: <c>-peel-chain</c> is the default set without that one.
    /// </summary>
    /// <exception cref="InputException">A name is none of those; the message lists them.</exception>
    public static HeuristicSet Parse(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        HeuristicSet set = names.TrimStart().StartsWith(Without) ? Default : None;
        foreach (string part in names.Split(',', StringSplitOptions.TrimEntries))
        {
            set = part switch
            {
                AllWord => All,
                DefaultWord => set.With(Default),
                NoneWord => None,
                [Without, .. string name] => set.Except(Named(name)),
                _ => set.With(Named(part)),
            };
        }

        return set;
    }

    /// <summary>Whether a heuristic is on.</summary>
    public bool Has(Heuristic heuristic)
    {
        ArgumentNullException.ThrowIfNull(heuristic);
        return (_bits & Bit(heuristic)) != 0;
    }

    /// <summary>The same with one more.</summary>
    public HeuristicSet With(Heuristic heuristic)
    {
        ArgumentNullException.ThrowIfNull(heuristic);
        return new HeuristicSet(_bits | Bit(heuristic));
    }

    /// <summary>The same without one.</summary>
    public HeuristicSet Except(Heuristic heuristic)
    {
        ArgumentNullException.ThrowIfNull(heuristic);
        return new HeuristicSet(_bits & ~Bit(heuristic));
    }

    /// <summary>The names of those that are on, in a fixed order, as <see cref="Parse"/> reads them.</summary>
    public override string ToString()
    {
        HeuristicSet set = this;
        return _bits == 0 ? NoneWord : string.Join(',', Heuristic.All.Where(set.Has));
    }

    private static Heuristic Named(string name)
    {
        foreach (Heuristic heuristic in Heuristic.All)
        {
            if (heuristic.Name == name)
            {
                return heuristic;
            }
        }

        string known = string.Join(", ", Heuristic.All);
        throw new InputException(name.Length == 0
            ? $"the name of a heuristic is missing; there are {known}, and all, default and none"
            : $"no heuristic is called '{name}'; there are {known}, and all, default and none");
    }

    private static HeuristicSet Of(Func<Heuristic, bool> isOn)
    {
        HeuristicSet set = None;
        foreach (Heuristic heuristic in Heuristic.All)
        {
            set = isOn(heuristic) ? set.With(heuristic) : set;
        }

        return set;
    }

    private static uint Bit(Heuristic heuristic) => 1U << heuristic.Index;

    private HeuristicSet With(HeuristicSet others) => new(_bits | others._bits);
}
