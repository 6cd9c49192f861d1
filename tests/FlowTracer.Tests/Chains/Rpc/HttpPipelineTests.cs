using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Requests to servers that misbehave.</summary>
public sealed class HttpPipelineTests
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(429)]
    [InlineData(408)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task What_passes_is_asked_again(int status)
    {
        await using Asked asked = new(new Reply("busy") { Status = status }, new Reply("busy") { Status = status });

        Assert.Equal("right", await asked.AskAsync());
        Assert.Equal((3, 2), (asked.Meter.Snapshot().HttpRequests, asked.Meter.Snapshot().Retries));
    }

    [Theory]
    [InlineData("half")]
    [InlineData("drop")]
    [InlineData("page")]
    [InlineData("empty")]
    [InlineData("torn")]
    [InlineData("gzip")]
    public async Task What_is_no_whole_answer_is_asked_again(string fault)
    {
        await using Asked asked = new(fault switch
        {
            "half" => new Reply("\"rig") { AnnouncedLength = 50 },
            "drop" => new Reply("") { Drops = true },
            "page" => new Reply("<html>Welcome</html>"),
            "empty" => new Reply(""),
            "gzip" => new Reply("not compressed") { Headers = "Content-Encoding: gzip\r\n" },
            _ => new Reply("\"righ"),
        });

        Assert.Equal("right", await asked.AskAsync());
        Assert.Equal(2, asked.Server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_hangs_is_asked_again()
    {
        await using Asked asked = new(TestNode.Quick with { TimeoutMs = 500 }, new Reply("") { Hangs = true });

        Assert.Equal("right", await asked.AskAsync());
        Assert.True(asked.Limit.Current < TestNode.Quick.StartConcurrency);
    }

    [Theory]
    [InlineData(400, "answered 400 Bad Request")]
    [InlineData(401, "refused access (401): check the key, or the user and password or cookie file")]
    [InlineData(403, "refused access (403): check the key, or the user and password or cookie file")]
    [InlineData(404, "answered 404 Not Found: check the address")]
    [InlineData(413, "answered 413 Request Entity Too Large: the request is too large for it")]
    [InlineData(301, "answered 301 Moved Permanently: give the address it leads to")]
    public async Task What_does_not_pass_is_asked_once(int status, string reason)
    {
        await using Asked asked = new(new Reply("no") { Status = status, Headers = "Location: http://127.0.0.1:1/\r\n" });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(asked.AskAsync);

        Assert.Equal(reason, fault.Reason);
        Assert.Equal("the question", fault.Call);
        Assert.Single(asked.Server.Requests);
    }

    [Theory]
    [InlineData(429, "", "answered 429 Too Many Requests 3 times; wait, or use a key or another node")]
    [InlineData(500, "", "answered 500 Internal Server Error 3 times")]
    [InlineData(599, "", "answered 599 (unknown status) 3 times")]
    [InlineData(200, "<html>", "the answer is a web page, not JSON 3 times")]
    [InlineData(200, "{", "the answer is not valid JSON: it is cut short or damaged 3 times")]
    public async Task After_all_attempts_one_line_says_what_happened(int status, string body, string reason)
    {
        Reply reply = new(body) { Status = status };
        await using Asked asked = new(TestNode.Quick with { Retries = 2 }, reply, reply, reply);

        SourceException fault = await Assert.ThrowsAsync<SourceException>(asked.AskAsync);

        Assert.Equal(reason, fault.Reason);
        Assert.Equal($"{asked.Server.Url.Display}: the question: {reason}", fault.Message);
        Assert.Equal(3, asked.Server.Requests.Count);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await using Asked asked = new(TestNode.Quick with { Retries = 1 });
        await asked.Server.DisposeAsync();

        SourceException fault = await Assert.ThrowsAsync<SourceException>(asked.AskAsync);

        Assert.Equal("refused the connection 2 times; check the address and that it runs", fault.Reason);
    }

    [Fact]
    public async Task The_time_a_server_names_is_waited_for()
    {
        Waits time = new();
        await using Asked asked = new(
            TestNode.Quick with { LongestDelayMs = 10_000, FirstDelayMs = 0 },
            time,
            new Reply("") { Status = 429, Headers = "Retry-After: 7\r\n" },
            new Reply("") { Status = 503, Headers = $"Retry-After: {Waits.Start.AddSeconds(9):R}\r\n" },
            new Reply("") { Status = 429, Headers = $"Retry-After: {Waits.Start.AddSeconds(-9):R}\r\n" });

        Assert.Equal("right", await asked.AskAsync());

        Assert.Equal([TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(9)], time.Delays.Where(delay => delay >= TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_server_that_names_too_long_a_time_is_given_up()
    {
        await using Asked asked = new(new Reply("") { Status = 429, Headers = "Retry-After: 3600\r\n" });

        SourceException fault = await Assert.ThrowsAsync<SourceException>(asked.AskAsync);

        Assert.Equal(
            "answered 429 Too Many Requests and asks to wait 3600 s, longer than LongestDelayMs (20);"
            + " wait, or use a key or another node", fault.Reason);
        Assert.Single(asked.Server.Requests);
    }

    [Fact]
    public void Delays_double_up_to_the_longest_and_are_scattered()
    {
        FetchSettings settings = new() { FirstDelayMs = 100, LongestDelayMs = 1000 };
        using HttpPipeline pipeline = new(settings, new RpcMeter(), TimeProvider.System, new Random(7));

        for (int repetition = 0; repetition < 100; repetition++)
        {
            double fullMs = repetition < 4 ? 100 << repetition : 1000;
            Assert.InRange(pipeline.DelayBefore(repetition).TotalMilliseconds, fullMs / 2, fullMs);
        }

        Assert.NotEqual(pipeline.DelayBefore(3), pipeline.DelayBefore(3));
    }

    [Fact]
    public async Task A_key_travels_but_is_never_told()
    {
        await using LoopbackServer server = new(request =>
            new Reply($"key {Key} at {request.Target} is unknown") { Status = request.Target.EndsWith("/a", StringComparison.Ordinal) ? 401 : 200 });
        using HttpPipeline pipeline = new(TestNode.Quick with { Retries = 0 }, new RpcMeter(), TimeProvider.System);
        NodeUrl url = server.UrlWith($"/v3/{Key}?token={Key}x", $"user:{Key}y@");

        foreach (string below in (string[])["a", "b"])
        {
            SourceException fault = await Assert.ThrowsAsync<SourceException>(() => pipeline.SendAsync<string>(
                url,
                below,
                () => new HttpRequestMessage(HttpMethod.Get, below),
                (_, body) => throw new BadAnswerException($"says \"{Encoding.UTF8.GetString(body.Span)}\""),
                default));

            Assert.DoesNotContain(Key, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Key, fault.Reason, StringComparison.Ordinal);
        }

        Assert.Equal([$"/v3/{Key}/a?token={Key}x", $"/v3/{Key}/b?token={Key}x"], server.Requests.Select(request => request.Target));
        Assert.All(server.Requests, request => Assert.Equal(
            "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"user:{Key}y")), request.Headers["Authorization"]));
    }

    [Fact]
    public async Task Compressed_answers_are_read()
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest))
        {
            gzip.Write("\"packed\""u8);
        }

        await using Asked asked = new(
            new Reply("") { Bytes = compressed.ToArray(), Headers = "Content-Encoding: gzip\r\n" });

        Assert.Equal("packed", await asked.AskAsync());
        Assert.Equal("\"packed\"".Length, asked.Meter.Snapshot().BytesReceived);
        Assert.Contains("br", Assert.Single(asked.Server.Requests).Headers["Accept-Encoding"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_requests_are_under_way_than_the_limit_allows()
    {
        await using LoopbackServer server = new(async _ =>
        {
            await Task.Yield();
            return new Reply("1");
        });
        FetchSettings settings = TestNode.Quick with { Concurrency = 3, StartConcurrency = 2 };
        using HttpPipeline pipeline = new(settings, new RpcMeter(), TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(number => pipeline.SendAsync(
            server.Url,
            "q",
            () => new HttpRequestMessage(HttpMethod.Get, number.ToString(CultureInfo.InvariantCulture)),
            (_, body) => body.Length,
            default)));

        Assert.InRange(server.MostUnderWay, 1, 3);
        Assert.Equal(60, server.Requests.Count);
    }

    /// <summary>Answers given in order, and "right" after them.</summary>
    private sealed class Asked : IAsyncDisposable
    {
        private readonly HttpPipeline _pipeline;
        private int _asked;

        public Asked(params Reply[] replies)
            : this(TestNode.Quick, replies)
        {
        }

        public Asked(FetchSettings settings, params Reply[] replies)
            : this(settings, TimeProvider.System, replies)
        {
        }

        public Asked(FetchSettings settings, TimeProvider time, params Reply[] replies)
        {
            Server = new LoopbackServer(_ =>
            {
                int at = Interlocked.Increment(ref _asked) - 1;
                return at < replies.Length ? replies[at] : new Reply("\"right\"");
            });
            _pipeline = new HttpPipeline(settings, Meter, time, new Random(1));
        }

        public LoopbackServer Server { get; }

        public RpcMeter Meter { get; } = new();

        public AdaptiveLimit Limit => _pipeline.LimitOf(Server.Url);

        public Task<string?> AskAsync() => _pipeline.SendAsync(
            Server.Url, "the question", () => new HttpRequestMessage(), Read, CancellationToken.None);

        public async ValueTask DisposeAsync()
        {
            _pipeline.Dispose();
            await Server.DisposeAsync();
        }

        private static string? Read(HttpStatusCode status, ReadOnlyMemory<byte> body) => status == HttpStatusCode.OK
            ? JsonSerializer.Deserialize<string>(body.Span)
            : throw new BadAnswerException("is none");
    }

    /// <summary>
    /// A clock that stands still; whoever waits on it is woken at once, and how long it meant to wait is noted.
    /// </summary>
    private sealed class Waits : TimeProvider
    {
        public static readonly DateTimeOffset Start = new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public List<TimeSpan> Delays { get; } = [];

        public override DateTimeOffset GetUtcNow() => Start;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            bool isTimeout = dueTime >= TimeSpan.FromMilliseconds(TestNode.Quick.TimeoutMs) || dueTime < TimeSpan.Zero;
            if (!isTimeout)
            {
                lock (Delays)
                {
                    Delays.Add(dueTime);
                }
            }

            return System.CreateTimer(callback, state, isTimeout ? dueTime : TimeSpan.Zero, period);
        }
    }
}
