using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// A proxy in front of a node that misbehaves as told, may be slow, and counts. Without faults it passes everything on
/// unchanged.
/// </summary>
internal sealed class FaultyNode : IAsyncDisposable
{
    private readonly Uri _node;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly LoopbackServer _server;
    private readonly List<Rule> _rules = [];
    private readonly ConcurrentDictionary<string, int> _calls = new();
    private int _largestBatch;
    private int _rounds;

    /// <summary>
    /// Puts a proxy before the node at <paramref name="node"/>; it knows the node's password and asks for none.
    /// </summary>
    public FaultyNode(Uri node)
    {
        _node = node;
        if (node.UserInfo.Length > 0)
        {
            _http.DefaultRequestHeaders.Authorization =
                new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(node.UserInfo)));
        }

        _server = new LoopbackServer(AnswerAsync);
    }

    /// <summary>The proxy's address.</summary>
    public Uri Url => _server.Url;

    /// <summary>How long each HTTP request waits before it is passed on.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>What happens, besides, before each HTTP request is passed on; it is given the request's number, from 1.</summary>
    public Func<int, Task>? Before { get; set; }

    /// <summary>HTTP requests so far.</summary>
    public int Requests => _server.Requests;

    /// <summary>The most HTTP requests open at one time.</summary>
    public int MostConcurrent => _server.MostConcurrent;

    /// <summary>
    /// The longest chain of HTTP requests of which each came after an answer to the one before: what latency multiplies.
    /// </summary>
    public int Rounds => Volatile.Read(ref _rounds);

    /// <summary>The largest batch that came.</summary>
    public int LargestBatch => Volatile.Read(ref _largestBatch);

    /// <summary>Calls so far by method, those refused too.</summary>
    public IReadOnlyDictionary<string, int> Calls => _calls;

    /// <summary>All calls so far.</summary>
    public int TotalCalls => _calls.Values.Sum();

    /// <summary>Calls so far of the methods that a pattern such as <c>trace_*</c> matches.</summary>
    public int CallsOf(string pattern) => _calls.Where(one => Matches(pattern, one.Key)).Sum(one => one.Value);

    /// <summary>Counts from nothing again.</summary>
    public void ResetCounters()
    {
        _server.ResetCounters();
        _calls.Clear();
        Volatile.Write(ref _largestBatch, 0);
        Volatile.Write(ref _rounds, 0);
    }

    /// <summary>Adds a fault; the first that applies to a call, or to an HTTP answer, is the one that happens.</summary>
    /// <param name="fault">What goes wrong.</param>
    /// <param name="method">For which methods: a name, or its beginning and <c>*</c>.</param>
    /// <param name="skip">So many times nothing goes wrong first.</param>
    /// <param name="times">So many times it goes wrong; then never again.</param>
    /// <param name="when">For which parameters; all unless said.</param>
    public FaultyNode Add(Fault fault, string method = "*", int skip = 0, int times = int.MaxValue, Func<JsonNode?, bool>? when = null)
    {
        lock (_rules)
        {
            _rules.Add(new Rule(fault, method, skip, times, when));
        }

        return this;
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Heal()
    {
        lock (_rules)
        {
            _rules.Clear();
        }
    }

    /// <summary>Refuses methods, by name or by beginning and <c>*</c>, as a node that does not have them.</summary>
    public FaultyNode Without(params string[] methods)
    {
        foreach (string method in methods)
        {
            Add(Fault.NotOffered(), method);
        }

        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

    private static bool Matches(string pattern, string method) => pattern.EndsWith('*')
        ? method.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : method == pattern;

    private async Task<HttpAnswer> AnswerAsync(HttpAsked asked, CancellationToken cancellation)
    {
        int round = Rounds + 1;
        HttpAnswer answer = await AnswerOneAsync(asked, cancellation);
        for (int most = Rounds; round > most; most = Rounds)
        {
            Interlocked.CompareExchange(ref _rounds, round, most);
        }

        return answer;
    }

    private async Task<HttpAnswer> AnswerOneAsync(HttpAsked asked, CancellationToken cancellation)
    {
        if (Latency > TimeSpan.Zero)
        {
            await Task.Delay(Latency, cancellation);
        }

        if (Before is { } before)
        {
            await before(Requests);
        }

        JsonNode? body = JsonNode.Parse(asked.Body);
        JsonObject[] calls = body is JsonArray batch ? [.. batch.Select(call => call!.AsObject())] : [body!.AsObject()];
        Count(calls, body is JsonArray);
        Fault? transport = TransportFault(calls, body is JsonArray);
        if (transport is not null && transport.BatchesLargerThan is not null)
        {
            return transport.Transport!(HttpAnswer.Text(200, string.Empty));
        }

        JsonObject[] answers = await AnswerAsync(calls, cancellation);
        JsonNode whole = body is JsonArray ? new JsonArray([.. answers]) : answers[0];
        HttpAnswer right = HttpAnswer.Text(200, whole.ToJsonString());
        return transport?.Transport!(right) ?? right;
    }

    private void Count(JsonObject[] calls, bool isBatch)
    {
        foreach (JsonObject call in calls)
        {
            _calls.AddOrUpdate((string)call["method"]!, 1, (_, count) => count + 1);
        }

        for (int most = LargestBatch; isBatch && calls.Length > most; most = LargestBatch)
        {
            Interlocked.CompareExchange(ref _largestBatch, calls.Length, most);
        }
    }

    private async Task<JsonObject[]> AnswerAsync(JsonObject[] calls, CancellationToken cancellation)
    {
        long head = Applying(fault => fault.NeedsHead) ? await HeadAsync(cancellation) : 0;
        JsonObject[] answers = new JsonObject[calls.Length];
        List<int> passed = [];
        List<Fault?> alterations = [];
        for (int i = 0; i < calls.Length; i++)
        {
            (JsonObject? refusal, Fault? alteration) = Judge(calls[i], head);
            if (refusal is not null)
            {
                answers[i] = refusal;
            }
            else
            {
                passed.Add(i);
                alterations.Add(alteration);
            }
        }

        JsonObject[] right = await ForwardAsync([.. passed.Select(index => calls[index])], cancellation);
        for (int i = 0; i < right.Length; i++)
        {
            answers[passed[i]] = alterations[i]?.Alter?.Invoke(calls[passed[i]], right[i]) ?? right[i];
        }

        for (int i = 0; i < calls.Length; i++)
        {
            answers[i]["jsonrpc"] = "2.0";
            if (!answers[i].ContainsKey("id"))
            {
                answers[i]["id"] = calls[i]["id"]?.DeepClone();
            }
        }

        return answers;
    }

    private (JsonObject? Refusal, Fault? Alteration) Judge(JsonObject call, long head)
    {
        lock (_rules)
        {
            foreach (Rule rule in _rules.Where(rule => rule.Fault.Transport is null && rule.IsAbout(call)))
            {
                JsonObject? refusal = rule.Fault.Refuse?.Invoke(call, head);
                if ((rule.Fault.Refuse is null || refusal is not null) && rule.Happens())
                {
                    rule.Fault.Rewrite?.Invoke(call);
                    return (refusal, rule.Fault);
                }
            }
        }

        return (null, null);
    }

    private Fault? TransportFault(JsonObject[] calls, bool isBatch)
    {
        lock (_rules)
        {
            return _rules
                .Where(rule => rule.Fault.Transport is not null && calls.Any(rule.IsAbout))
                .Where(rule => rule.Fault.BatchesLargerThan is not { } most || (isBatch && calls.Length > most))
                .FirstOrDefault(rule => rule.Happens())?.Fault;
        }
    }

    private bool Applying(Func<Fault, bool> which)
    {
        lock (_rules)
        {
            return _rules.Any(rule => which(rule.Fault));
        }
    }

    private async Task<long> HeadAsync(CancellationToken cancellation)
    {
        JsonObject question = new() { ["id"] = 1, ["method"] = "eth_blockNumber", ["params"] = new JsonArray() };
        JsonObject[] answer = await ForwardAsync([question], cancellation);
        return (long)TestRpc.Number((string)answer[0]["result"]!);
    }

    // The node gets ids of our own, so that a fault about ids is ours, and the answers come back in the calls' order.
    private async Task<JsonObject[]> ForwardAsync(JsonObject[] calls, CancellationToken cancellation)
    {
        if (calls.Length == 0)
        {
            return [];
        }

        JsonArray batch = [.. calls.Select((call, index) => new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = index,
            ["method"] = call["method"]?.DeepClone(),
            ["params"] = call["params"]?.DeepClone() ?? new JsonArray(),
        })];
        using StringContent content = new(batch.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.PostAsync(_node, content, cancellation);
        string text = await response.Content.ReadAsStringAsync(cancellation);
        JsonObject[] answers = new JsonObject[calls.Length];
        foreach (JsonNode? answer in JsonNode.Parse(text)?.AsArray() ?? throw new JsonException(text))
        {
            int index = (int)answer!["id"]!;
            answers[index] = answer.DeepClone().AsObject();
            answers[index].Remove("id");
        }

        return answers;
    }

    private sealed class Rule(Fault fault, string method, int skip, int times, Func<JsonNode?, bool>? when)
    {
        private int _met;

        public Fault Fault { get; } = fault;

        public bool IsAbout(JsonObject call) =>
            Matches(method, (string)call["method"]!) && (when is null || when(call["params"]));

        // Called under the rules' lock.
        public bool Happens()
        {
            _met++;
            return _met > skip && _met - skip <= times;
        }
    }
}
