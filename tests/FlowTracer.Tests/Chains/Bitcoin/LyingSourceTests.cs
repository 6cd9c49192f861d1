using System.Text.Json;
using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>
/// A source that lies in one answer: whatever can be known to be wrong ends in a fault that names it, or the next source is
/// asked, and no movement is made up.
/// </summary>
public sealed class LyingSourceTests : IAsyncLifetime, IDisposable
{
    // Block 1 makes a coin of 25 BTC; block 2 spends it, with another coin that block 1 made, in one transaction.
    private readonly Transaction _made = MadeBlocks.Coinbase(1, 1, [0x51], [0x52]);
    private readonly MadeFolder _folder = new();
    private readonly Transaction _spends;
    private BlockFilesRpc? _files;

    public LyingSourceTests() => _spends = new TransactionBuilder(2, 0)
        .AddInput(new OutPoint(_made.Id, 0), [], uint.MaxValue, [])
        .AddInput(new OutPoint(_made.Id, 1), [], uint.MaxValue, [])
        .AddOutput(40_00000000, [0x53])
        .Build();

    private OutPoint Coin => new(_made.Id, 0);

    public async Task InitializeAsync()
    {
        byte[] genesis = MadeBlocks.Genesis();
        byte[] first = MadeBlocks.Mine(MadeBlocks.HashOf(genesis), MadeBlocks.EasiestBits, 4, _made);
        byte[] second = MadeBlocks.Mine(MadeBlocks.HashOf(first), MadeBlocks.EasiestBits, 4, MadeBlocks.Coinbase(2, 1), _spends);
        byte[] third = MadeBlocks.Mine(MadeBlocks.HashOf(second), MadeBlocks.EasiestBits, 4, MadeBlocks.Coinbase(3, 1));
        _folder.Write(0, MadeFolder.Records([genesis, first, second, third]));
        _files = await _folder.OpenAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_honest_source_tells_who_spends_the_coin()
    {
        History history = await HistoryAsync(_files!);
        Assert.Equal([_made.Id, _spends.Id], history.Movements.Select(static movement => movement.Tx!.Value));
        Assert.True(history.Coverage.IsComplete);
        Assert.Equal(0, history.Closing);
        Assert.Equal(10_00000000UL, history.Movements[1].Fee!.Value.Amount);
    }

    public static TheoryData<string, string> Lies => new()
    {
        { BitcoinCalls.Raw, "another transaction" },
        { BitcoinCalls.Raw, "no hex" },
        { BitcoinCalls.Place, "another index" },
        { BitcoinCalls.Place, "another branch" },
        { BitcoinCalls.Place, "another height" },
        { BitcoinCalls.Place, "a header without work" },
        { BitcoinCalls.Header, "a header without work" },
        { BitcoinCalls.Header, "another block's header" },
        { BitcoinCalls.Spender, "a transaction that spends something else" },
        { BitcoinCalls.Spends, "another script" },
        { BitcoinCalls.Spends, "less than the outputs" },
        { BitcoinCalls.Spends, "more than the coin" },
        { BitcoinCalls.Spends, "more than there is" },
        { BitcoinCalls.Spends, "too few" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task What_can_be_known_to_be_wrong_is_found_out(string method, string lie)
    {
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => HistoryAsync(new Liar(_files!, method, answer => Lie(lie, answer))));
        Assert.Contains("block files", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    // What an answer itself shows to be wrong is never used: the next source is asked.
    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Where_the_answer_shows_it_the_next_source_is_asked(string method, string lie)
    {
        FailoverRpc both = new([new Liar(_files!, method, answer => Lie(lie, answer)), _files!], TimeProvider.System);
        if (lie is "another height" or "another block's header")
        {
            // Two answers that are each right by themselves contradict each other: nobody can say whose is right.
            await Assert.ThrowsAsync<SourceException>(() => HistoryAsync(both));
            return;
        }

        History history = await HistoryAsync(both);
        Assert.Equal([_made.Id, _spends.Id], history.Movements.Select(static movement => movement.Tx!.Value));
    }

    [Fact]
    public async Task A_list_of_fees_of_another_block_is_found_out()
    {
        // The coinbase of block 3 is no transaction of block 2.
        Liar liar = new(_files!, BitcoinCalls.Fees, static answer =>
        {
            JsonNode node = JsonNode.Parse(answer.GetRawText())!;
            node["ids"]![0] = new string('0', 64);
            return JsonSerializer.SerializeToElement(node);
        });
        await Assert.ThrowsAsync<SourceException>(() => new BitcoinNode(liar, ChainId.BitcoinRegtest).FeesAsync(2, CancellationToken.None));
        BlockFees? fees = await new BitcoinNode(_files!, ChainId.BitcoinRegtest).FeesAsync(2, CancellationToken.None);
        Assert.Equal([0UL, 10_00000000UL], fees!.FeesSats);
    }

    [Fact]
    public async Task A_source_that_says_nothing_of_the_inputs_leaves_the_rest_to_be_looked_up()
    {
        RefusingRpc refusing = new(_files!, BitcoinCalls.Spends);
        History history = await HistoryAsync(refusing);
        Assert.Equal(10_00000000UL, history.Movements[1].Fee!.Value.Amount);
    }

    [Fact]
    public void Where_the_maker_of_an_input_cannot_be_known_the_transaction_is_unresolved()
    {
        Transaction other = new TransactionBuilder(2, 0)
            .AddInput(new OutPoint(_made.Id, 0), [], uint.MaxValue, [])
            .AddInput(new OutPoint(_spends.Id, 7), [], uint.MaxValue, [])
            .AddOutput(1, [0x53])
            .Build();
        PlacedTransaction placed = new(other, other.Id, 5, 1, default);
        var parts = BitcoinMovements.Of(placed, [new SpentOutput(25_00000000, [0x51]), null], null, ChainId.BitcoinRegtest);
        Assert.Equal([MovementKind.Unresolved, MovementKind.Unresolved], parts.Select(static part => part.Kind));
        Assert.Equal(25_00000000UL, Movement.Sum(parts[0].Inputs));
        Assert.Empty(parts[0].Outputs);
        Assert.Equal(1UL, Movement.Sum(parts[1].Outputs));
        Assert.Contains("what 1 of its 2 inputs brought is not known", parts[0].Doubt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_time_is_found_where_blocks_are_slow_and_clocks_run_back()
    {
        // Hourly blocks, of which the seventh is stamped two hours back: the first block of the seventh hour or later is the
        // eighth, by hand.
        using MadeFolder folder = new();
        List<byte[]> blocks = [MadeBlocks.Genesis()];
        for (int height = 1; height <= 40; height++)
        {
            uint time = 1_400_000_000 + ((uint)height * 3600) - (height == 7 ? 7200u : 0u);
            blocks.Add(MinedAt(MadeBlocks.HashOf(blocks[^1]), time, MadeBlocks.Coinbase(height, 1)));
        }

        folder.Write(0, MadeFolder.Records(blocks));
        BlockFilesRpc files = await folder.OpenAsync();
        using BitcoinSource source = await SourceAsync(files);
        foreach (int height in new[] { 1, 5, 6, 8, 9, 20, 33, 40 })
        {
            Assert.Equal(new Position((ulong)height, 0, 0), await source.PositionAtAsync(ChainId.BitcoinRegtest, 1_400_000_000 + (height * 3600), CancellationToken.None));
        }

        Assert.Equal(new Position(8, 0, 0), await source.PositionAtAsync(ChainId.BitcoinRegtest, 1_400_000_000 + (7 * 3600), CancellationToken.None));
        Assert.Equal(new Position(41, 0, 0), await source.PositionAtAsync(ChainId.BitcoinRegtest, 1_400_000_000 + (41 * 3600), CancellationToken.None));
        Assert.Equal(new Position(0, 0, 0), await source.PositionAtAsync(ChainId.BitcoinRegtest, 0, CancellationToken.None));
    }

    private static byte[] MinedAt(Hash256 parent, uint time, Transaction coinbase)
    {
        byte[] block = MadeBlocks.Mine(parent, MadeBlocks.EasiestBits, 4, coinbase);
        BlockHeader header = BlockHeader.Parse(block) with { Time = time };
        while (!header.HasProofOfWork(ChainId.BitcoinRegtest))
        {
            header = header with { Nonce = header.Nonce + 1 };
        }

        header.WriteTo(block);
        return block;
    }

    private async Task<History> HistoryAsync(IRpc rpc)
    {
        using BitcoinSource source = await SourceAsync(rpc);
        Holder holder = Holder.Output(ChainId.BitcoinRegtest, Coin, default);
        return (await source.ReadAsync([new HistoryRequest(holder, Position.Start, Direction.Forward)], CancellationToken.None))[0];
    }

    private async Task<BitcoinSource> SourceAsync(IRpc rpc)
    {
        ChainView view = await new BitcoinProbe(rpc is Liar or FailoverRpc or RefusingRpc ? _files! : rpc).LookAsync(ChainId.BitcoinRegtest, 0, null, CancellationToken.None);
        return new BitcoinSource(
            rpc, new AboutSource("a test", string.Empty, "a test", []), view, _ => Task.FromResult(view), static () => false, statesFees: false);
    }

    private JsonElement Lie(string lie, JsonElement answer)
    {
        JsonNode? node = JsonNode.Parse(answer.GetRawText());
        switch (lie)
        {
            case "another transaction" or "a transaction that spends something else":
                return JsonSerializer.SerializeToElement(Convert.ToHexStringLower(SampleBlocks.Payment(9).Bytes));
            case "no hex":
                return JsonSerializer.SerializeToElement("hello");
            case "another index":
                node!["index"] = node["index"]!.GetValue<int>() + 1;
                break;
            case "another branch":
                node!["branch"] = new JsonArray(new string('1', 64));
                break;
            case "another height":
                node!["height"] = 3;
                break;
            case "a header without work" when node is JsonValue:
                return JsonSerializer.SerializeToElement(new string('f', 160));
            case "a header without work":
                node!["header"] = new string('f', 160);
                break;
            case "another block's header":
                return _files!.AskAsync(BitcoinCalls.HeaderAt(3), CancellationToken.None).GetAwaiter().GetResult().Result;
            case "another script":
                node![0]!["script"] = "54";
                break;
            case "less than the outputs":
                node![0]!["value"] = 1;
                node[1]!["value"] = 1;
                break;
            case "more than the coin":
                node![0]!["value"] = 26_00000000;
                break;
            case "more than there is":
                node![0]!["value"] = ulong.MaxValue;
                break;
            case "too few":
                node!.AsArray().RemoveAt(1);
                break;
        }

        return JsonSerializer.SerializeToElement(node);
    }

    /// <summary>Changes the answers to one kind of question, and judges them as every source does.</summary>
    private sealed class Liar(IRpc honest, string method, Func<JsonElement, JsonElement> lie) : IRpc
    {
        public string Name => honest.Name;

        public async Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken)
        {
            if (call.Method != method)
            {
                return await honest.AskAsync(call, cancellationToken);
            }

            RpcAnswer right = await honest.AskAsync(call with { Check = null }, cancellationToken);
            RpcAnswer answer = right.Result.ValueKind is JsonValueKind.Null or JsonValueKind.Array && right.Result.ToString() is "" or "[]"
                ? right
                : RpcAnswer.Of(lie(right.Result));
            return call.Check?.Invoke(answer.Result) is string wrong
                ? throw new SourceException(Name, call.Shown, wrong) { IsAnswered = true }
                : answer;
        }
    }

    /// <summary>Refuses one kind of question.</summary>
    private sealed class RefusingRpc(IRpc inner, string method) : IRpc
    {
        public string Name => inner.Name;

        public Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken) => call.Method == method
            ? Task.FromResult(RpcAnswer.Refused(new RpcError(BitcoinRpc.CannotKnow, "does not state it")))
            : inner.AskAsync(call, cancellationToken);
    }
}
