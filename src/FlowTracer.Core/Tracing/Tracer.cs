using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Core.Tracing;

/// <summary>How far a trace has come.</summary>
/// <param name="Round">How often histories have been asked for.</param>
/// <param name="Fetching">How many are being fetched now.</param>
/// <param name="Histories">How many are known.</param>
/// <param name="Addresses">How many addresses tainted value has reached.</param>
/// <param name="Placed">What has ended so far, by seed, in the seed's base units (under poison: what moved there).</param>
/// <param name="Claimed">What has been found of each seed so far, in its base units.</param>
public sealed record TraceProgress(
    int Round, int Fetching, int Histories, int Addresses, ImmutableArray<Amount> Placed, ImmutableArray<Amount> Claimed);

/// <summary>How histories are asked for.</summary>
/// <param name="BatchSize">Holders in one question to the source.</param>
/// <param name="Concurrency">Questions in flight at once.</param>
/// <param name="LookAhead">
/// How many movements may be looked through for histories that will be wanted, for each that the trace itself comes to: more makes
/// fewer questions, and costs time. Zero: each history is asked for when its turn comes. Null: as far as can be seen.
/// </param>
public sealed record FetchOptions(int BatchSize, int Concurrency, int? LookAhead = null)
{
    /// <summary>How many movements are looked through at least, each time.</summary>
    public long LeastAhead { get; init; } = 1_000;

    /// <summary>256 holders a question, 4 questions at once.</summary>
    public static FetchOptions Default { get; } = new(256, 4);

    /// <summary>All in one question, for a source that does its own batching.</summary>
    public static FetchOptions AllAtOnce { get; } = new(int.MaxValue, 1);

    /// <summary>One after the other, for a source to which a question costs nothing.</summary>
    public static FetchOptions OneByOne { get; } = new(1, 1, 0);

    /// <summary>For a source that is close by and large: a question is cheap, and so must be finding it.</summary>
    public static FetchOptions Nearby { get; } = new(int.MaxValue, 1, 4);
}

/// <summary>
/// Answers a question from a source. The <see cref="Sweep"/> goes on until it lacks a history; a scout finds out what else it will
/// lack, and all that is fetched in batches, concurrently. What order or how often the source is asked changes no byte of the
/// answer. Only a <see cref="Budget"/> does, by what it keeps from being asked.
/// </summary>
public sealed class Tracer(IHistorySource source, ITagSource tags, FetchOptions options)
{
    // Facts that change each time they are read come to no answer: a chain is reorganised now and then, not always.
    private const int MostChanges = 8;

    // Where each history is a round of its own, nobody wants to be told of each.
    private const int RoundsUntold = 64;

    private readonly Dictionary<Address, Attribution?> _attributions = [];

    /// <summary>When to stop early; never unless given.</summary>
    public Budget Budget { get; init; } = Budget.None;

    /// <summary>Traces.</summary>
    /// <exception cref="LedgerException">The facts cannot be true together.</exception>
    /// <exception cref="InvariantException">The result does not add up: a bug.</exception>
    public async Task<Trace> RunAsync(
        TraceQuestion question, IProgress<TraceProgress>? progress, CancellationToken cancellationToken)
    {
        Sweep sweep = await SweepAsync(question, progress, cancellationToken).ConfigureAwait(false);
        Trace trace = sweep.ToTrace();
        if (trace.StoppedAfter is not null)
        {
            // What a budget kept from being reached is no gap of the facts.
            return trace;
        }

        (ImmutableArray<Gap> unreached, IReadOnlyList<History> histories) =
            await UnreachedAsync(question, trace, cancellationToken).ConfigureAwait(false);
        return trace with { Gaps = trace.Gaps.AddRange(unreached), Facts = [.. trace.Facts, .. histories] };
    }

    /// <summary>The sweep that is through; of a budget that is used up, the one that says what it does not follow.</summary>
    internal Task<Sweep> SweepAsync(
        TraceQuestion question, IProgress<TraceProgress>? progress, CancellationToken cancellationToken) => Budget.IsLimited
        ? PassesAsync(question, progress, cancellationToken)
        : PausingAsync(question, progress, cancellationToken);

    private async Task<Sweep> PausingAsync(
        TraceQuestion question, IProgress<TraceProgress>? progress, CancellationToken cancellationToken)
    {
        KnownHistories histories = new(question.Direction);
        int fetched = 0;
        int changes = 0;
        long ahead = 0;
        Sweep sweep = new(question, AttributionOf, histories);
        for (int round = 1; ; round++)
        {
            sweep.Run(cancellationToken);
            IReadOnlyCollection<HistoryRequest> wanted;
            if (sweep.Wanted is { } request)
            {
                wanted = Wanted(sweep, request, ref ahead, cancellationToken);
            }
            else
            {
                wanted = await ChangedAsync(changes, cancellationToken).ConfigureAwait(false);
                if (wanted.Count == 0)
                {
                    return sweep;
                }

                changes++;
                sweep = new Sweep(question, AttributionOf, histories);
            }

            if (options.LookAhead != 0 || round % RoundsUntold == 1)
            {
                progress?.Report(sweep.Progress(round, wanted.Count, fetched));
            }

            fetched += await FetchAsync(wanted, histories, cancellationToken).ConfigureAwait(false);
        }
    }

    private IReadOnlyCollection<HistoryRequest> Wanted(
        Sweep sweep, HistoryRequest request, ref long ahead, CancellationToken cancellationToken)
    {
        if (options.LookAhead == 0)
        {
            return [request];
        }

        long most = options.LookAhead is int factor ? Math.Max(options.LeastAhead, (factor * sweep.Taken) - ahead) : long.MaxValue;
        Sweep scout = sweep.LookAhead(most, cancellationToken);
        ahead += scout.Taken;
        return scout.Missing;
    }

    private async Task<IReadOnlyList<HistoryRequest>> ChangedAsync(int changes, CancellationToken cancellationToken)
    {
        IReadOnlyList<HistoryRequest> changed = await source.ChangedAsync(cancellationToken).ConfigureAwait(false);
        Invariant.Check(changed.Count == 0 || changes < MostChanges, $"a source changed its answers {changes + 1} times");
        return changed;
    }

    // Each from the start: what is cut decides what is worth asking for, and what is asked for what is cut.
    private async Task<Sweep> PassesAsync(
        TraceQuestion question, IProgress<TraceProgress>? progress, CancellationToken cancellationToken)
    {
        KnownHistories histories = new(question.Direction);
        int fetched = 0;
        int counted = 0;
        int changes = 0;
        for (int round = 1; ; round++)
        {
            Sweep sweep = new(question, AttributionOf, histories, counted);
            RunPass(sweep, cancellationToken);
            (IReadOnlyCollection<HistoryRequest> wanted, bool count) = Wanted(sweep, counted);
            counted += count ? wanted.Count : 0;
            if (wanted.Count == 0)
            {
                wanted = await ChangedAsync(changes, cancellationToken).ConfigureAwait(false);
                if (wanted.Count == 0)
                {
                    return sweep;
                }

                changes++;
            }

            progress?.Report(sweep.Progress(round, wanted.Count, fetched));
            fetched += await FetchAsync(wanted, histories, cancellationToken).ConfigureAwait(false);
        }
    }

    // What to ask for next, and whether it counts against the budget: a pass lacks only what it needs to know of the seeds,
    // and cuts at everything else that is not known.
    private (IReadOnlyCollection<HistoryRequest> Requests, bool Count) Wanted(Sweep sweep, int counted)
    {
        if (sweep.Missing.Count > 0 || !sweep.IsCutByBudget || Budget.IsUsedUpAfter(counted))
        {
            return (sweep.Missing, false);
        }

        return ([.. sweep.NotFollowed().Take(Budget.RoundAfter(counted))], true);
    }

    // A pass that lacks histories may see a ledger that never was; only a complete one may complain of the facts.
    private static void RunPass(Sweep sweep, CancellationToken cancellationToken)
    {
        try
        {
            sweep.Run(cancellationToken);
        }
        catch (LedgerException) when (sweep.Missing.Count > 0)
        {
            return;
        }
    }

    private Attribution? AttributionOf(Address address)
    {
        if (address.IsNone)
        {
            return null;
        }

        if (!_attributions.TryGetValue(address, out Attribution? attribution))
        {
            IReadOnlyList<Tag> claims = tags.TagsOf(address);
            attribution = _attributions[address] = claims.Count == 0 ? null : AttributionRules.Conclude(claims);
        }

        return attribution;
    }

    private async Task<int> FetchAsync(
        IReadOnlyCollection<HistoryRequest> missing, KnownHistories histories, CancellationToken cancellationToken)
    {
        // Sorted, so that a source is asked the same questions in every run and its cache is hit.
        HistoryRequest[] requests = [.. missing];
        Array.Sort(requests, static (a, b) => a.Holder.CompareTo(b.Holder));
        HistoryRequest[][] batches = requests.Length <= options.BatchSize ? [requests] : [.. requests.Chunk(options.BatchSize)];
        IReadOnlyList<History>[] answers = new IReadOnlyList<History>[batches.Length];
        if (batches.Length == 1)
        {
            cancellationToken.ThrowIfCancellationRequested();
            answers[0] = await source.ReadAsync(requests, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            ParallelOptions parallel = new()
            {
                MaxDegreeOfParallelism = options.Concurrency,
                CancellationToken = cancellationToken,
            };
            await Parallel.ForAsync(0, batches.Length, parallel, async (batch, token) =>
                answers[batch] = await source.ReadAsync(batches[batch], token).ConfigureAwait(false)).ConfigureAwait(false);
        }

        for (int batch = 0; batch < batches.Length; batch++)
        {
            Invariant.Check(answers[batch].Count == batches[batch].Length, $"a source answered with too few histories");
            for (int i = 0; i < batches[batch].Length; i++)
            {
                Invariant.Check(answers[batch][i].Request == batches[batch][i], $"a source answered another question");
                histories.Add(answers[batch][i]);
            }
        }

        return requests.Length;
    }

    // Addresses of the case that no traced money reached, and what they gave to stops all the same: a known depositor
    // with money from nowhere is what an investigator must see.
    private async Task<(ImmutableArray<Gap> Gaps, IReadOnlyList<History> Histories)> UnreachedAsync(
        TraceQuestion question, Trace trace, CancellationToken cancellationToken)
    {
        List<History> all = [];
        HashSet<Address> reached = [.. trace.Nodes.Select(static node => node.Address)];
        ImmutableArray<Gap>.Builder gaps = ImmutableArray.CreateBuilder<Gap>();
        foreach (KnownAddress known in question.Known)
        {
            if (question.Direction == Direction.Backward || !reached.Add(known.Address))
            {
                continue;
            }

            IReadOnlyList<Holder> holders = await source
                .HoldersOfAsync(known.Address, Position.Start, Direction.Forward, cancellationToken).ConfigureAwait(false);
            HistoryRequest[] requests =
                [.. holders.Select(static holder => new HistoryRequest(holder, Position.Start, Direction.Forward))];
            IReadOnlyList<History> histories = requests.Length == 0
                ? []
                : await source.ReadAsync(requests, cancellationToken).ConfigureAwait(false);
            gaps.AddRange(histories.SelectMany(history => Unreached(known, history)));
            all.AddRange(histories);
        }

        return (gaps.ToImmutable(), all);
    }

    private IEnumerable<Gap> Unreached(KnownAddress known, History history)
    {
        SortedDictionary<string, BigInteger> given = new(StringComparer.Ordinal);
        Holder holder = history.Request.Holder;
        foreach (Movement movement in history.Movements)
        {
            if (movement.Inputs.Length != 1 || movement.Inputs[0].Holder != holder)
            {
                continue;
            }

            foreach (Leg leg in movement.Outputs)
            {
                if (AttributionOf(leg.Holder.Address) is { Stop: not null } stop)
                {
                    given[stop.Label] = given.GetValueOrDefault(stop.Label) + leg.Amount.ToBigInteger();
                }
            }
        }

        return given.Select(entry => new Gap(
            "unreached-address",
            $"{known.Address.Chain}:{known.Address}",
            holder.Asset,
            Amount.FromBigInteger(BigInteger.Min(entry.Value, Amount.MaxValue.ToBigInteger())),
            $"A known address of the case ({known.Role}) gave this to '{entry.Key}', and nothing in the facts says where it came from."));
    }
}
