using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>Rows sent with a question, which it reads as a table.</summary>
/// <param name="Name">The table's name in the question.</param>
/// <param name="Columns">Names and types.</param>
/// <param name="Rows">The rows in RowBinary.</param>
internal sealed record SentTable(string Name, string Columns, HttpContent Rows);

/// <summary>
/// ClickHouse's HTTP interface. An answer is sent only when it is whole (<c>wait_end_of_query</c>): what fails half-way is a
/// status, never a short answer.
/// </summary>
internal sealed partial class ClickHouseClient(ClickHouseAddress address) : IDisposable
{
    private const string Format = " FORMAT RowBinary";
    private const int MaxReasonLength = 400;
    private const int ConnectSeconds = 10;
    private const int GraceSeconds = 15;
    private const int PingSeconds = 5;

    // TOO_FEW_LIVE_REPLICAS and UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE: one that was away is not counted in again yet, or has yet
    // to take what it missed.
    private const long BehindMilliseconds = 45_000;
    private static readonly string[] Behind = ["Code: 285", "Code: 286"];

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(ConnectSeconds),
        AllowAutoRedirect = false,
        // The server closes idle connections after three seconds, which an older one does not say.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
    })
    {
        // The server ends a question that takes too long; this is for a server that does not even do that.
        Timeout = TimeSpan.FromSeconds(address.TimeoutSeconds + GraceSeconds),
    };

    private long _roundTrips;

    /// <summary>The hosts that have the tables: the one that is asked, or those of the cluster.</summary>
    public IReadOnlyList<string> Hosts { get; set; } = [address.Server.Host];

    /// <summary>Settings that go with every question; see <see cref="Schema"/>.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; set; } = [];

    /// <summary>How many requests were sent.</summary>
    public long RoundTrips => Interlocked.Read(ref _roundTrips);

    public void Dispose() => _http.Dispose();

    /// <summary>Asks, and hands the rows of the answer to a reader.</summary>
    /// <param name="call">What is asked, for a message.</param>
    /// <param name="sql">The question without its format.</param>
    /// <param name="read">Reads one row.</param>
    /// <param name="sent">Tables sent with it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task QueryAsync(
        string call, string sql, Func<RowReader, ValueTask> read, IReadOnlyList<SentTable> sent, CancellationToken cancellationToken)
    {
        string query = sql + Format;
        using HttpRequestMessage request = sent.Count == 0
            ? Request(address.Server, "", new StringContent(query))
            : Request(address.Server, Pair("query", query) + Declared(sent), Form(sent));

        // An older server leaves the end of a form unread, and takes it for the next request of the connection.
        request.Headers.ConnectionClose = sent.Count > 0;
        await SendAsync(call, request, body => ReadAsync(body, read, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks a host of the cluster, without tables.</summary>
    public async Task QueryAsync(string call, string host, string sql, Func<RowReader, ValueTask> read, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(ServerAt(host), "", new StringContent(sql + Format));
        await SendAsync(call, request, body => ReadAsync(body, read, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks without tables.</summary>
    public Task QueryAsync(string call, string sql, Func<RowReader, ValueTask> read, CancellationToken cancellationToken) =>
        QueryAsync(call, sql, read, [], cancellationToken);

    /// <summary>Puts rows into a table, on all its shards before it returns.</summary>
    public async Task InsertAsync<T>(
        string table, IEnumerable<T> rows, Action<ByteSink, T> write, CancellationToken cancellationToken)
    {
        string settings = Pair("query", $"INSERT INTO {table} FORMAT RowBinary") + Pair("insert_distributed_sync", "1");
        long until = Environment.TickCount64 + BehindMilliseconds;
        while (true)
        {
            using HttpRequestMessage request = Request(address.Server, settings, new RowsContent<T>(rows, write));
            try
            {
                await SendAsync($"writing {table}", request, static _ => Task.CompletedTask, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SourceException fault) when (Environment.TickCount64 < until && Array.Exists(Behind, code => fault.Reason.StartsWith(code, StringComparison.Ordinal)))
            {
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs a statement that has no answer, on a host of the cluster.</summary>
    public async Task RunAsync(string call, string host, string sql, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(ServerAt(host), "", new StringContent(sql));
        await SendAsync(call, request, static _ => Task.CompletedTask, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadAsync(Stream body, Func<RowReader, ValueTask> read, CancellationToken cancellationToken)
    {
        RowReader rows = new(body, TimeSpan.FromSeconds(address.TimeoutSeconds), cancellationToken);
        while (!await rows.IsAtEndAsync().ConfigureAwait(false))
        {
            await read(rows).ConfigureAwait(false);
        }
    }

    private HttpRequestMessage Request(Uri server, string settings, HttpContent content)
    {
        string seconds = address.TimeoutSeconds.ToString(CultureInfo.InvariantCulture);
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(
            server, "/?wait_end_of_query=1&buffer_size=1048576&skip_unavailable_shards=0&connect_timeout_with_failover_ms=2000"
                + Pair("max_execution_time", seconds) + string.Concat(Settings.Select(static of => Pair(of.Name, of.Value))) + settings))
        {
            Content = content,
        };
        if (address.User.Length > 0)
        {
            request.Headers.Add("X-ClickHouse-User", address.User);
            request.Headers.Add("X-ClickHouse-Key", address.Password);
        }

        return request;
    }

    private static MultipartFormDataContent Form(IReadOnlyList<SentTable> sent)
    {
        MultipartFormDataContent form = [];
        foreach (SentTable table in sent)
        {
            // Quotes as curl writes them: older servers read the name between quotes only.
            table.Rows.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
            {
                Name = $"\"{table.Name}\"",
                FileName = $"\"{table.Name}\"",
            };
            table.Rows.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(table.Rows);
        }

        return form;
    }

    private static string Declared(IReadOnlyList<SentTable> sent) => string.Concat(sent.Select(
        static table => Pair($"{table.Name}_format", "RowBinary") + Pair($"{table.Name}_structure", table.Columns)));

    private static string Pair(string name, string value) => $"&{name}={Uri.EscapeDataString(value)}";

    private async Task SendAsync(
        string call, HttpRequestMessage request, Func<Stream, Task> read, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _roundTrips);
        string server = request.RequestUri!.GetLeftPart(UriPartial.Authority);
        try
        {
            using HttpResponseMessage response = await _http
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(TimeSpan.FromSeconds(address.TimeoutSeconds));
                string text = await response.Content.ReadAsStringAsync(limit.Token).ConfigureAwait(false);
                throw await RefusalAsync(server, call, response.StatusCode, text, cancellationToken).ConfigureAwait(false);
            }

            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                await read(body).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException && fault is not InvalidDataException)
        {
            throw new SourceException(server, call, $"{Shorten(fault.GetBaseException().Message)}; check the address and that it runs", fault);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SourceException(server, call, $"no answer in {address.TimeoutSeconds} seconds; timeout= behind the address allows more", fault);
        }
        catch (InvalidDataException fault)
        {
            throw new SourceException(server, call, $"{fault.Message}; 'flowtracer store check' says more", fault) { IsAnswered = true };
        }
    }

    // Codes: dbms/src/Common/ErrorCodes.cpp. A user who may not write, or a query that reads too much, is told so by the text.
    private async Task<Exception> RefusalAsync(
        string server, string call, HttpStatusCode status, string text, CancellationToken cancellationToken)
    {
        const int readOnly = 164, badPassword = 193, unknownUser = 192, authenticationFailed = 516, accessDenied = 497, timeout = 159;
        int code = Code().Match(text) is { Success: true } match
            && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 0;
        string reason = Shorten(text);
        return code switch
        {
            readOnly or accessDenied => new InputException($"{address.Display}: {call}: it may not be written by this user: {reason}"),
            badPassword or unknownUser or authenticationFailed => new SourceException(
                server, call, "refused access: check user and password, and that the user may connect from here") { IsAnswered = true },
            timeout => new SourceException(
                server, call, $"took longer than {address.TimeoutSeconds} seconds; timeout= behind the address allows more") { IsAnswered = true },
            0 => new SourceException(server, call, $"answered {(int)status}, and not as ClickHouse does; check the address") { IsForeign = true },
            _ => new SourceException(server, call, reason + await AwayAsync(cancellationToken).ConfigureAwait(false)) { IsAnswered = true },
        };
    }

    // A server that loses another in the middle of a question may not say which.
    private async Task<string> AwayAsync(CancellationToken cancellationToken)
    {
        List<string> away = [];
        foreach (string host in Hosts.Where(_ => Hosts.Count > 1))
        {
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(PingSeconds));
            try
            {
                using HttpResponseMessage answer = await _http.GetAsync(ServerAt(host), limit.Token).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                away.Add(host);
            }
        }

        return away.Count == 0 ? "" : $"; no answer from {string.Join(", ", away)}: check that it runs";
    }

    private Uri ServerAt(string host) => new UriBuilder(address.Server) { Host = host }.Uri;

    // One line: the server adds what threw it, its version, and on some faults a stack.
    private string Shorten(string text)
    {
        string line = Noise().Replace(text.ReplaceLineEndings(" "), " ").Trim();
        return address.Redact(line.Length <= MaxReasonLength ? line : line[..MaxReasonLength] + "…");
    }

    [GeneratedRegex(@"^Code: ([0-9]+)")]
    private static partial Regex Code();

    [GeneratedRegex(@",? ?e\.(?:displayText\(\) =|what\(\) = DB::Exception)|DB::Exception:|\(version [^)]*\)|Stack trace:.*$|\s+")]
    private static partial Regex Noise();
}
