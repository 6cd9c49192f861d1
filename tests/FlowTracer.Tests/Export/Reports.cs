using System.Collections.Immutable;
using FlowTracer.App.Export;
using FlowTracer.App.Labels;
using FlowTracer.App.Traces;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Testing;

namespace FlowTracer.Tests.Export;

/// <summary>Traces to write: a real one, and a small one made by hand whose texts are out to break a file.</summary>
internal static class Reports
{
    public const string Evil =
        "=1+1 <a href='x'>&amp; ]]> \"q\",\r\n\tC:\\N \u0007 \u202Eleft \u2066 \uFFFE \uD800 \u20AC \U0001F4B0";

    /// <summary>What <see cref="Evil"/> is on one line, without what XML cannot hold or a reader would not see.</summary>
    public const string Tame =
        "=1+1 <a href='x'>&amp; ]]> \"q\",   C:\\N \uFFFD \uFFFDleft \uFFFD \uFFFD \uFFFD \u20AC \U0001F4B0";

    public static ExportOptions Plain { get; } = new(Aggregate: false);

    public static ExportOptions Aggregated { get; } = new(Aggregate: true);

    public static async Task<TraceReport> RoninAsync(ITaintPolicy? policy = null, FetchOptions? fetch = null, Budget? budget = null)
    {
        string fixtures = Repository.PathOf("fixtures");
        LabelStore store = new(Path.Combine(fixtures, "labels"), Path.Combine(fixtures, "none"));
        Assert.True(store.TryLoad(out LabelIndex? labels, out LabelError? error, CancellationToken.None), error?.ToString());
        TraceCase opened = await new TraceDesk(fixtures, Task.FromResult(labels))
            .OpenAsync(new TraceRequest { Subject = "ronin-bridge-2022" }, CancellationToken.None);
        if (fetch is null && budget is null)
        {
            return await TraceDesk.RunAsync(opened, policy ?? TaintPolicies.Fifo, null, CancellationToken.None);
        }

        Trace trace = await new Tracer(opened.Source, opened.Tags, fetch ?? FetchOptions.Default) { Budget = budget ?? Budget.None }
            .RunAsync(opened.Question with { Policy = policy ?? TaintPolicies.Fifo }, null, CancellationToken.None);
        Provenance provenance = opened.Provenance with { DataDigest = FactsDigest.Of(trace) };
        return new TraceReport(trace, provenance, opened.Assets, opened.Heist);
    }

    /// <summary>
    /// 10 ETH go from a victim to a thief; 4 to an exchange with an evil label in two hops of 1 and 3, 5 are swapped into
    /// 12345678 units of a token nobody knows, and 1 stays.
    /// </summary>
    public static TraceReport ByHand(ITaintPolicy? policy = null)
    {
        Asset eth = Asset.Coin(ChainId.Ethereum);
        Asset token = Asset.Token(Account(0x70));
        Movement theft = Transfer(1, eth, 0x01, 0x02, Eth(10), Evil);
        Movement first = Transfer(2, eth, 0x02, 0x03, Eth(1), Evil);
        Movement second = Transfer(3, eth, 0x02, 0x03, Eth(3), Evil);
        Movement swap = Movement.Create(
            MovementKind.Swap, Grade.Derived, new Position(7, 0, 4), default, null, Evil,
            [new Leg(Holder.Account(Account(0x02), eth), Eth(5))],
            [new Leg(Holder.Account(Account(0x02), token), 12345678)]);
        Tag tag = new(Account(0x03), Evil, "exchange", "evil-exchange", "ledger", Evil, string.Empty, "pack");
        Attribution attribution = new(
            SinkKind.Exchange, "exchange", "evil-exchange", Evil, "ledger", Evil, Evil, tag, [tag]);
        ImmutableArray<Holding> rest =
        [
            new Holding(0, eth, Eth(1), Eth(1), SinkKind.Held),
            new Holding(0, token, 12345678, Eth(5), SinkKind.Held),
        ];
        Trace trace = new(
            new TraceQuestion(
                [TransferSeed.Create(theft, 0, Eth(10))], policy ?? TaintPolicies.Fifo, Direction.Forward,
                new Limits
                {
                    Hops = 9,
                    SmallestLot = ImmutableSortedDictionary<Asset, Amount>.Empty.Add(eth, 5),
                    Window = new Moment(99, 1_700_000_000),
                },
                []),
            [
                new SeedBalance(0, eth, Eth(10), Amount.Zero,
                [
                    new SinkRow(SinkKind.Exchange, "evil-exchange", eth, Eth(4), 1, 1, 2),
                    new SinkRow(SinkKind.Held, string.Empty, eth, Eth(6), 1, 1, 2),
                ]),
            ],
            [
                Node(0x01, NodeRole.Source, null, null, []),
                Node(0x02, NodeRole.Seed, null, null, rest),
                Node(0x03, NodeRole.Sink, attribution, SinkKind.Exchange, []),
                new TraceNode("ethereum:tx:7/0/1", ChainId.Ethereum, NodeKind.Transaction, NodeRole.Transaction, default, null, null, []),
            ],
            [
                Hop(0, 1, theft, 10), Hop(1, 2, first, 1), Hop(1, 2, second, 3),
                new Hop(1, 1, token, 12345678, swap.Inputs[0], swap, [new HopLot(0, 12345678, Eth(5))]),
            ],
            [new Gap("unexplained-inflow", "ethereum:" + Account(0x02), eth, 5, Evil)],
            [new Assumption("hypothesis", string.Empty, Evil)]);
        return new TraceReport(
            trace, new Provenance("by-hand", new string('a', 64), new string('b', 64), "0.0.0"), AssetCatalogue.Empty, null);
    }

    public static byte[] Bytes(string file, TraceReport report, ExportOptions? options = null)
    {
        ITraceExporter exporter = Exports.All.Single(exporter => exporter.FileNames.Contains(file));
        using MemoryStream stream = new();
        exporter.Write(file, report, options ?? Plain, stream);
        return stream.ToArray();
    }

    public static Amount Eth(ulong whole) => Amount.Parse($"{whole}000000000000000000");

    public static Address Account(byte last)
    {
        Span<byte> bytes = stackalloc byte[Address.HashLength];
        bytes[^1] = last;
        return Address.FromAccountBytes(ChainId.Ethereum, bytes);
    }

    private static Movement Transfer(uint step, Asset asset, byte from, byte to, Amount amount, string source) =>
        Movement.Create(
            MovementKind.External, Grade.Recorded, new Position(7, 0, step), new Stamp(7, null, 0, 1_648_041_417), null, source,
            [new Leg(Holder.Account(Account(from), asset), amount)],
            [new Leg(Holder.Account(Account(to), asset), amount)]);

    private static Hop Hop(int from, int to, Movement movement, ulong whole) => new(
        from, to, movement.Outputs[0].Holder.Asset, movement.Outputs[0].Amount, null, movement,
        [new HopLot(0, Eth(whole), Eth(whole))]);

    private static TraceNode Node(
        byte last, NodeRole role, Attribution? attribution, SinkKind? sink, ImmutableArray<Holding> holdings) =>
        new($"ethereum:{Account(last)}", ChainId.Ethereum, NodeKind.Address, role, Account(last), attribution, sink, holdings);
}
