using System.Numerics;
using FlowTracer.App.Traces;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Tests.Export;
using static FlowTracer.Tests.Tracing.Facts;

namespace FlowTracer.Tests.Tracing;

/// <summary>How histories are fetched, that it changes no answer, and what happens when it fails.</summary>
public sealed class TracerTests
{
    // --- fetching ---------------------------------------------------------------------------------------------------

    [Fact]
    public async Task Neither_batches_nor_a_slow_source_change_a_byte()
    {
        Movement[] record = RandomRecord();
        TraceQuestion question = Forward(record[0], record[1]);
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            byte[] expected = Bytes(await Run(new RecordedSource(record, []), question with { Policy = policy }));
            foreach ((int batch, int concurrency) in new[] { (1, 1), (1, 16), (3, 2), (1000, 1) })
            {
                SlowSource slow = new(new RecordedSource(record, []), batch + concurrency, mostDelayMs: 2);
                FetchOptions fetch = new(batch, concurrency);
                Trace trace = await new Tracer(slow, new FewTags(), fetch).RunAsync(question with { Policy = policy }, null, default);
                Assert.Equal(expected, Bytes(trace));
                Assert.All(slow.Questions, asked => Assert.InRange(asked.Count, 1, batch));
                Assert.InRange(slow.MostInFlight, 1, concurrency);
            }
        }
    }

    [Fact]
    public async Task A_chain_of_30_addresses_takes_at_most_31_rounds_and_asks_for_each_once()
    {
        Movement[] chain = [.. Enumerable.Range(1, 30).Select(n => Transfer(n, n, n + 1, 100))];
        (SlowSource source, List<TraceProgress> rounds) = await Watch(chain);
        Assert.InRange(rounds.Count, 1, 31);
        Assert.Equal(Enumerable.Range(1, rounds.Count), rounds.Select(r => r.Round));

        // Addresses 2 to 31 received it.
        HistoryRequest[] asked = [.. source.Questions.SelectMany(q => q)];
        Assert.Equal(Enumerable.Range(2, 30).Select(n => Holds(n)), asked.Select(r => r.Holder).Order());
    }

    [Fact]
    public async Task A_star_of_500_takes_2_rounds_and_as_few_questions_as_batches_allow()
    {
        Movement[] star =
            [Transfer(1, 1, 2, 500), .. Enumerable.Range(0, 500).Select(n => Transfer(2 + n, 2, 1000 + n, 1))];
        (SlowSource source, List<TraceProgress> rounds) = await Watch(star);
        Assert.Equal([1, 500], rounds.Select(r => r.Fetching));

        // One for the middle, and 500 in batches of 256.
        Assert.Equal([1, 244, 256], source.Questions.Select(q => q.Count).Order());
    }

    // --- what can go wrong ------------------------------------------------------------------------------------------

    [Fact]
    public async Task A_run_cancelled_before_it_starts_asks_nothing()
    {
        SlowSource source = new(new RecordedSource([], []), 1, 0);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new Tracer(source, new FewTags(), FetchOptions.Default).RunAsync(
                Forward(Transfer(1, 1, 2, 5)), null, new CancellationToken(canceled: true)));
        Assert.Empty(source.Questions);
    }

    [Fact]
    public async Task Cancelling_stops_a_fetch_at_once()
    {
        Movement[] chain = [.. Enumerable.Range(1, 30).Select(n => Transfer(n, n, n + 1, 100))];
        using CancellationTokenSource cancel = new();
        SlowSource source = new(new RecordedSource(chain, []), 1, mostDelayMs: 0)
        {
            OnRead = count =>
            {
                if (count == 3)
                {
                    cancel.Cancel();
                }
            },
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new Tracer(source, new FewTags(), FetchOptions.Default).RunAsync(Forward(chain[0]), null, cancel.Token));
        Assert.Equal(3, source.Questions.Count);
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_a_source_that_is_slow()
    {
        using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(30));
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            new Tracer(new SilentSource(), new FewTags(), FetchOptions.Default)
                .RunAsync(Forward(Transfer(1, 1, 2, 5)), null, cancel.Token));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 8)]
    [InlineData(256, 4)]
    public async Task A_source_that_fails_is_heard(int batch, int concurrency)
    {
        Movement[] star = [Transfer(1, 1, 2, 9), .. Enumerable.Range(0, 9).Select(n => Transfer(2 + n, 2, 100 + n, 1))];
        IOException fault = new("the node is gone");
        SlowSource source = new(new RecordedSource(star, []), 1, mostDelayMs: 1)
        {
            OnRead = count =>
            {
                if (count >= 2)
                {
                    throw fault;
                }
            },
        };
        IOException thrown = await Assert.ThrowsAsync<IOException>(() =>
            new Tracer(source, new FewTags(), new FetchOptions(batch, concurrency)).RunAsync(Forward(star[0]), null, default));
        Assert.Same(fault, thrown);
    }

    [Fact]
    public async Task A_source_that_answers_too_little_is_a_bug() =>
        await Assert.ThrowsAsync<InvariantException>(() =>
            new Tracer(new EmptySource(), new FewTags(), FetchOptions.Default).RunAsync(Forward(Transfer(1, 1, 2, 5)), null, default));

    // --- facts that cannot be true together -------------------------------------------------------------------------

    [Fact]
    public async Task A_token_that_gives_one_holder_more_than_256_bits_is_named_by_block_and_transaction()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, Amount.MaxValue, Token),
            Transfer(77, 3, 2, 1, Token, tx: Tx(0xabc)),
        ];
        LedgerException fault = await Assert.ThrowsAsync<LedgerException>(() => Run(new RecordedSource(record, []), Forward(record[0])));
        Assert.Equal((ChainId.Ethereum, new Position(77, 0, 1), Tx(0xabc)), (fault.Chain, fault.Position, fault.Tx));
        Assert.Equal(
            $"ethereum at 77/0/1, transaction 0x{0xabc:x64}: a holder would have more than 2^256-1 units", fault.Message);
    }

    // While the history of 3 is being fetched, 3 seems to keep what it got first, and the second payment to overflow it.
    [Fact]
    public async Task A_pass_that_lacks_histories_does_not_complain_of_the_facts()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, Amount.MaxValue, Token),
            Transfer(2, 2, 3, Amount.MaxValue, Token),
            Transfer(3, 3, 9, Amount.MaxValue, Token),
            Transfer(4, 8, 2, Amount.MaxValue, Token),
            Transfer(5, 2, 3, Amount.MaxValue, Token),
        ];
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            Trace trace = await Run(new RecordedSource(record, []), Forward(record[0]) with { Policy = policy });
            Holding rest = Assert.Single(trace.Nodes.SelectMany(n => n.Holdings));
            Assert.Equal(Amount.MaxValue, rest.Amount);
            Assert.Equal(Account(9), trace.Nodes.Single(n => n.Holdings.Length > 0).Address);
        }
    }

    [Fact]
    public async Task An_address_seed_whose_opening_balance_is_over_256_bits_is_such_a_fact_too()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, Amount.MaxValue, Token), Transfer(2, 3, 2, Amount.MaxValue, Token), Transfer(9, 2, 4, 1, Token),
        ];
        TraceQuestion question = Forward(record[0]) with { Seeds = [new BalanceSeed(Holds(2, Token), Before(5), null)] };
        LedgerException fault = await Assert.ThrowsAsync<LedgerException>(() => Run(new RecordedSource(record, []), question));
        Assert.Equal("ethereum at 5/0/0: a holder would have more than 2^256-1 units", fault.Message);
    }

    // --- what the trace does not reach ------------------------------------------------------------------------------

    [Fact]
    public async Task Known_addresses_that_no_traced_money_reached_are_listed_with_what_they_gave_to_stops()
    {
        Movement[] record =
        [
            Transfer(1, 1, 2, 5), Transfer(2, 7, 8, 30), Transfer(3, 7, 8, 40), Transfer(4, 7, 6, 1), Transfer(5, 2, 8, 5),
        ];
        TraceQuestion question = Forward(record[0]) with
        {
            Known = [new KnownAddress(Account(2), "thief"), new KnownAddress(Account(7), "depositor"), new KnownAddress(Account(9), "nobody")],
        };
        Trace trace = await new Tracer(new RecordedSource(record, []), new FewTags((8, "mixer", "Mixer")), FetchOptions.Default)
            .RunAsync(question, null, default);
        Gap gap = Assert.Single(trace.Gaps);
        Assert.Equal(("unreached-address", $"ethereum:{Account(7)}", Eth, (Amount)70), (gap.Kind, gap.Node, gap.Asset, gap.Amount));
        Assert.Contains("(depositor) gave this to 'Mixer'", gap.Text, StringComparison.Ordinal);
    }

    // 2 got 10 and gave 4, and what it had before is not known: it has 6 at least.
    [Theory]
    [InlineData(5, null, 1)]
    [InlineData(6, null, 0)]
    [InlineData(9, null, 0)]
    [InlineData(5, 1, 0)]
    public async Task An_account_that_has_less_than_what_is_left_in_it_is_a_gap_though_nobody_knows_what_it_had_before(
        int closing, int? until, int missing)
    {
        Movement[] record = [Transfer(1, 1, 2, 10), Transfer(2, 2, 3, 4)];
        foreach (ITaintPolicy policy in TaintPolicies.All)
        {
            TraceQuestion question = Forward(record[0]) with
            {
                Policy = policy,
                Limits = Limits.None with { Window = until is int block ? new Moment((ulong)block, null) : null },
            };
            Trace trace = await Run(new NewestBalance(new RecordedSource(record, []), Holds(2), closing), question);
            Gap[] expected = missing == 0 ? [] :
            [
                new Gap(
                    "balance-mismatch", $"ethereum:{Account(2)}", Eth, Amount.FromBigInteger(missing),
                    "Its movements add up to at least this much more than the balance the chain states."),
            ];
            Assert.Equal(expected, trace.Gaps);
        }
    }

    [Fact]
    public async Task In_the_Ronin_record_one_depositor_of_1700_ETH_is_not_reached()
    {
        Trace trace = (await Reports.RoninAsync()).Trace;
        Gap gap = Assert.Single(trace.Gaps, g => g.Kind == "unreached-address");
        Assert.Equal("ethereum:0x01a5d51057a82818d68d8f3b76ef0ac69a99a911", gap.Node, ignoreCase: true);
        Assert.Equal(BigInteger.Parse("1700000000000000000000", null), gap.Amount.ToBigInteger());
    }

    // --- helpers ----------------------------------------------------------------------------------------------------

    private static TraceQuestion Forward(params Movement[] seeds) => new(
        [.. seeds.Select(m => TransferSeed.Create(m, 0, m.Outputs[0].Amount))], TaintPolicies.Fifo, Direction.Forward, Limits.None, []);

    private static Task<Trace> Run(IHistorySource source, TraceQuestion question) =>
        new Tracer(source, new FewTags(), FetchOptions.Default).RunAsync(question, null, default);

    private static async Task<(SlowSource Source, List<TraceProgress> Rounds)> Watch(Movement[] record)
    {
        SlowSource source = new(new RecordedSource(record, []), 1, mostDelayMs: 0);
        Rounds rounds = new();
        await new Tracer(source, new FewTags(), FetchOptions.Default).RunAsync(Forward(record[0]), rounds, default);
        return (source, rounds.Seen);
    }

    /// <summary>A source that knows no old balances, and one holder's newest.</summary>
    private sealed class NewestBalance(IHistorySource source, Holder holder, BigInteger closing) : IHistorySource
    {
        public async Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
        [
            .. (await source.ReadAsync(requests, cancellationToken)).Select(history => history with
            {
                Opening = null,
                Closing = history.Request.Holder == holder ? closing : null,
            }),
        ];

        public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
            source.FindTransactionAsync(chain, tx, cancellationToken);

        public Task<IReadOnlyList<Holder>> HoldersOfAsync(
            Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
            source.HoldersOfAsync(address, at, direction, cancellationToken);
    }

    internal static byte[] Bytes(Trace trace) => Reports.Bytes(
        "trace.json",
        new TraceReport(trace, new Provenance("test", new string('a', 64), new string('b', 64), "0"), AssetCatalogue.Empty, null));

    // Two thefts, and 300 payments between 40 addresses.
    internal static Movement[] RandomRecord()
    {
        Random random = new(40);
        List<Movement> record = [Transfer(1, 900, 1, 10_000), Transfer(2, 900, 2, 777)];
        for (int block = 3; block < 300; block++)
        {
            int from = random.Next(1, 41);
            record.Add(Transfer(block, from, random.Next(1, 41), (ulong)random.Next(1, 900), time: block));
        }

        return [.. record];
    }

    private sealed class Rounds : IProgress<TraceProgress>
    {
        public List<TraceProgress> Seen { get; } = [];

        public void Report(TraceProgress value) => Seen.Add(value);
    }

    /// <summary>Never answers.</summary>
    private sealed class SilentSource : IHistorySource
    {
        public async Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return [];
        }

        public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Movement>>([]);

        public Task<IReadOnlyList<Holder>> HoldersOfAsync(
            Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Holder>>([]);
    }

    /// <summary>Answers with nothing, whatever it is asked.</summary>
    private sealed class EmptySource : IHistorySource
    {
        public Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<History>>([]);

        public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Movement>>([]);

        public Task<IReadOnlyList<Holder>> HoldersOfAsync(
            Address address, Position at, Direction direction, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Holder>>([]);
    }
}
