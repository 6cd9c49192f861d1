using System.Text.Json.Nodes;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;
using FlowTracer.Testing;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Bitcoin.Live;

/// <summary>The Electrum protocol's transport, against a server that does everything a server can do wrong.</summary>
public sealed class ElectrumClientTests
{
    private static readonly FetchSettings OneAttempt = TestNode.Quick with { Retries = 0 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_calls_share_one_connection_each_with_its_own_answer(bool isSecure)
    {
        await using ScriptedElectrum electrum = new(isSecure: isSecure);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => electrum.AskAsync(number)));

        Assert.Equal(1, electrum.Server.Connections);
        Assert.Equal(200, electrum.Meter.Snapshot().Calls);
        Assert.Equal(0, electrum.Meter.Snapshot().Retries);
        JsonNode first = JsonNode.Parse(electrum.Server.Lines.First())!;
        Assert.Equal("server.version", (string?)first["method"]);
        Assert.Equal("""["FlowTracer",["1.4","1.4.5"]]""", first["params"]!.ToJsonString());
    }

    [Fact]
    public async Task Calls_asked_together_travel_in_lines_of_the_batch_size()
    {
        await using ScriptedElectrum electrum = new(settings: TestNode.Quick with { BatchSize = 20 });

        await electrum.AskTogetherAsync(50);

        // server.version, then 20, 20 and 10.
        Assert.Equal(
            [20, 20, 10], electrum.Server.Lines.Skip(1).Select(line => JsonNode.Parse(line)!.AsArray().Count).OrderDescending());
        Assert.Equal(50, electrum.Meter.Snapshot().Calls);
        Assert.Equal(3, electrum.Meter.Snapshot().HttpRequests);
    }

    [Fact]
    public async Task Answers_in_any_order_find_their_callers()
    {
        TaskCompletionSource last = new();
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            // The first call is answered when the last one has been.
            int number = (int)asked["params"]![0]!;
            await (number == 0 ? last.Task : Task.CompletedTask);
            await client.SendAsync(ScriptedElectrum.Answer(asked).ToJsonString());
            if (number == 7)
            {
                last.SetResult();
            }

            return true;
        });

        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => electrum.AskAsync(number)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answers_of_a_batch_may_come_turned_round_or_line_by_line(bool isOneLine)
    {
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            JsonNode[] answers = [.. ScriptedElectrum.Answer(asked).AsArray().Reverse().Select(one => one!.DeepClone())];
            foreach (string line in isOneLine ? [new JsonArray(answers).ToJsonString()] : answers.Select(one => one.ToJsonString()))
            {
                await client.SendAsync(line);
            }

            return true;
        });

        await electrum.AskTogetherAsync(5);

        Assert.Equal(2, electrum.Server.Lines.Count);
    }

    [Fact]
    public async Task An_array_that_leaves_calls_out_is_no_answer_to_them()
    {
        int batches = 0;
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            if (asked is not JsonArray || Interlocked.Increment(ref batches) != 2)
            {
                return false;
            }

            JsonArray answers = ScriptedElectrum.Answer(asked).AsArray();
            answers.RemoveAt(3);
            await client.SendAsync(answers.ToJsonString());
            return true;
        });

        await electrum.AskTogetherAsync(5);
        await electrum.AskTogetherAsync(5);

        // The third time it was whole: batches had worked, so they were not given up.
        Assert.Equal(3, batches);
    }

    [Fact]
    public async Task Notifications_and_answers_nobody_waits_for_any_more_are_passed_over()
    {
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            await client.SendAsync("""{"jsonrpc":"2.0","method":"blockchain.headers.subscribe","params":[{"height":7,"hex":""}]}""");
            await client.SendAsync(ScriptedElectrum.Answer(asked).ToJsonString());
            return false;
        });

        await electrum.AskAsync(1);
        await electrum.AskAsync(2);

        Assert.Equal(1, electrum.Server.Connections);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("refuse")]
    public async Task A_server_that_knows_no_batches_is_asked_one_by_one_from_then_on(string how)
    {
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            if (asked is JsonArray && how == "drop")
            {
                client.Close();
            }
            else if (asked is JsonArray)
            {
                await client.SendAsync(ScriptedElectrum.Error(null, -32600, "batches are not supported").ToJsonString());
            }

            return asked is JsonArray;
        });

        await electrum.AskTogetherAsync(30);
        await electrum.AskTogetherAsync(30);

        Assert.Equal(1, electrum.Client.BatchSize);
        Assert.Single(electrum.Server.Lines, line => line.StartsWith('['));
    }

    [Theory]
    [InlineData("garbage", "\u0001\u0002 what?\n")]
    [InlineData("page", "<html><body>502 Bad Gateway</body></html>\n")]
    [InlineData("number", "42\n")]
    [InlineData("strange id", "{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":1}\n")]
    [InlineData("no id", "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}\n")]
    [InlineData("text id", "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":1}\n")]
    [InlineData("half a line", "{\"jsonrpc\":\"2.0\",\"id\":2,\"res")]
    [InlineData("nothing", "")]
    public async Task What_is_no_answer_is_asked_again_on_a_new_connection(string what, string sent)
    {
        int spoilt = 0;
        await using ScriptedElectrum electrum = new(async (client, _) =>
        {
            if (Interlocked.Increment(ref spoilt) > 2)
            {
                return false;
            }

            await client.SendRawAsync(sent);
            if (!sent.EndsWith('\n'))
            {
                client.Close();
            }

            return true;
        });

        await electrum.AskAsync(5);

        Assert.True(electrum.Server.Connections == 3, what);
        Assert.Equal(2, electrum.Meter.Snapshot().Retries);
    }

    [Fact]
    public async Task What_keeps_failing_ends_in_one_line_that_names_server_and_call()
    {
        await using ScriptedElectrum electrum = new(
            async (client, _) =>
            {
                await client.SendAsync("<html>");
                return true;
            },
            TestNode.Quick with { Retries = 2 });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => electrum.AskAsync(5));

        Assert.Equal($"{electrum.Server.BareAddress}: echo 5: the answer is not JSON 3 times", fault.Message);
        Assert.True(fault.IsForeign);
    }

    [Fact]
    public async Task A_line_longer_than_is_read_is_given_up()
    {
        await using ScriptedElectrum electrum = new(
            async (client, asked) =>
            {
                bool isLong = (int)asked["params"]![0]! == 1;
                await client.SendRawAsync(isLong ? new string('x', 5_000) : "");
                return isLong;
            },
            TestNode.Quick with { LongestAnswerBytes = 4_096 });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => electrum.AskAsync(1));

        Assert.Contains("longer than LongestAnswerBytes (4096)", fault.Message, StringComparison.Ordinal);
        await electrum.AskAsync(2);
    }

    [Fact]
    public async Task A_long_line_in_small_pieces_is_read_whole()
    {
        string text = new('z', 300_000);
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            string line = ScriptedElectrum.Result(asked, text).ToJsonString() + "\n";
            foreach (char[] piece in line.Chunk(9_999))
            {
                await client.SendRawAsync(new string(piece));
            }

            return true;
        });

        Assert.Equal(text, await electrum.Client.AskAsync(new ElectrumCall("long", 1), answer => answer.Result.GetString(), default));
        Assert.Equal(text, await electrum.Client.AskAsync(new ElectrumCall("long", 2), answer => answer.Result.GetString(), default));
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_is_asked_again_elsewhere()
    {
        await using ScriptedElectrum electrum = new(
            (client, _) => Task.FromResult(client.Number == 1), TestNode.Quick with { TimeoutMs = 500 });

        await electrum.AskAsync(3);

        Assert.Equal(2, electrum.Server.Connections);
    }

    [Theory]
    [InlineData(-101, "excessive resource usage")]
    [InlineData(-102, "server busy - request timed out")]
    [InlineData(0, "too many requests")]
    public async Task A_server_that_asks_for_patience_gets_it(int code, string words)
    {
        int refused = 0;
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            bool refuses = Interlocked.Increment(ref refused) <= 2;
            if (refuses)
            {
                await client.SendAsync(ScriptedElectrum.Error(asked["id"]!.DeepClone(), code, words).ToJsonString());
            }

            return refuses;
        });

        await electrum.AskAsync(4);

        Assert.Equal(2, electrum.Meter.Snapshot().Retries);
    }

    [Fact]
    public async Task A_server_that_goes_on_asking_for_patience_is_given_up_with_its_words()
    {
        await using ScriptedElectrum electrum = new(
            async (client, asked) =>
            {
                await client.SendAsync(ScriptedElectrum.Error(asked["id"]!.DeepClone(), -101, "excessive resource usage").ToJsonString());
                return true;
            },
            TestNode.Quick with { Retries = 1 });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => electrum.AskAsync(4));

        Assert.Contains("says “excessive resource usage” 2 times; wait", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_in_words_alone_is_a_refusal()
    {
        await using ScriptedElectrum electrum = new(async (client, asked) =>
        {
            await client.SendAsync(new JsonObject { ["id"] = asked["id"]!.DeepClone(), ["error"] = "missing transaction" }.ToJsonString());
            return true;
        });

        RpcError? error = await electrum.Client.AskAsync(new ElectrumCall("x", 1), answer => answer.Error, default);

        Assert.Equal(new RpcError(0, "missing transaction"), error);
    }

    [Theory]
    [InlineData("""["1.4","1.4.5"]""")]
    [InlineData("\"1.4\"")]
    [InlineData("""["1.4","1.6"]""")]
    public async Task The_version_is_agreed_on_in_the_way_the_server_takes_it(string taken)
    {
        await using ScriptedElectrum electrum = new(version: async (client, asked) =>
        {
            if (asked["params"]![1]!.ToJsonString() == taken)
            {
                await client.SendAsync(ScriptedElectrum.Result(asked, new JsonArray("Picky 2.0", "1.4")).ToJsonString());
            }
            else
            {
                client.Close();
            }
        });

        await electrum.AskAsync(1);

        Assert.Equal(new ElectrumServer("Picky 2.0", "1.4"), await electrum.Client.ServerAsync(default));
        int connections = electrum.Server.Connections;
        electrum.Server.CloseAll();
        await electrum.AskAsync(2);
        // What was found out is not forgotten with the connection.
        Assert.Equal(connections + 1, electrum.Server.Connections);
    }

    [Theory]
    [InlineData("1.2", "speaks version 1.2 of the Electrum protocol; FlowTracer speaks 1.4 to 1.6")]
    [InlineData(null, "agrees on no version of the Electrum protocol (“unsupported protocol version”)")]
    public async Task A_server_of_another_version_is_refused_once_and_for_all(string? version, string expected)
    {
        await using ScriptedElectrum electrum = new(version: (client, asked) => client.SendAsync((version is null
            ? ScriptedElectrum.Error(asked["id"]!.DeepClone(), 1, "unsupported protocol version")
            : ScriptedElectrum.Result(asked, new JsonArray("Old 1.0", version))).ToJsonString()));

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => electrum.AskAsync(1));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, electrum.Meter.Snapshot().Retries);
    }

    [Fact]
    public async Task A_certificate_nobody_vouches_for_is_refused_with_the_fingerprint_to_pin()
    {
        await using ScriptedElectrum electrum = new(isSecure: true);
        await using ElectrumClient bare = electrum.Connect(electrum.Server.BareAddress);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => bare.ServerAsync(default));

        Assert.Contains($"add ?fingerprint={electrum.Server.Fingerprint} to its address", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, electrum.Meter.Snapshot().Retries);
        await electrum.AskAsync(1);
    }

    [Fact]
    public async Task Another_certificate_than_the_pinned_one_is_refused()
    {
        await using ScriptedElectrum electrum = new(isSecure: true);
        await using ElectrumClient pinned = electrum.Connect($"{electrum.Server.BareAddress}?fingerprint={new string('a', 64)}");

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => pinned.ServerAsync(default));

        Assert.Contains(
            $"another certificate than the address names: its fingerprint is {electrum.Server.Fingerprint}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_offers_no_encryption_says_so()
    {
        await using ScriptedElectrum electrum = new(settings: OneAttempt);
        await using LineServer plain = new(static (client, _) => client.SendAsync("hello"));
        await using ElectrumClient secure = electrum.Connect($"ssl://127.0.0.1:{plain.Port}");

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => secure.ServerAsync(default));

        Assert.Contains("offers no secure connection", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await using ScriptedElectrum electrum = new(settings: OneAttempt);
        await electrum.Server.DisposeAsync();

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => electrum.AskAsync(1));

        Assert.Equal(
            $"{electrum.Server.BareAddress}: echo 1: refused the connection; check the address and that it runs", fault.Message);
    }

    [Fact]
    public async Task Giving_up_one_call_leaves_the_others_and_the_connection()
    {
        TaskCompletionSource release = new();
        await using ScriptedElectrum electrum = new(async (_, asked) =>
        {
            await ((int)asked["params"]![0]! == 1 ? release.Task : Task.CompletedTask);
            return false;
        });
        using CancellationTokenSource giveUp = new();
        await electrum.AskAsync(0);
        Task waiting = electrum.AskAsync(1, giveUp.Token);
        Task other = electrum.AskAsync(1);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await electrum.AskAsync(2);
        release.SetResult();
        await other;
        Assert.Equal(1, electrum.Server.Connections);
    }

    [Fact]
    public async Task Disposal_ends_what_is_under_way_and_closes_the_connection()
    {
        TaskCompletionSource arrived = new();
        await using ScriptedElectrum electrum = new((_, _) =>
        {
            arrived.TrySetResult();
            return Task.FromResult(true);
        });
        Task waiting = electrum.AskAsync(1);
        await arrived.Task;

        await electrum.Client.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => electrum.AskAsync(2));
        while (electrum.Server.Open > 0)
        {
            await Task.Delay(1);
        }
    }

    [Fact]
    public async Task What_is_asked_over_HTTP_is_not_sent_to_an_Electrum_server()
    {
        using HttpPipeline pipeline = new(TestNode.Quick, new RpcMeter(), TimeProvider.System);
        await using JsonRpcNode node = new(NodeUrl.Parse("tcp://localhost:1"), pipeline);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(() => node.AskAsync(TestNode.Call(1), default));

        Assert.Equal(
            "tcp://localhost:1: echo[\"1\"]: is an Electrum server's address: what is asked here goes over HTTP", fault.Message);
    }
}
