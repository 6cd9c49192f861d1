using System.Collections.Immutable;

namespace FlowTracer.Core.Taint;

/// <summary>How a pool decides which money leaves it.</summary>
public interface ITaintPolicy
{
    /// <summary>The name on the command line and in exports, lower case.</summary>
    string Name { get; }

    /// <summary>One clause for a person.</summary>
    string Summary { get; }

    /// <summary>Whether it measures reach only: such a policy has no balance sheet.</summary>
    bool MeasuresReach { get; }

    /// <summary>An empty pool for a run with these claims.</summary>
    LotPool NewPool(ClaimTable claims);
}

/// <summary>
/// The policies, by name. Poison and haircut are those of Möser, Böhme and Breuker, "Towards Risk Scoring of Bitcoin
/// Transactions" (2014); FIFO follows Clayton's case as Anderson, Shumailov and Ahmed apply it ("Making Bitcoin Legal",
/// 2018); LIBR is the lowest intermediate balance rule of English and US trust law; PIFO, poison in first out, is the
/// reading least kind to the holder.
/// </summary>
public static class TaintPolicies
{
    /// <summary>First in, first out.</summary>
    public static ITaintPolicy Fifo { get; } =
        new Policy("fifo", "what came first leaves first", false, static _ => new QueuePool(newestFirst: false));

    /// <summary>Last in, first out.</summary>
    public static ITaintPolicy Lifo { get; } =
        new Policy("lifo", "what came last leaves first", false, static _ => new QueuePool(newestFirst: true));

    /// <summary>Stolen money leaves first.</summary>
    public static ITaintPolicy Pifo { get; } =
        new Policy("pifo", "stolen money leaves first", false, static _ => new ClassPool(taintedFirst: true));

    /// <summary>Clean money leaves first, so what stays tainted is the lowest balance in between.</summary>
    public static ITaintPolicy Libr { get; } =
        new Policy("libr", "clean money leaves first (lowest intermediate balance)", false,
            static _ => new ClassPool(taintedFirst: false));

    /// <summary>Every payment is a mixture in proportion.</summary>
    public static ITaintPolicy Haircut { get; } =
        new Policy("haircut", "every payment is a mixture in proportion", false, static _ => new HaircutPool());

    /// <summary>Everything that leaves a tainted pool is marked.</summary>
    public static ITaintPolicy Poison { get; } =
        new Policy("poison", "everything that leaves a tainted balance is marked (reach, not value)", true,
            static claims => new PoisonPool(claims));

    /// <summary>All of them, in the order a table shows them.</summary>
    public static ImmutableArray<ITaintPolicy> All { get; } = [Fifo, Lifo, Pifo, Libr, Haircut, Poison];

    /// <summary>The policy of a name, or null.</summary>
    public static ITaintPolicy? Find(string name) => All.FirstOrDefault(policy => policy.Name == name);

    private sealed record Policy(string Name, string Summary, bool MeasuresReach, Func<ClaimTable, LotPool> Pool)
        : ITaintPolicy
    {
        public LotPool NewPool(ClaimTable claims) => Pool(claims);
    }
}
