using System.Numerics;
using System.Text;
using FlowTracer.App.Labels;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
using FlowTracer.Testing;
using FlowTracer.Tests.Chains;
using static FlowTracer.Tests.Chains.CsvText;

namespace FlowTracer.Tests.Traces;

/// <summary>What a user may ask to trace, and what is said when it cannot be.</summary>
public sealed class TraceDeskTests
{
    private const string Usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
    private const string AText = "0x00000000000000000000000000000000000000aa";

    // A gets 10 ETH, swaps 4 ETH with C into 12 USDC, and gives B 5 ETH; B and C go on.
    private static readonly string Record = CsvText.File(
        Row(block: "1", time: "2022-03-01T00:00:00Z", tx: Tx(1), from: B, to: A, amount: Eth(10)),
        Row(block: "2", time: "2022-03-02T00:00:00Z", tx: Tx(2), from: A, to: C, amount: Eth(4)),
        Row(block: "2", time: "2022-03-02T00:00:00Z", tx: Tx(2), kind: "erc20", from: C, to: A, asset: Usdc, amount: "12000000"),
        Row(block: "3", time: "2022-03-03T00:00:00Z", tx: Tx(3), from: A, to: B, amount: Eth(5)),
        Row(block: "4", time: "2022-03-04T00:00:00Z", tx: Tx(4), from: B, to: C, amount: Eth(1)));

    private static string Eth(int whole) => whole + "000000000000000000";

    // --- what cannot be opened --------------------------------------------------------------------------------------

    [Fact]
    public async Task An_unknown_heist_names_the_catalogue()
    {
        string message = await Refused(new TraceRequest { Subject = "ronin" });
        Assert.StartsWith("unknown heist 'ronin': the catalogue has ", message, StringComparison.Ordinal);
        Assert.Contains("ronin-bridge-2022", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_needs_facts() => Assert.Equal(
        $"'{AText}' needs facts to be traced in: give a live node with --source URL, a store with --store, or a record with --data transfers.csv",
        await Refused(new TraceRequest { Subject = AText }));

    [Theory]
    [InlineData("0x12", "address '0x12': ")]
    [InlineData("0xzz000000000000000000000000000000000000aa", "address '0xzz000000000000000000000000000000000000aa': ")]
    [InlineData("0x12345678901234567890123456789012345678901234567890123456789012", "transaction '0x1234")]
    public async Task A_malformed_subject(string subject, string message) =>
        Assert.StartsWith(message, await Refused(new TraceRequest { Subject = subject }), StringComparison.Ordinal);

    [Fact]
    public async Task A_theft_that_the_facts_do_not_hold_is_named_with_its_line()
    {
        string message = await Refused(Ask("ronin-bridge-2022"));
        Assert.EndsWith(
            "ronin-bridge-2022.yaml:20: the facts in my.csv hold no transfer of 173,600 ETH to 0x098B716B8Aaf21512996dC57EB0615e2383E2f96"
            + " in transaction 0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7",
            message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_heist_states_its_own_seeds()
    {
        const string narrow = "--asset, --to and --amount narrow an address or a transaction; a heist states its own seeds";
        TraceRequest ronin = new() { Subject = "ronin-bridge-2022" };
        Assert.Equal(narrow, await Refused(ronin with { Asset = "ETH" }));
        Assert.Equal(narrow, await Refused(ronin with { To = AText }));
        Assert.Equal(narrow, await Refused(ronin with { Amount = "5" }));
        Assert.Equal(
            "--from is for an address; a heist or a transaction has its own place in the chain",
            await Refused(ronin with { From = new Moment(1, null) }));
        Assert.Equal(
            "a heist is traced forward; trace an address or a transaction with --backward",
            await Refused(ronin with { Direction = Direction.Backward }));
        Assert.Equal(
            "--until leaves out the seed itself",
            await Refused(ronin with { Limits = new Limits { Window = new Moment(14442834, null) } }));
    }

    [Fact]
    public async Task What_is_not_in_the_record()
    {
        Assert.Equal($"transaction {Tx(9)} is not in my.csv, or it moved nothing there", await Refused(Ask(Tx(9))));
        const string stranger = "0x00000000000000000000000000000000000000EE";
        Assert.Equal($"{stranger} is not in my.csv", await Refused(Ask(stranger)), ignoreCase: true);
        Assert.Equal(
            $"{B} in {Usdc} is not in my.csv", await Refused(Ask(B) with { Asset = Usdc }), ignoreCase: true);
    }

    [Fact]
    public async Task A_fault_of_the_record_names_its_line() => Assert.StartsWith(
        "my.csv:2: amount '-1': ",
        await Refused(Ask(A) with { Data = ("my.csv", Encoding.UTF8.GetBytes(CsvText.File(Row(amount: "-1")))) }), StringComparison.Ordinal);

    // --- transactions -----------------------------------------------------------------------------------------------

    [Fact]
    public async Task A_transaction_is_a_seed_of_what_it_moved()
    {
        TransferSeed seed = Assert.IsType<TransferSeed>(Assert.Single((await Open(Ask(Tx(1)))).Question.Seeds));
        Assert.Equal((A, Eth(10)), (Lower(seed.Holder), seed.Amount.ToString()));
    }

    [Fact]
    public async Task A_transaction_with_a_swap_must_be_narrowed() => Assert.Equal(
        $"transaction {Tx(2)} has 2 outputs: say which with --to and --asset (12 USDC to {A}; 4 ETH to {C})",
        await Refused(Ask(Tx(2))), ignoreCase: true);

    [Fact]
    public async Task By_receiver_or_by_asset()
    {
        foreach (TraceRequest narrowed in new[] { Ask(Tx(2)) with { To = A }, Ask(Tx(2)) with { Asset = Usdc } })
        {
            TransferSeed seed = Assert.IsType<TransferSeed>(Assert.Single((await Open(narrowed)).Question.Seeds));
            Assert.Equal((A, "12000000"), (Lower(seed.Holder), seed.Amount.ToString()));
        }

        Assert.Equal($"nothing in transaction {Tx(2)} fits --to and --asset", await Refused(Ask(Tx(2)) with { To = B }));
        Assert.StartsWith("--to 'B': ", await Refused(Ask(Tx(2)) with { To = "B" }), StringComparison.Ordinal);
        Assert.StartsWith("--asset 'USDC': ", await Refused(Ask(Tx(2)) with { Asset = "USDC" }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Part_of_what_was_moved()
    {
        TransferSeed seed = Assert.IsType<TransferSeed>(Assert.Single((await Open(Ask(Tx(1)) with { Amount = "2.5" })).Question.Seeds));
        Assert.Equal("2500000000000000000", seed.Amount.ToString());
        Assert.Equal(
            "--amount '10.1': it should be more than nothing and at most 10 ETH", await Refused(Ask(Tx(1)) with { Amount = "10.1" }));
        Assert.Equal(
            "--amount '0': it should be more than nothing and at most 10 ETH", await Refused(Ask(Tx(1)) with { Amount = "0" }));
    }

    // --- addresses --------------------------------------------------------------------------------------------------

    [Fact]
    public async Task An_address_is_a_seed_in_each_asset_it_held()
    {
        TraceCase opened = await Open(Ask(A));
        Assert.Equal(["ETH", Usdc], opened.Question.Seeds.Select(seed => seed.Asset.ToString()));
        Assert.Equal($"ethereum:{AText}", opened.Provenance.Subject, ignoreCase: true);

        // 10 ETH came; 4 were swapped into the 12 USDC, which are the first seed's, 5 went on to B and 1 stayed. B is not
        // covered and gave 1 of them on to C.
        Trace trace = (await TraceDesk.RunAsync(opened, Core.Taint.TaintPolicies.Fifo, null, default)).Trace;
        Assert.Equal((BigInteger.Parse(Eth(10), null), BigInteger.Zero), (trace.Balance[0].Stolen.ToBigInteger(), trace.Balance[1].Stolen.ToBigInteger()));
        Assert.Equal(["edge 10000000000000000000"], trace.Balance[0].Sinks.Select(s => $"{s.Kind.Word()} {s.Amount}"));
    }

    [Fact]
    public async Task An_amount_of_an_address_needs_its_asset()
    {
        string message = await Refused(Ask(A) with { Amount = "3" });
        Assert.Equal($"{AText} held 2 assets: --amount needs --asset (ETH, {Usdc})", message, ignoreCase: true);
        BalanceSeed seed = Assert.IsType<BalanceSeed>(Assert.Single((await Open(Ask(A) with { Amount = "3", Asset = "ETH" })).Question.Seeds));
        Assert.Equal(Eth(3), seed.Limit?.ToString());
        Assert.Equal("--amount '0': it should be more than nothing", await Refused(Ask(A) with { Amount = "0", Asset = "ETH" }));
        Assert.Equal("--to narrows a transaction, not an address", await Refused(Ask(A) with { To = B }));
    }

    [Theory]
    [InlineData(3UL, null, Direction.Forward, 3, 0u, 0u)]
    [InlineData(3UL, null, Direction.Backward, 3, uint.MaxValue, uint.MaxValue)]
    [InlineData(null, "2022-03-02T12:00:00Z", Direction.Forward, 3, 0u, 0u)] // the first movement after it is in block 3
    [InlineData(null, "2022-03-03T00:00:00Z", Direction.Forward, 3, 0u, 0u)]
    [InlineData(null, "2022-03-02T12:00:00Z", Direction.Backward, 2, 0u, 2u)] // just after the last before it
    public async Task From_where_on(ulong? block, string? time, Direction direction, int atBlock, uint index, uint step)
    {
        long? seconds = time is null ? null : DateTimeOffset.Parse(time, null).ToUnixTimeSeconds();
        TraceRequest request = Ask(A) with { Asset = "ETH", From = new Moment(block, seconds), Direction = direction };
        BalanceSeed seed = Assert.IsType<BalanceSeed>(Assert.Single((await Open(request)).Question.Seeds));
        Assert.Equal(new Position((ulong)atBlock, index, step), seed.From);
    }

    [Fact]
    public async Task From_a_time_at_which_nothing_moves_any_more() => Assert.Equal(
        $"{AText} moved nothing from that time on in my.csv",
        await Refused(Ask(A) with { Asset = "ETH", From = new Moment(null, 4_000_000_000) }), ignoreCase: true);

    [Fact]
    public async Task Backward_from_an_address()
    {
        TraceCase opened = await Open(Ask(C) with { Asset = "ETH", Direction = Direction.Backward, From = new Moment(4, null) });
        Trace trace = (await TraceDesk.RunAsync(opened, Core.Taint.TaintPolicies.Fifo, null, default)).Trace;

        // C ends with 5 ETH: 1 from B, which B had from A, and 4 in the swap against 12 USDC of its own.
        Assert.Equal(BigInteger.Parse(Eth(5), null), trace.Balance[0].Stolen.ToBigInteger());
        Assert.Contains(trace.Hops, hop => hop.Movement.Tx?.ToString(ChainFamily.Account) == Tx(4));
        Assert.Contains(trace.Hops, hop => hop.Movement.Tx?.ToString(ChainFamily.Account) == Tx(3));
    }

    [Fact]
    public async Task The_smallest_lot_is_given_by_asset()
    {
        TraceCase opened = await Open(Ask(Tx(1)) with { SmallestLots = ["ETH=0.01", Usdc + "=100"] });
        Assert.Equal(
            ["ETH 10000000000000000", Usdc + " 100000000"],
            opened.Question.Limits.SmallestLot.Select(limit => $"{limit.Key} {limit.Value}"));
        Assert.Equal(
            "--min-lot 'ETH': expected ASSET=AMOUNT, e.g. ETH=0.01 or a token's contract=100",
            await Refused(Ask(Tx(1)) with { SmallestLots = ["ETH"] }));
    }

    [Fact]
    public async Task The_digest_is_of_the_facts_used_and_not_of_what_else_the_record_holds_or_how_it_is_written()
    {
        async Task<string> DigestOf(string record)
        {
            TraceCase opened = await Open(Ask(Tx(1)) with { Data = ("my.csv", Encoding.UTF8.GetBytes(record)) });
            return (await TraceDesk.RunAsync(opened, TaintPolicies.Fifo, null, default)).Provenance.DataDigest;
        }

        string digest = await DigestOf(Record);
        Assert.Equal(64, digest.Length);
        Assert.Equal(digest, await DigestOf(Record.ReplaceLineEndings("\r\n")));
        Assert.NotEqual(digest, await DigestOf(Record.Replace(Eth(5), Eth(6), StringComparison.Ordinal)));
    }

    private static TraceRequest Ask(string subject) => new() { Subject = subject, Data = ("my.csv", Encoding.UTF8.GetBytes(Record)) };

    private static Task<TraceCase> Open(TraceRequest request)
    {
        string fixtures = Repository.PathOf("fixtures");
        LabelStore store = new(Path.Combine(fixtures, "labels"), Path.Combine(fixtures, "none"));
        Assert.True(store.TryLoad(out LabelIndex? labels, out LabelError? error, CancellationToken.None), error?.ToString());
        return new TraceDesk(fixtures, Task.FromResult(labels)).OpenAsync(request, CancellationToken.None);
    }

    private static async Task<string> Refused(TraceRequest request)
    {
        string message = (await Assert.ThrowsAsync<InputException>(() => Open(request))).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private static string Lower(Holder holder) => holder.Address.ToString().ToLowerInvariant();
}
