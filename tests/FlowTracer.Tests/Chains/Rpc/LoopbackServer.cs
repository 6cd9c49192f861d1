using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>A request as it arrived.</summary>
internal sealed record Received(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>What a server sends, and how it misbehaves while doing so.</summary>
internal sealed record Reply(string Body)
{
    public int Status { get; init; } = 200;

    public string Headers { get; init; } = "";

    /// <summary>Sent in place of the text.</summary>
    public byte[]? Bytes { get; init; }

    /// <summary>
    /// Announced as the body's length; the connection ends after the body when that is more than it has.
    /// </summary>
    public int? AnnouncedLength { get; init; }

    /// <summary>Sends nothing until the client gives up.</summary>
    public bool Hangs { get; init; }

    /// <summary>Closes the connection without a byte.</summary>
    public bool Drops { get; init; }
}

/// <summary>
/// A server on a free loopback port that answers as told, byte by byte, so that it can do what a decent server library
/// would not. It ends with the test.
/// </summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Received, Task<Reply>> _answer;
    // Not disposed: a test may end its server early, and then again with everything else.
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _underWay;
    private int _mostUnderWay;

    public LoopbackServer(Func<Received, Reply> answer)
        : this(request => Task.FromResult(answer(request)))
    {
    }

    public LoopbackServer(Func<Received, Task<Reply>> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public ConcurrentQueue<Received> Requests { get; } = new();

    public int MostUnderWay => Volatile.Read(ref _mostUnderWay);

    public int Port { get; }

    public NodeUrl Url => UrlWith("");

    public NodeUrl UrlWith(string rest, string user = "") =>
        NodeUrl.Parse(string.Create(CultureInfo.InvariantCulture, $"http://{user}127.0.0.1:{Port}{rest}"));

    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _accepting;
        }
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // Stopped while waiting for a connection, or just before.
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                NetworkStream stream = client.GetStream();
                while (await ReadAsync(stream) is { } request)
                {
                    Requests.Enqueue(request);
                    InterlockedMax(ref _mostUnderWay, Interlocked.Increment(ref _underWay));
                    Reply reply = await _answer(request);
                    Interlocked.Decrement(ref _underWay);
                    if (!await SendAsync(stream, reply))
                    {
                        return;
                    }
                }
            }
            catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
            {
                // The client went away, or the test has ended.
            }
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen && Interlocked.CompareExchange(ref most, value, seen) is int now && now != seen)
        {
            seen = now;
        }
    }

    /// <summary>Returns whether the connection can go on.</summary>
    private async Task<bool> SendAsync(NetworkStream stream, Reply reply)
    {
        if (reply.Hangs)
        {
            // Reading ends when the client hangs up.
            await stream.CopyToAsync(Stream.Null, _stop.Token);
            return false;
        }

        if (reply.Drops)
        {
            return false;
        }

        byte[] body = reply.Bytes ?? Encoding.UTF8.GetBytes(reply.Body);
        int announced = reply.AnnouncedLength ?? body.Length;
        string head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {reply.Status} Some Words\r\nContent-Length: {announced}\r\n{reply.Headers}\r\n");
        await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], _stop.Token);
        return announced == body.Length;
    }

    private async Task<Received?> ReadAsync(NetworkStream stream)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (head.Count < 4 || !head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Add(one[0]);
        }

        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> headers = lines.Skip(1).Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        byte[] body = new byte[headers.TryGetValue("Content-Length", out string? length)
            ? int.Parse(length, CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, _stop.Token);
        string[] first = lines[0].Split(' ');
        return new Received(first[0], first[1], headers, Encoding.UTF8.GetString(body));
    }
}
