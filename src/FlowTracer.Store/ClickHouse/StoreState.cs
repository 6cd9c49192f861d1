using System.Globalization;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.ClickHouse;

/// <summary>What of a store's rows counts, as of one row of its journal.</summary>
internal sealed class StoreState
{
    private readonly Dictionary<ChainId, (ulong Number, ChainState State)> _chains = [];

    /// <param name="entries">The last commit or roll back of each chain, all roll backs, and loads begun and not committed.</param>
    public StoreState(IReadOnlyList<Entry> entries)
    {
        foreach (Entry entry in entries.Where(static entry => entry.Kind is EntryKind.Commit or EntryKind.RollBack))
        {
            if (!_chains.TryGetValue(entry.Chain, out (ulong Number, ChainState State) last) || last.Number < entry.Number)
            {
                _chains[entry.Chain] = (entry.Number, entry.State);
            }

            Top = Math.Max(Top, entry.Number);
        }

        HashSet<ulong> committed = [.. entries.Where(static entry => entry.Kind == EntryKind.Commit).Select(static entry => entry.Number)];
        Abandoned = [.. entries
            .Where(entry => entry.Kind == EntryKind.Start && entry.Number < Top && !committed.Contains(entry.Number))
            .Select(static entry => entry.Number).Distinct().Order()];
        RollBacks = [.. entries.Where(static entry => entry.Kind == EntryKind.RollBack).OrderBy(static entry => entry.Number)];
        Cleaned = entries.Where(static entry => entry.Kind == EntryKind.CleanUp).Select(static entry => entry.Number).ToHashSet();
        Visible = Condition();
    }

    /// <summary>The highest number of a load or roll back that counts.</summary>
    public ulong Top { get; }

    /// <summary>Loads begun before that and never committed.</summary>
    public IReadOnlyList<ulong> Abandoned { get; }

    /// <summary>All roll backs, in order.</summary>
    public IReadOnlyList<Entry> RollBacks { get; }

    /// <summary>The numbers whose worthless rows were deleted, or are being.</summary>
    public IReadOnlySet<ulong> Cleaned { get; }

    /// <summary>The condition on <c>load</c>, <c>chain</c> and <c>block</c> that a row that counts fulfils.</summary>
    public string Visible { get; }

    /// <summary>The chains there is anything of, in their order.</summary>
    public IEnumerable<ChainId> Chains => _chains.Keys.Order();

    /// <summary>What there is of a chain.</summary>
    public ChainState Of(ChainId chain) => _chains.TryGetValue(chain, out (ulong Number, ChainState State) known) ? known.State : ChainState.Empty;

    /// <summary>Whether a roll back took rows of a load.</summary>
    public bool IsCut(Entry load) => RollBacks.Any(
        back => back.Chain == load.Chain && back.Number > load.Number && (back.Kept is not ulong kept || load.Highest > kept));

    private string Condition()
    {
        StringBuilder sql = new();
        sql.Append(CultureInfo.InvariantCulture, $"load <= {Top}");
        if (Abandoned.Count > 0)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND load NOT IN ({string.Join(", ", Abandoned)})");
        }

        foreach (Entry back in RollBacks)
        {
            sql.Append(CultureInfo.InvariantCulture, $" AND NOT (load < {back.Number} AND chain = '{back.Chain}'");
            if (back.Kept is ulong kept)
            {
                sql.Append(CultureInfo.InvariantCulture, $" AND block > {kept}");
            }

            sql.Append(')');
        }

        return sql.ToString();
    }
}
