using System.Text.Json;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// Every question that a Bitcoin source answers, asked of bcoin and of Bitcoin Core's kinds, over one chain. What is
/// expected is what the story is made of.
/// </summary>
public sealed class CoreRpcTests(BitcoinStory story) : IClassFixture<BitcoinStory>
{
    private const int MostBlocks = 1_000;
    private const int MostTransactions = 1_000;

    private static readonly Dictionary<string, CoreKind?> Kinds = new()
    {
        ["bcoin"] = null,
        ["Core with all indexes"] = new CoreKind { HasFilters = true, HasSpenders = true },
        ["Core with filters"] = new CoreKind { HasFilters = true, Version = 30 },
        ["Core without filters"] = new CoreKind { Version = 25 },
        ["Core 23"] = new CoreKind { HasFilters = true, Version = 23 },
        ["Core 22"] = new CoreKind { Version = 22 },
        ["Core without txindex"] = new CoreKind { HasTxIndex = false, HasFilters = true },
    };

    private static readonly Dictionary<string, Fault> Passing = new()
    {
        ["429"] = Fault.TooManyRequests(),
        ["500"] = Fault.InternalServerError(),
        ["half a body"] = Fault.HalfBody(),
        ["invalid JSON"] = Fault.InvalidJson(),
        ["a web page"] = Fault.HtmlPage(),
        ["no answer"] = Fault.Hang(),
        ["wrong ids"] = Fault.WrongIds(),
        ["starting"] = Fault.Answers(-28, "Loading block index…"),
    };

    // So that a request nobody answers is given up; one that takes longer for another reason is asked again.
    private static readonly FetchSettings Impatient = new() { FirstDelayMs = 1, LongestDelayMs = 5_000, Retries = 3, TimeoutMs = 1_500 };

    public static TheoryData<string> Faults { get; } = [.. Passing.Keys];

    public static TheoryData<string> All { get; } = [.. Kinds.Keys];

    public static TheoryData<string> Indexed { get; } = [.. Kinds.Keys.Where(kind => Kinds[kind]?.HasTxIndex ?? true)];

    [BcoinTheory]
    [MemberData(nameof(All))]
    public async Task Heights_and_headers_are_those_of_the_chain(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        Assert.Equal(story.Chain.Height, (await asked.ResultAsync(BitcoinCalls.HeightNow())).GetInt32());
        Assert.Equal(story.Chain.Genesis, (await asked.ResultAsync(BitcoinCalls.GenesisHash())).GetString());
        foreach (int height in new[] { 1, 440, story.Chain.Height })
        {
            string? header = (await asked.ResultAsync(BitcoinCalls.HeaderAt((ulong)height))).GetString();
            Assert.Equal(Convert.ToHexStringLower(story.Chain.Blocks[height]!.Header), header);
        }

        Assert.Equal("null", await asked.TextAsync(BitcoinCalls.HeaderAt((ulong)story.Chain.Height + 1)));
    }

    [BcoinTheory]
    [MemberData(nameof(Indexed))]
    public async Task Transactions_are_found_with_their_witness_and_their_place_is_proven(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        foreach (TestTx transaction in Mined())
        {
            Assert.Equal(transaction.Hex, (await asked.ResultAsync(BitcoinCalls.RawOf(Id(transaction)))).GetString());
            AssertPlaced(transaction, await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(transaction))));
        }

        TxHash unknown = Id(new string('7', 64));
        Assert.Equal("null", await asked.TextAsync(BitcoinCalls.RawOf(unknown)));
        Assert.Equal("null", await asked.TextAsync(BitcoinCalls.PlaceOf(unknown)));
        Assert.Equal(story.Waiting.Hex, (await asked.ResultAsync(BitcoinCalls.RawOf(Id(story.Waiting)))).GetString());
        Assert.Equal("null", await asked.TextAsync(BitcoinCalls.PlaceOf(Id(story.Waiting))));
    }

    [BcoinTheory]
    [MemberData(nameof(Indexed))]
    public async Task What_a_transaction_spends_is_stated_where_the_node_can(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        TestTx[] all = Mined();
        foreach (TestTx transaction in Kinds[kind] is { Version: >= 23 } ? all : all.Where(one => one.Inputs.Count > 0))
        {
            RpcAnswer answer = await asked.Rpc.AskAsync(BitcoinCalls.SpendsOf(Id(transaction)), default);
            if (Kinds[kind] is not { Version: >= 23 })
            {
                Assert.Equal(BitcoinRpc.CannotKnow, answer.Error?.Code);
                continue;
            }

            Assert.Equal(
                transaction.Inputs.Select(coin => (coin.Sats, Convert.ToHexStringLower(coin.Script))),
                answer.Result.EnumerateArray().Select(one => (one.GetProperty("value").GetUInt64(), one.GetProperty("script").GetString()!)));
        }
    }

    [BcoinTheory]
    [MemberData(nameof(Indexed))]
    public async Task What_a_block_pays_is_stated_or_added_up(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        foreach (TestTx transaction in new[] { story.Join, story.Again })
        {
            TestBlock block = story.Chain.BlockOf(transaction);
            JsonElement told = await asked.ResultAsync(BitcoinCalls.FeesAt((ulong)block.Height));
            Assert.Equal(block.Transactions.Select(one => one.Id), Texts(told.GetProperty("ids")));
            Assert.Equal(
                block.Transactions.Select(one => one.FeeSats),
                told.GetProperty("fees").EnumerateArray().Select(fee => fee.GetUInt64()));
        }
    }

    [BcoinTheory]
    [MemberData(nameof(All))]
    public async Task Spenders_are_found_with_every_index_and_without(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        TestTx[] all = Mined();
        foreach ((TestCoin coin, TestTx spender) in all.SelectMany(spender => spender.Inputs.Select(coin => (coin, spender))))
        {
            ulong made = (ulong)story.Chain.Blocks.Single(block => block?.Transactions.Any(one => one.Id == coin.TxId) ?? false)!.Height;
            ulong spent = (ulong)story.Chain.BlockOf(spender).Height;
            Assert.Equal($"\"{spender.Hex}\"", await asked.TextAsync(Spender(coin, made, (ulong)story.Chain.Height)));
            Assert.Equal($"\"{spender.Hex}\"", await asked.TextAsync(Spender(coin, made, spent)));
            // Back and Again share a block, so that the coin between them has no block before its spender's.
            if (made < spent)
            {
                Assert.Equal("null", await asked.TextAsync(Spender(coin, made, spent - 1)));
            }
        }
    }

    [BcoinTheory]
    [MemberData(nameof(All))]
    public async Task A_coin_that_no_block_spends_has_no_spender(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        ulong height = (ulong)story.Chain.BlockOf(story.Join).Height;
        ulong head = (ulong)story.Chain.Height;
        Assert.Equal("null", await asked.TextAsync(Spender(story.Unspent, height, head)));
        Assert.Equal("null", await asked.TextAsync(Spender(story.Waiting.Inputs[0], height, head)));
        Assert.Equal("null", await asked.TextAsync(Spender(story.Back.Outputs[2], head - 2, head)));
    }

    [BcoinTheory]
    [MemberData(nameof(All))]
    public async Task Histories_hold_whatever_pays_or_spends_in_the_chains_order(string kind)
    {
        await using Asked asked = new(story.Node, Kinds[kind]);
        int joined = story.Chain.BlockOf(story.Join).Height;
        foreach ((TestWallet owner, int upTo, int count) in new[]
        {
            (story.Ann, story.Chain.Height, 4), (story.Ben, joined, 2), (story.Cid, joined - 1, 1), (new("nobody"), joined, 0),
        })
        {
            string[] expected = [.. story.Chain.Blocks.Take(upTo + 1).SelectMany(block => block?.Transactions ?? [])
                .Where(one => one.Inputs.Concat(one.Outputs).Any(coin => coin.Owner == owner)).Select(one => one.Id)];
            Assert.Equal(count, expected.Length);
            Assert.Equal(expected, Texts(await asked.ResultAsync(BitcoinCalls.HistoryOf(owner.Script, (ulong)upTo))));
        }
    }

    [BcoinFact]
    public async Task Without_an_index_a_transaction_is_found_where_a_spender_or_a_history_met_it_and_by_its_unspent_coins()
    {
        await using Asked asked = new(story.Node, new CoreKind { HasTxIndex = false, HasFilters = true });
        // All its coins are spent, but for the note, which never was one.
        RpcAnswer unmet = await asked.Rpc.AskAsync(BitcoinCalls.RawOf(Id(story.Back)), default);
        Assert.Equal(BitcoinRpc.CannotKnow, unmet.Error?.Code);
        Assert.Contains("txindex=1", unmet.Error!.Message, StringComparison.Ordinal);
        // It has an output nobody spent.
        AssertPlaced(story.Join, await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(story.Join))));
        Assert.Equal(story.Join.Hex, (await asked.ResultAsync(BitcoinCalls.RawOf(Id(story.Join)))).GetString());

        ulong merged = (ulong)story.Chain.BlockOf(story.Merge).Height;
        await asked.ResultAsync(Spender(story.Merge.Outputs[0], merged, (ulong)story.Chain.Height));
        Assert.Equal(story.Back.Hex, (await asked.ResultAsync(BitcoinCalls.RawOf(Id(story.Back)))).GetString());
        AssertPlaced(story.Back, await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(story.Back))));
        Assert.Equal(1, (await asked.ResultAsync(BitcoinCalls.SpendsOf(Id(story.Back)))).GetArrayLength());

        await asked.ResultAsync(BitcoinCalls.HistoryOf(story.Ben.Script, (ulong)story.Chain.Height));
        TestTx funding = Mined().First(one => one.Outputs.Contains(story.Coins[1]));
        AssertPlaced(funding, await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(funding))));
    }

    [BcoinFact]
    public async Task Beyond_the_limit_it_says_why_it_cannot_know_and_what_to_do()
    {
        await using Asked asked = new(story.Node, null, mostBlocks: 10);
        ulong joined = (ulong)story.Chain.BlockOf(story.Join).Height;
        RpcAnswer far = await asked.Rpc.AskAsync(Spender(story.Join.Outputs[0], joined, (ulong)story.Chain.Height), default);
        Assert.Equal(BitcoinRpc.CannotKnow, far.Error?.Code);
        Assert.Contains($"up to block {joined + 9}; start it with blockfilterindex=1", far.Error!.Message, StringComparison.Ordinal);
        // Not so far, it can: the join spends Cid's coin in the next block.
        Assert.Equal($"\"{story.Join.Hex}\"", await asked.TextAsync(Spender(story.Coins[2], joined - 1, (ulong)story.Chain.Height)));
        RpcAnswer history = await asked.Rpc.AskAsync(BitcoinCalls.HistoryOf(story.Ann.Script, (ulong)story.Chain.Height), default);
        Assert.Contains("blockfilterindex=1", history.Error!.Message, StringComparison.Ordinal);
        await using Asked few = new(story.Node, null, mostTransactions: 3);
        RpcAnswer many = await few.Rpc.AskAsync(BitcoinCalls.HistoryOf(BitcoinTestChain.Miner.Script, (ulong)story.Chain.Height), default);
        Assert.Contains("more than 3 transactions", many.Error!.Message, StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task Blocks_are_read_once_for_many_coins()
    {
        await using CoreFace face = new(story.Node, new CoreKind { Version = 22 });
        await using Asked asked = new(face.Url);
        ulong joined = (ulong)story.Chain.BlockOf(story.Join).Height;
        Task<string>[] answers = [.. story.Join.Outputs.Select(
            coin => asked.TextAsync(Spender(coin, joined, (ulong)story.Chain.Height)))];
        await Task.WhenAll(answers);
        int blocks = story.Chain.Height - (int)joined + 1;
        // One more for each coin that is spent, to see by which of the block's transactions: 0, 4 and 5.
        Assert.InRange(face.Calls["getblock"], 1, blocks + 3);
    }

    [BcoinFact]
    public async Task Scans_asked_for_together_are_made_one_after_the_other()
    {
        await using CoreFace face = new(story.Node, Kinds["Core with filters"]!);
        await using Asked asked = new(face.Url);
        ulong joined = (ulong)story.Chain.BlockOf(story.Join).Height;
        string[] found = await Task.WhenAll(new[] { 0, 4, 5 }.Select(
            at => asked.TextAsync(Spender(story.Join.Outputs[at], joined, (ulong)story.Chain.Height))));
        Assert.Equal([$"\"{story.Peels[0].Hex}\"", $"\"{story.Merge.Hex}\"", $"\"{story.Merge.Hex}\""], found);
        Assert.Equal(3, face.Calls["scanblocks"]);
        Assert.Equal(0, face.RefusedScans);
    }

    [BcoinFact]
    public async Task An_index_that_is_being_built_is_waited_for_by_whoever_asks()
    {
        await using Asked asked = new(story.Node, new CoreKind { IsIndexing = true, HasTxIndex = false, HasFilters = true });
        // The filters are not used before they are complete: blocks are read.
        Assert.Equal($"\"{story.Join.Hex}\"", await asked.TextAsync(Spender(story.Coins[0], 441, (ulong)story.Chain.Height)));
        await using Asked building = new(story.Node, new CoreKind { IsIndexing = true });
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => building.TextAsync(BitcoinCalls.RawOf(Id(story.Back))));
        Assert.Contains("(txindex) is still being built; wait", fault.Reason, StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task It_says_what_it_is_and_cannot_do()
    {
        await using Asked bcoin = new(story.Node, null);
        AboutSource about = await bcoin.AboutAsync();
        Assert.Equal("Bitcoin Core", about.Kind);
        Assert.Equal("/bcoin:v1.0.2/", about.Client);
        Assert.Equal("transactions by txindex, spenders by reading up to 1000 blocks", about.Method);
        Assert.Equal(2, about.Limits.Count);
        await using Asked full = new(story.Node, Kinds["Core with all indexes"]);
        Assert.Empty((await full.AboutAsync()).Limits);
        await using Asked bare = new(story.Node, Kinds["Core without txindex"]);
        AboutSource poor = await bare.AboutAsync();
        Assert.Equal("transactions in blocks already met, spenders by block filters", poor.Method);
        Assert.Contains("txindex=1", Assert.Single(poor.Limits), StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task A_cookie_file_is_read_anew_and_what_is_wrong_with_it_is_said()
    {
        using TemporaryFolder folder = new();
        string file = folder.PathOf(".cookie");
        await using Asked asked = new(new Uri($"{story.Node.BareUrl}?cookie={Uri.EscapeDataString(file)}"));
        SourceException missing = await Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(BitcoinCalls.HeightNow()));
        Assert.Equal($"its cookie file {file} is not there; check the path and that the node runs", missing.Reason);

        folder.Write(".cookie", "nothing of use");
        SourceException empty = await Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(BitcoinCalls.HeightNow()));
        Assert.Contains("holds no user and password", empty.Reason, StringComparison.Ordinal);

        folder.Write(".cookie", "__cookie__:0123456789abcdef");
        SourceException wrong = await Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(BitcoinCalls.HeightNow()));
        Assert.Contains("refused access (401)", wrong.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789abcdef", wrong.ToString(), StringComparison.Ordinal);

        folder.Write(".cookie", $"__cookie__:{BcoinNode.Password}\n");
        Assert.Equal($"{story.Chain.Height}", await asked.TextAsync(BitcoinCalls.HeightNow()));
    }

    [BcoinFact]
    public async Task A_wrong_password_is_one_line_that_does_not_show_it()
    {
        await using Asked asked = new(new UriBuilder(story.Node.BareUrl) { UserName = "me", Password = "mistaken-words" }.Uri);
        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(BitcoinCalls.HeightNow()));
        Assert.Equal("refused access (401): check the key, or the user and password or cookie file", fault.Reason);
        Assert.DoesNotContain("mistaken", fault.ToString(), StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task After_a_reorganisation_places_and_spenders_are_those_of_the_new_branch()
    {
        await using BcoinNode node = await BcoinNode.StartAsync();
        BitcoinTestChain chain = await BitcoinTestChain.StartAsync(node);
        TestCoin coin = await chain.FundAsync(story.Ann, 10_000);
        ulong made = (ulong)chain.Height;
        TestTx first = TestTx.Of([coin], (story.Ben, 9_000));
        TestTx other = TestTx.Of([coin], (story.Cid, 9_000));
        await chain.MineAsync(first);
        await using CoreFace filters = new(node, Kinds["Core with filters"]!);
        await using CoreFace index = new(node, Kinds["Core with all indexes"]!);
        Asked[] all = [new(node.Url), new(filters.Url), new(index.Url)];
        foreach (Asked asked in all)
        {
            Assert.Equal($"\"{first.Hex}\"", await asked.TextAsync(Spender(coin, made, made + 1)));
            Assert.Equal(made + 1, (await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(first)))).GetProperty("height").GetUInt64());
        }

        await chain.ReorganiseAsync((int)made + 1, [], [other]);
        foreach (Asked asked in all)
        {
            Assert.Equal("null", await asked.TextAsync(Spender(coin, made, made + 1)));
            Assert.Equal($"\"{other.Hex}\"", await asked.TextAsync(Spender(coin, made, made + 2)));
            Assert.Equal("null", await asked.TextAsync(BitcoinCalls.PlaceOf(Id(first))));
            Assert.Equal(made + 2, (await asked.ResultAsync(BitcoinCalls.PlaceOf(Id(other)))).GetProperty("height").GetUInt64());
            await asked.DisposeAsync();
        }
    }

    [BcoinTheory]
    [MemberData(nameof(Faults))]
    public async Task What_passes_leaves_no_trace_in_any_answer(string fault)
    {
        await using Asked healthy = new(story.Node, null);
        RpcCall[] questions = Questions();
        string[] right = await Task.WhenAll(questions.Select(healthy.TextAsync));
        foreach (int skip in new[] { 0, 3 })
        {
            await using FaultyNode proxy = new(story.Node.Url);
            proxy.Add(Passing[fault], skip: skip, times: 2);
            await using Asked asked = new(proxy.Url, Impatient);
            Assert.Equal(right, await Task.WhenAll(questions.Select(asked.TextAsync)));
        }
    }

    [BcoinTheory]
    [MemberData(nameof(Faults))]
    public async Task What_stays_ends_in_one_line_that_names_node_and_call(string fault)
    {
        await using FaultyNode proxy = new(story.Node.Url);
        proxy.Add(Passing[fault]);
        await using Asked asked = new(proxy.Url, Impatient with { Retries = 1 });
        SourceException[] all = await Task.WhenAll(Questions().Select(
            question => Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(question))));
        foreach (SourceException ended in all)
        {
            Assert.StartsWith($"http://{proxy.Url.Authority}: get", ended.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', ended.Message);
            Assert.DoesNotContain(BcoinNode.Password, ended.ToString(), StringComparison.Ordinal);
        }
    }

    [BcoinFact]
    public async Task A_block_or_transaction_other_than_asked_for_is_not_taken()
    {
        foreach ((string method, RpcCall question) in new[]
        {
            ("getblock", Spender(story.Coins[2], (ulong)story.Chain.BlockOf(story.Join).Height, (ulong)story.Chain.Height)),
            ("getblockheader", BitcoinCalls.HeaderAt(441)),
            ("getrawtransaction", BitcoinCalls.RawOf(Id(story.Join))),
        })
        {
            string right = method switch
            {
                "getblock" => story.Chain.Blocks[1]!.Bytes is { } block ? Convert.ToHexStringLower(block) : string.Empty,
                "getblockheader" => Convert.ToHexStringLower(story.Chain.Blocks[1]!.Header),
                _ => story.Back.Hex,
            };
            await using FaultyNode proxy = new(story.Node.Url);
            proxy.Add(Fault.Changes(_ => right), method, when: given => given!.AsArray().ElementAtOrDefault(1)?.ToJsonString() == "false");
            await using Asked asked = new(proxy.Url);
            SourceException fault = await Assert.ThrowsAsync<SourceException>(() => asked.TextAsync(question));
            Assert.Contains("that was asked for", fault.Reason, StringComparison.Ordinal);
            proxy.Heal();
            proxy.Add(Fault.Changes(_ => right), method, times: 2, when: given => given!.AsArray().ElementAtOrDefault(1)?.ToJsonString() == "false");
            await using Asked again = new(proxy.Url);
            Assert.NotEqual("null", await again.TextAsync(question));
        }
    }

    private static TxHash Id(TestTx transaction) => Id(transaction.Id);

    private static TxHash Id(string id) =>
        TxHash.TryParse(ChainFamily.Utxo, id, out TxHash hash, out _) ? hash : throw new FormatException(id);

    private static RpcCall Spender(TestCoin coin, ulong height, ulong upTo) =>
        BitcoinCalls.SpenderOf(new SpenderQuestion(new OutPoint(Id(coin.TxId), coin.Index), coin.Script, height, upTo));

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(one => one.GetString()!);

    private RpcCall[] Questions() =>
    [
        BitcoinCalls.HeightNow(),
        BitcoinCalls.HeaderAt(440),
        BitcoinCalls.RawOf(Id(story.Merge)),
        BitcoinCalls.PlaceOf(Id(story.Merge)),
        Spender(story.Join.Outputs[0], (ulong)story.Chain.BlockOf(story.Join).Height, (ulong)story.Chain.Height),
        BitcoinCalls.HistoryOf(story.Ann.Script, (ulong)story.Chain.BlockOf(story.Join).Height),
    ];

    private TestTx[] Mined() =>
        [.. story.Chain.Blocks.Skip(BitcoinTestChain.Beginning).SelectMany(block => block!.Transactions)];

    // The way from the transaction up to the root that stands in the header, walked by the tests' own hashing.
    private void AssertPlaced(TestTx transaction, JsonElement place)
    {
        TestBlock block = story.Chain.BlockOf(transaction);
        Assert.Equal(block.Height, place.GetProperty("height").GetInt32());
        int index = place.GetProperty("index").GetInt32();
        Assert.Equal(transaction.Id, block.Transactions[index].Id);
        byte[] node = TestBytes.Stored(transaction.Id);
        foreach (string half in Texts(place.GetProperty("branch")))
        {
            byte[] other = TestBytes.Stored(half);
            node = TestBytes.Hash(index % 2 == 0 ? [.. node, .. other] : [.. other, .. node]);
            index /= 2;
        }

        Assert.Equal(block.Header[36..68], node);
    }

    /// <summary>A source over a node, with all it needs.</summary>
    private sealed class Asked : IAsyncDisposable
    {
        private static readonly FetchSettings Quick = new() { FirstDelayMs = 1, LongestDelayMs = 5_000, Retries = 2 };

        private readonly HttpPipeline _pipeline;
        private readonly JsonRpcNode _node;
        private readonly CoreFace? _face;

        public Asked(BcoinNode node, CoreKind? kind, int mostBlocks = MostBlocks, int mostTransactions = MostTransactions)
            : this(node.Url, kind is null ? null : new CoreFace(node, kind), Quick, mostBlocks, mostTransactions)
        {
        }

        public Asked(Uri url, FetchSettings? settings = null)
            : this(url, null, settings ?? Quick, MostBlocks, MostTransactions)
        {
        }

        private Asked(Uri url, CoreFace? face, FetchSettings settings, int mostBlocks, int mostTransactions)
        {
            _face = face;
            _pipeline = new HttpPipeline(settings, new RpcMeter(), TimeProvider.System);
            _node = new JsonRpcNode(NodeUrl.Parse((face?.Url ?? url).OriginalString), _pipeline);
            Rpc = new CoreRpc(_node, mostBlocks, mostTransactions);
        }

        public CoreRpc Rpc { get; }

        public async Task<JsonElement> ResultAsync(RpcCall call)
        {
            RpcAnswer answer = await Rpc.AskAsync(call, default);
            Assert.Null(answer.Error);
            return answer.Result;
        }

        public async Task<string> TextAsync(RpcCall call) => (await ResultAsync(call)).GetRawText();

        public async Task<AboutSource> AboutAsync() => (await ResultAsync(BitcoinCalls.AboutSource())).Deserialize<AboutSource>()!;

        public async ValueTask DisposeAsync()
        {
            await _node.DisposeAsync();
            _pipeline.Dispose();
            if (_face is not null)
            {
                await _face.DisposeAsync();
            }
        }
    }
}
