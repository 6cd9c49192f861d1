using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A request as a <see cref="LoopbackServer"/> received it.</summary>
/// <param name="Method">GET, POST …</param>
/// <param name="Target">Path and query.</param>
/// <param name="Body">The whole body.</param>
internal sealed record HttpAsked(string Method, string Target, byte[] Body);

/// <summary>What it answers.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The body.</param>
internal sealed record HttpAnswer(int Status, byte[] Body)
{
    /// <summary>The media type.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>More header fields.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Says nothing at all and keeps the connection open.</summary>
    public bool Hangs { get; init; }

    /// <summary>Sends only so many bytes of the body it announced, then closes the connection.</summary>
    public int? CutAfterBytes { get; init; }

    /// <summary>An answer with text.</summary>
    public static HttpAnswer Text(int status, string body, string contentType = "application/json") =>
        new(status, Encoding.UTF8.GetBytes(body)) { ContentType = contentType };
}

/// <summary>
/// A small HTTP/1.1 server on a free loopback port that can also misbehave below HTTP: hang, and break off. It counts what it
/// is asked. It ends with this object.
/// </summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<HttpAsked, CancellationToken, Task<HttpAnswer>> _answer;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly Task _accepting;
    private int _requests;
    private int _concurrent;
    private int _mostConcurrent;

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gives each request its answer; many may be asked at the same time.</param>
    public LoopbackServer(Func<HttpAsked, CancellationToken, Task<HttpAnswer>> answer)
    {
        _answer = answer;
        _listener.Start();
        Url = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>How many requests came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>The most requests that were open at one time.</summary>
    public int MostConcurrent => Volatile.Read(ref _mostConcurrent);

    /// <summary>Counts from nothing again.</summary>
    public void ResetCounters()
    {
        Volatile.Write(ref _requests, 0);
        Volatile.Write(ref _mostConcurrent, 0);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
                Task serving = ServeAsync(client);
                _connections[serving] = 0;
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient owned = client;
        client.NoDelay = true;
        try
        {
            Stream stream = client.GetStream();
            RequestReader reader = new(stream, _end.Token);
            while (await reader.NextAsync() is { } asked && await RespondAsync(stream, asked))
            {
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or OperationCanceledException)
        {
            // The peer went away, or the test is over: there is nobody left to answer.
        }
    }

    // False: the connection is to be closed.
    private async Task<bool> RespondAsync(Stream stream, HttpAsked asked)
    {
        Interlocked.Increment(ref _requests);
        int now = Interlocked.Increment(ref _concurrent);
        for (int most = MostConcurrent; now > most; most = MostConcurrent)
        {
            Interlocked.CompareExchange(ref _mostConcurrent, now, most);
        }

        try
        {
            HttpAnswer answer;
            try
            {
                answer = await _answer(asked, _end.Token);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // A fault of the test's own server must be seen for what it is.
                answer = HttpAnswer.Text(599, $"The test's server failed: {fault}", "text/plain");
            }

            if (answer.Hangs)
            {
                await Task.Delay(Timeout.Infinite, _end.Token);
            }

            await stream.WriteAsync(Head(answer), _end.Token);
            await stream.WriteAsync(answer.Body.AsMemory(0, answer.CutAfterBytes ?? answer.Body.Length), _end.Token);
            return answer.CutAfterBytes is null;
        }
        finally
        {
            Interlocked.Decrement(ref _concurrent);
        }
    }

    private static byte[] Head(HttpAnswer answer)
    {
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Status\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {answer.ContentType}\r\nContent-Length: {answer.Body.Length}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return Encoding.ASCII.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>Takes requests from a connection, one after the other.</summary>
    private sealed class RequestReader(Stream stream, CancellationToken cancellation)
    {
        private readonly byte[] _block = new byte[64 * 1024];
        private readonly List<byte> _buffer = [];

        /// <summary>The next request; null when the peer closed the connection.</summary>
        public async Task<HttpAsked?> NextAsync()
        {
            int end;
            while ((end = CollectionsSpan().IndexOf(HeadEnd)) < 0)
            {
                if (!await FillAsync())
                {
                    return null;
                }
            }

            string[] lines = Encoding.ASCII.GetString(Take(end + HeadEnd.Length)).Split("\r\n");
            string[] start = lines[0].Split(' ');
            bool chunked = Field(lines, "Transfer-Encoding") is not null;
            int length = int.Parse(Field(lines, "Content-Length") ?? "0", CultureInfo.InvariantCulture);
            return new HttpAsked(start[0], start[1], chunked ? await ChunksAsync() : await ExactlyAsync(length));
        }

        private static string? Field(string[] lines, string name) => lines
            .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim())
            .FirstOrDefault();

        private async Task<byte[]> ChunksAsync()
        {
            List<byte> body = [];
            while (true)
            {
                int end;
                while ((end = CollectionsSpan().IndexOf("\r\n"u8)) < 0)
                {
                    await FillOrFailAsync();
                }

                string size = Encoding.ASCII.GetString(Take(end + 2)).Trim();
                byte[] chunk = await ExactlyAsync(int.Parse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) + 2);
                if (chunk.Length == 2)
                {
                    return [.. body];
                }

                body.AddRange(chunk.AsSpan(..^2));
            }
        }

        private async Task<byte[]> ExactlyAsync(int count)
        {
            while (_buffer.Count < count)
            {
                await FillOrFailAsync();
            }

            return Take(count);
        }

        private Span<byte> CollectionsSpan() => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_buffer);

        private byte[] Take(int count)
        {
            byte[] taken = [.. _buffer.GetRange(0, count)];
            _buffer.RemoveRange(0, count);
            return taken;
        }

        private async Task FillOrFailAsync()
        {
            if (!await FillAsync())
            {
                throw new IOException("The peer closed the connection inside a request.");
            }
        }

        private async Task<bool> FillAsync()
        {
            int read = await stream.ReadAsync(_block, cancellation);
            _buffer.AddRange(_block.AsSpan(0, read));
            return read > 0;
        }
    }
}
