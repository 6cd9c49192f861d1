using System.Collections.Immutable;
using FlowTracer.Core.Model;

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

    /// <summary>Which of several takers of one movement is served first.</summary>
    OutOrder OutOrder { get; }

    /// <summary>An empty pool for a run with these lots.</summary>
    LotPool NewPool(LotSlab<Amount> lots) => Accept(new PoolMaker(lots));

    /// <summary>Calls back with the kind of pool of this policy: the one place that says which it is.</summary>
    internal TResult Accept<TUnits, TResult>(IPoolUser<TUnits, TResult> user)
        where TUnits : struct, IUnits<TUnits>;
}

/// <summary>What is done with the kind of pool that a policy names.</summary>
internal interface IPoolUser<TUnits, TResult>
    where TUnits : struct, IUnits<TUnits>
{
    /// <summary>Does it.</summary>
    TResult With<TPool>()
        where TPool : struct, IHolderPool<TUnits, TPool>;
}

/// <summary>Makes a pool of the general sweep.</summary>
internal sealed class PoolMaker(LotSlab<Amount> lots) : IPoolUser<Amount, LotPool>
{
    public LotPool With<TPool>()
        where TPool : struct, IHolderPool<Amount, TPool> => new LotPool<TPool>(lots);
}

/// <summary>
/// The policies, by name. Poison and haircut are those of Möser, Böhme and Breuker, "Towards Risk Scoring of Bitcoin
/// Transactions" (2014); FIFO follows Clayton's case as Anderson, Shumailov and Ahmed apply it ("Making Bitcoin Legal",
/// 2018); LIBR is the lowest intermediate balance rule of English and US trust law; PIFO, poison in first out, is the
/// reading least kind to the holder; TIHO, taint in highest out, is that of Tironsakkul, Maarek, Eross and Just ("Probing
/// the Mystery of Cryptocurrency Theft", 2019): a thief keeps most of what he stole together.
/// </summary>
public static class TaintPolicies
{
    /// <summary>First in, first out.</summary>
    public static ITaintPolicy Fifo { get; } = new QueuePolicy(
        "fifo", "what came first leaves first", InOrder.First, OutOrder.First);

    /// <summary>Last in, first out.</summary>
    public static ITaintPolicy Lifo { get; } = new QueuePolicy(
        "lifo", "what came last leaves first", InOrder.Last, OutOrder.First);

    /// <summary>Stolen money leaves first.</summary>
    public static ITaintPolicy Pifo { get; } = new QueuePolicy(
        "pifo", "stolen money leaves first", InOrder.Taint, OutOrder.First);

    /// <summary>Clean money leaves first, so what stays tainted is the lowest balance in between.</summary>
    public static ITaintPolicy Libr { get; } = new QueuePolicy(
        "libr", "clean money leaves first (lowest intermediate balance)", InOrder.Clean, OutOrder.First);

    /// <summary>Stolen money leaves first and goes to whoever takes most. Where one pays one it is PIFO.</summary>
    public static ITaintPolicy Tiho { get; } = new QueuePolicy(
        "tiho", "stolen money goes to the highest output", InOrder.Taint, OutOrder.Highest);

    /// <summary>Every payment is a mixture in proportion.</summary>
    public static ITaintPolicy Haircut { get; } = new HaircutPolicy();

    /// <summary>Everything that leaves a tainted pool is marked.</summary>
    public static ITaintPolicy Poison { get; } = new PoisonPolicy();

    /// <summary>All that have a name of their own, in the order a table shows them.</summary>
    public static ImmutableArray<ITaintPolicy> All { get; } = [Fifo, Lifo, Pifo, Libr, Tiho, Haircut, Poison];

    /// <summary>
    /// The queue policy of two orders: one of <see cref="All"/> where it has a name of its own, else one called by its
    /// orders, e.g. <c>taint-smallest</c>.
    /// </summary>
    public static ITaintPolicy Queue(InOrder lots, OutOrder takers)
    {
        foreach (ITaintPolicy policy in All)
        {
            if (policy is QueuePolicy queue && queue.Lots == lots && queue.OutOrder == takers)
            {
                return policy;
            }
        }

        return new QueuePolicy(
            $"{lots.Word()}-{takers.Word()}", $"lots leave {lots.Word()} first, takers are served {takers.Word()} first",
            lots, takers);
    }

    /// <summary>The policy of a name, or of two orders (<c>taint-smallest</c>); null when there is none.</summary>
    public static ITaintPolicy? Find(string name) =>
        All.FirstOrDefault(policy => policy.Name == name) ?? (
            from lots in Enum.GetValues<InOrder>()
            from takers in Enum.GetValues<OutOrder>()
            where name == $"{lots.Word()}-{takers.Word()}"
            select Queue(lots, takers)).FirstOrDefault();

    private sealed record QueuePolicy(string Name, string Summary, InOrder Lots, OutOrder OutOrder) : ITaintPolicy
    {
        public bool MeasuresReach => false;

        TResult ITaintPolicy.Accept<TUnits, TResult>(IPoolUser<TUnits, TResult> user) => Lots switch
        {
            InOrder.First => user.With<QueuePool<TUnits, No>>(),
            InOrder.Last => user.With<QueuePool<TUnits, Yes>>(),
            InOrder.Taint => user.With<ClassPool<TUnits, Yes>>(),
            _ => user.With<ClassPool<TUnits, No>>(),
        };
    }

    private abstract record MixingPolicy(string Name, string Summary, bool MeasuresReach) : ITaintPolicy
    {
        // Takers are served as listed, which decides only who gets the units that do not divide.
        public OutOrder OutOrder => OutOrder.First;

        public abstract TResult Accept<TUnits, TResult>(IPoolUser<TUnits, TResult> user)
            where TUnits : struct, IUnits<TUnits>;
    }

    private sealed record HaircutPolicy()
        : MixingPolicy("haircut", "every payment is a mixture in proportion", false)
    {
        public override TResult Accept<TUnits, TResult>(IPoolUser<TUnits, TResult> user) => user.With<HaircutPool<TUnits>>();
    }

    private sealed record PoisonPolicy()
        : MixingPolicy("poison", "everything that leaves a tainted balance is marked (reach, not value)", true)
    {
        public override TResult Accept<TUnits, TResult>(IPoolUser<TUnits, TResult> user) => user.With<PoisonPool<TUnits>>();
    }
}
