using FlowTracer.App.Ingest;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Tests.Stores;

namespace FlowTracer.Tests.Ingest;

/// <summary>An ingest ends with the chain as it is, wherever and however often it is broken off.</summary>
public sealed class IngestionTests
{
    [Fact]
    public async Task A_range_is_written_whole_and_continued_behind_its_last_block()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        IngestReport report = await RunAsync(chain, store, new IngestRequest { From = 5, To = 20 });
        Assert.Equal((5UL, 20UL, 16L, 16L), (report.First, report.Last, report.Blocks, report.Added));

        // Partly there: only the rest is read. Then all of it: nothing is.
        report = await RunAsync(chain, store, new IngestRequest { From = 10, To = 25 });
        Assert.Equal((21UL, 25UL, 5L), (report.First, report.Last, report.Blocks));
        report = await RunAsync(chain, store, new IngestRequest());
        Assert.Equal((26UL, 40UL, 15L), (report.First, report.Last, report.Blocks));
        report = await RunAsync(chain, store, new IngestRequest());
        Assert.Equal((null, null, 0L), (report.First, report.Last, report.Blocks));
        AssertHas(store, chain, 5, 40);
    }

    [Fact]
    public async Task A_gap_an_earlier_block_and_a_block_to_come_are_refused()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { From = 10, To = 20 });
        InputException gap = await Assert.ThrowsAsync<InputException>(() => RunAsync(chain, store, new IngestRequest { From = 22, To = 30 }));
        Assert.Contains("block 22 does not follow block 20", gap.Message, StringComparison.Ordinal);
        InputException earlier = await Assert.ThrowsAsync<InputException>(() => RunAsync(chain, store, new IngestRequest { From = 9, To = 30 }));
        Assert.Contains("from block 10 on", earlier.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InputException>(() => RunAsync(chain, store, new IngestRequest { To = 41 }));
        AssertHas(store, chain, 10, 20);
    }

    [Fact]
    public async Task A_fault_of_the_source_at_any_question_loses_and_doubles_nothing()
    {
        MadeUpChain whole = new();
        MemoryStore undisturbed = new();
        await RunAsync(whole, undisturbed, new IngestRequest { From = 3 });
        int faults = 0;
        for (int at = 1; at <= whole.Questions; at++)
        {
            MadeUpChain chain = new();
            int when = at;
            chain.Before = number =>
            {
                if (number == when)
                {
                    throw new SourceException("made up", "a question", "is away");
                }
            };
            MemoryStore store = new();
            try
            {
                await RunAsync(chain, store, new IngestRequest { From = 3 });
            }
            catch (SourceException)
            {
                faults++;
            }

            await RunAsync(chain, store, new IngestRequest { From = 3 });
            AssertHas(store, chain, 3, 40);
            Assert.Equal(undisturbed.Openings, store.Openings);
        }

        Assert.Equal(whole.Questions, faults);
    }

    // Blocks 1 to 19 pay in one token, the others in another.
    [Fact]
    public async Task A_token_is_asked_for_its_name_when_it_first_appears()
    {
        Asset[] tokens = [Asset.Token(MadeUpChain.AccountOf(7_001).Address), Asset.Token(MadeUpChain.AccountOf(7_002).Address)];
        MadeUpChain chain = new() { PaysIn = number => tokens[number / 20 == 0 ? 0 : 1] };
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { To = 15 });
        Assert.Equal([new TokenName(tokens[0], "TOKEN 1", null)], await store.NamesOfAsync(tokens, default));

        // A next run asks again; what the store was told before stays.
        await RunAsync(chain, store, new IngestRequest());
        Assert.Equal([tokens[0], tokens[0], tokens[1]], chain.Named);
        Assert.Equal(
            [new TokenName(tokens[0], "TOKEN 1", null), new TokenName(tokens[1], "TOKEN 3", null)], await store.NamesOfAsync(tokens, default));
    }

    [Fact]
    public async Task A_reorganisation_at_any_question_ends_with_the_new_chain()
    {
        MadeUpChain whole = new();
        await RunAsync(whole, new MemoryStore(), new IngestRequest { From = 3 });
        for (int at = 1; at <= whole.Questions; at++)
        {
            MadeUpChain chain = new();
            int when = at;
            chain.Before = number => chain.Fork = number >= when ? 17 : null;
            MemoryStore store = new();
            await RunAsync(chain, store, new IngestRequest { From = 3 });
            chain.Before = null;

            // A change after the last look is found by the next run.
            await RunAsync(chain, store, new IngestRequest());
            AssertHas(store, chain, 3, 40);
        }
    }

    [Fact]
    public async Task Blocks_the_chain_took_back_are_taken_back()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { From = 3 });
        (chain.Fork, chain.Newest) = (30, 34);
        IngestReport report = await RunAsync(chain, store, new IngestRequest());

        // 30 to 40 go, 30 to 34 come.
        Assert.Equal((11UL, 30UL, 34UL), (report.RolledBack, report.First, report.Last));
        AssertHas(store, chain, 3, 34);
    }

    [Fact]
    public async Task A_source_that_is_behind_takes_nothing_back()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { From = 3 });
        chain.Newest = 25;
        IngestReport report = await RunAsync(chain, store, new IngestRequest());
        Assert.Equal((0L, 0UL), (report.Blocks, report.RolledBack));
        chain.Newest = 40;
        AssertHas(store, chain, 3, 40);
    }

    [Fact]
    public async Task Another_chain_is_refused_and_takes_nothing_back()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { From = 3 });
        MadeUpChain other = new() { Fork = 0 };
        InputException refused = await Assert.ThrowsAsync<InputException>(() => RunAsync(other, store, new IngestRequest()));
        Assert.Contains("none of the ethereum blocks", refused.Message, StringComparison.Ordinal);
        AssertHas(store, chain, 3, 40);
    }

    [Fact]
    public async Task A_fault_of_the_store_leaves_what_was_written()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        for (ulong last = 10; last < 20; last += 3)
        {
            store.Before = static _ => throw new SourceException("memory", "append", "the disk is full");
            await Assert.ThrowsAsync<SourceException>(() => RunAsync(chain, store, new IngestRequest { From = 3, To = last }));
            store.Before = null;
            await RunAsync(chain, store, new IngestRequest { From = 3, To = last });
            AssertHas(store, chain, 3, last);
        }

        await RunAsync(chain, store, new IngestRequest { From = 3 });
        AssertHas(store, chain, 3, 40);
    }

    // Account n + 1 gets in block n before it pays in block n + 1: it is asked about once in a run.
    [Fact]
    public async Task Who_appears_is_asked_about_once_in_a_run_and_before_the_stores_first_block()
    {
        MadeUpChain chain = new();
        MemoryStore store = new();
        await RunAsync(chain, store, new IngestRequest { From = 5, To = 8 });
        await RunAsync(chain, store, new IngestRequest { To = 11 });

        // 5 to 9 in blocks 5 to 8; then 9 again, and 10 to 12.
        ulong[] asked = [5, 6, 7, 8, 9, 9, 10, 11, 12];
        ulong[] expected = [5, 6, 7, 8, 9, 10, 11, 12];
        Assert.Equal(asked.Select(static number => (MadeUpChain.AccountOf(number), 4UL)), chain.Asked.OrderBy(static one => one.Holder));
        Assert.Equal(
            expected.Select(static number => new FlowOpening(MadeUpChain.AccountOf(number), 1_004)), store.Openings);
    }

    [Fact]
    public async Task New_blocks_are_followed_until_cancelled()
    {
        MadeUpChain chain = new() { Newest = 10 };
        MemoryStore store = new();
        using CancellationTokenSource cancel = new();
        GrowingTime time = new(() =>
        {
            // One more block each time it waits. With block 15 come another 12 and 13, of which the store has both.
            chain.Newest++;
            chain.Fork = chain.Newest >= 15 ? 12 : null;
            if (chain.Newest == 22)
            {
                cancel.Cancel();
            }
        });
        Ingestion ingestion = new(chain, store, time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ingestion.RunAsync(new IngestRequest { From = 3, Confirmations = 1, Follows = true }, null, cancel.Token));
        Assert.Equal(2UL, ingestion.Report.RolledBack);
        AssertHas(store, chain, 3, 20);
    }

    private static Task<IngestReport> RunAsync(MadeUpChain chain, MemoryStore store, IngestRequest request) =>
        new Ingestion(chain, store, TimeProvider.System).RunAsync(request with { Confirmations = request.To is null ? 0 : null }, null, CancellationToken.None);

    private static void AssertHas(MemoryStore store, MadeUpChain chain, ulong first, ulong last)
    {
        var expected = Enumerable.Range((int)first, (int)(last - first) + 1).Select(number => chain.FactsOf((ulong)number)).ToList();
        Assert.Equal(expected.Select(static block => block.Block), store.BlocksOf(ChainId.Ethereum));
        Assert.Equal(expected.SelectMany(static block => block.Movements), store.MovementsOf(ChainId.Ethereum), MemoryStore.AreSame);
    }

    /// <summary>Time that stands still until somebody waits for it; then what was waited for is there at once.</summary>
    private sealed class GrowingTime(Action waited) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                return base.CreateTimer(callback, state, dueTime, period);
            }

            waited();
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
