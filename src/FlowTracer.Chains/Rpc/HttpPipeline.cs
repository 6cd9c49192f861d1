using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using FlowTracer.Core.Ports;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// The one way to the network: each attempt has a timeout, what may pass is repeated with growing, scattered delays or
/// after the time the node names, and each node gets as many requests at a time as it bears. For many threads.
/// </summary>
public sealed class HttpPipeline : IDisposable
{
    private static readonly ResiliencePropertyKey<Attempts> AttemptsKey = new("attempts");
    private readonly HttpClient _client;
    private readonly Random _jitter;
    private readonly ConcurrentDictionary<string, AdaptiveLimit> _limits = new(StringComparer.Ordinal);
    private readonly ResiliencePipeline _retry;
    private readonly ResiliencePipeline _timeout;

    /// <summary>A pipeline. It owns its connections.</summary>
    /// <param name="settings">How patient and how fast.</param>
    /// <param name="meter">Counts what is sent.</param>
    /// <param name="time">What delays and timeouts go by.</param>
    /// <param name="jitter">Scatters the delays; for tests.</param>
    /// <exception cref="Core.Model.InputException">A setting is out of its range.</exception>
    public HttpPipeline(FetchSettings settings, RpcMeter meter, TimeProvider time, Random? jitter = null)
    {
        (Settings, Meter, Time, _jitter) = (settings.Validate(), meter, time, jitter ?? Random.Shared);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.All,
            // A redirected POST would arrive as a GET, and a cookie would make answers depend on earlier ones.
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = settings.Concurrency,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _timeout = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(TimeSpan.FromMilliseconds(settings.TimeoutMs)).Build();
        _retry = BuildRetry();
    }

    /// <summary>How patient and how fast.</summary>
    public FetchSettings Settings { get; }

    /// <summary>What has been sent so far.</summary>
    public RpcMeter Meter { get; }

    internal TimeProvider Time { get; }

    /// <summary>Sends a request until an answer can be read.</summary>
    /// <param name="node">Where to. Its user part travels as Basic authorization.</param>
    /// <param name="callName">What is asked, for error messages.</param>
    /// <param name="request">
    /// Makes the request, anew for each attempt. Without an address it goes to the node's own, a relative one below it.
    /// </param>
    /// <param name="read">
    /// Reads status and body (valid during the call only) and throws <see cref="BadAnswerException"/> when that is no
    /// answer; then a status that is no success decides what happens. It is not given 3xx, 401, 408, 429 and 503.
    /// </param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <exception cref="SourceException">No attempt brought an answer.</exception>
    public async Task<TResult> SendAsync<TResult>(
        NodeUrl node,
        string callName,
        Func<HttpRequestMessage> request,
        Func<HttpStatusCode, ReadOnlyMemory<byte>, TResult> read,
        CancellationToken cancellationToken)
    {
        Attempts attempts = new();
        try
        {
            return await SendAsync(node, request, read, attempts, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFault fault)
        {
            throw Failed(node, callName, fault, attempts);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    /// <summary>As the public one, but a fault stays one, and what was tried before counts.</summary>
    /// <exception cref="HttpFault">No attempt brought an answer.</exception>
    internal Task<TResult> SendAsync<TResult>(
        NodeUrl node,
        Func<HttpRequestMessage> request,
        Func<HttpStatusCode, ReadOnlyMemory<byte>, TResult> read,
        Attempts attempts,
        CancellationToken cancellationToken) =>
        RunAsync(node, token => ExchangeAsync(node, request, read, token), attempts, cancellationToken);

    /// <summary>Runs an exchange with a node, whatever protocol it is in, with the same patience.</summary>
    /// <exception cref="HttpFault">No attempt brought an answer.</exception>
    internal async Task<TResult> RunAsync<TResult>(
        NodeUrl node,
        Func<CancellationToken, Task<TResult>> exchange,
        Attempts attempts,
        CancellationToken cancellationToken)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(AttemptsKey, attempts);
        try
        {
            return await _retry.ExecuteAsync(
                async attempt => await AttemptAsync(node, exchange, attempts, attempt.CancellationToken).ConfigureAwait(false),
                context).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    internal SourceException Failed(NodeUrl node, string callName, HttpFault fault, Attempts attempts)
    {
        string reason = fault.RetryAfter is { } wait && wait > LongestDelay
            ? $"{fault.Message} and asks to wait {Seconds(wait)} s, longer than LongestDelayMs"
                + $" ({Numbers.Text(Settings.LongestDelayMs)}); wait, or use a key or another node"
            : fault.Reason(attempts.Made);
        return new SourceException(node.Display, callName, node.Redact(reason), fault.InnerException)
        {
            IsForeign = fault.IsForeign,
        };
    }

    internal AdaptiveLimit LimitOf(NodeUrl node) => _limits.GetOrAdd(
        node.Uri.GetLeftPart(UriPartial.Authority),
        _ => new AdaptiveLimit(Settings.StartConcurrency, Settings.Concurrency));

    /// <summary>
    /// The wait before repeating for the n-th time, counted from 0: doubled each time, from half of it to all.
    /// </summary>
    internal TimeSpan DelayBefore(int repetition)
    {
        double fullMs = Math.Min(Settings.LongestDelayMs, Settings.FirstDelayMs * Math.Pow(2, Math.Min(repetition, 30)));
        return TimeSpan.FromMilliseconds(fullMs / 2 * (1 + NextJitter()));
    }

    private TimeSpan LongestDelay => TimeSpan.FromMilliseconds(Settings.LongestDelayMs);

    private static string Seconds(TimeSpan wait) => Numbers.Text((long)Math.Ceiling(wait.TotalSeconds));

    private double NextJitter()
    {
        lock (_jitter)
        {
            return _jitter.NextDouble();
        }
    }

    private ResiliencePipeline BuildRetry()
    {
        ResiliencePipelineBuilder builder = new() { TimeProvider = Time };
        if (Settings.Retries == 0)
        {
            return builder.Build();
        }

        return builder.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = Settings.Retries,
            ShouldHandle = args => ValueTask.FromResult(
                args.Outcome.Exception is HttpFault fault && MayRepeat(fault, AttemptsOf(args.Context))),
            DelayGenerator = args => ValueTask.FromResult<TimeSpan?>(
                Delay((HttpFault)args.Outcome.Exception!, AttemptsOf(args.Context))),
            OnRetry = _ =>
            {
                Meter.AddRetry();
                return default;
            },
        }).Build();
    }

    private static Attempts AttemptsOf(ResilienceContext context) =>
        context.Properties.GetValue(AttemptsKey, null!) ?? throw new InvalidOperationException("no attempts counted");

    private bool MayRepeat(HttpFault fault, Attempts attempts) =>
        fault.IsPassing
        && attempts.Made <= Settings.Retries
        && (fault.RetryAfter ?? TimeSpan.Zero) <= LongestDelay
        && !attempts.StopsAt(fault, attempts.Made);

    // A named time is kept to, and scattered after it: all who were refused together would come back together.
    private TimeSpan Delay(HttpFault fault, Attempts attempts)
    {
        TimeSpan grown = DelayBefore(attempts.Made - 1);
        return fault.RetryAfter is { } named
            ? named + TimeSpan.FromMilliseconds(Settings.FirstDelayMs / 2 * NextJitter())
            : grown;
    }

    private async Task<TResult> AttemptAsync<TResult>(
        NodeUrl node,
        Func<CancellationToken, Task<TResult>> exchange,
        Attempts attempts,
        CancellationToken cancellationToken)
    {
        AdaptiveLimit limit = LimitOf(node);
        long turn = await limit.EnterAsync(cancellationToken).ConfigureAwait(false);
        Load load = Load.Unknown;
        try
        {
            attempts.Made++;
            attempts.SignOfOverload = false;
            TResult result = await _timeout.ExecuteAsync(
                async token => await exchange(token).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
            load = attempts.SignOfOverload ? Load.TooMuch : Load.Fine;
            return result;
        }
        catch (HttpFault fault)
        {
            load = fault.Load;
            throw;
        }
        catch (TimeoutRejectedException timeout)
        {
            load = Load.TooMuch;
            throw new HttpFault(
                FaultKind.Timeout, $"did not answer within {Numbers.Text(Settings.TimeoutMs)} ms", timeout);
        }
        finally
        {
            limit.Leave(turn, load);
        }
    }

    private async Task<TResult> ExchangeAsync<TResult>(
        NodeUrl node,
        Func<HttpRequestMessage> request,
        Func<HttpStatusCode, ReadOnlyMemory<byte>, TResult> read,
        CancellationToken cancellationToken)
    {
        if (node.IsElectrum)
        {
            throw new HttpFault(FaultKind.Unusable, "is an Electrum server's address: what is asked here goes over HTTP");
        }

        using HttpRequestMessage message = request();
        message.RequestUri = message.RequestUri switch
        {
            null => node.Uri,
            { IsAbsoluteUri: false } relative => node.Below(relative.OriginalString),
            { } whole => whole,
        };
        message.Headers.Authorization ??= await node.AuthorizationNowAsync(cancellationToken).ConfigureAwait(false);
        Meter.AddHttpRequest();
        FaultKind broken = FaultKind.Connection;
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            HttpFault answered = HttpFault.Answered(response.StatusCode, RetryAfterOf(response));
            if (IsNoAnswer(response.StatusCode))
            {
                throw answered;
            }

            broken = FaultKind.BadAnswer;
            ReadOnlyMemory<byte> body = await AnswerBody.ReadAsync(
                response, Settings.LongestAnswerBytes, cancellationToken).ConfigureAwait(false);
            Meter.AddBytes(body.Length);
            return Read(response, body, read, answered);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidDataException)
        {
            throw new HttpFault(broken, AnswerBody.WhyBroken(fault), fault);
        }
    }

    private static TResult Read<TResult>(
        HttpResponseMessage response,
        ReadOnlyMemory<byte> body,
        Func<HttpStatusCode, ReadOnlyMemory<byte>, TResult> read,
        HttpFault answered)
    {
        try
        {
            return read(response.StatusCode, body);
        }
        catch (Exception bad) when (bad is BadAnswerException or JsonException)
        {
            if (!response.IsSuccessStatusCode)
            {
                throw answered;
            }

            string text = bad is BadAnswerException ? bad.Message : AnswerBody.WhyNotJson(body.Span);
            throw new HttpFault(FaultKind.BadAnswer, text, bad);
        }
    }

    // These say "not now" or "not you", whatever the body says.
    private static bool IsNoAnswer(HttpStatusCode status) =>
        (int)status is (>= 300 and < 400) or 401 or 408 or 429 or 503;

    private TimeSpan? RetryAfterOf(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - Time.GetUtcNow(),
            _ => null,
        };
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}

/// <summary>How often a call has been tried, over all requests that held it.</summary>
internal sealed class Attempts
{
    /// <summary>How often it was sent.</summary>
    public int Made { get; set; }

    /// <summary>Set while reading an answer that says the node is asked too much.</summary>
    public bool SignOfOverload { get; set; }

    /// <summary>Faults, with how often it was sent, after which the request is not repeated as it is.</summary>
    public Func<HttpFault, int, bool> StopsAt { get; init; } = (_, _) => false;
}
