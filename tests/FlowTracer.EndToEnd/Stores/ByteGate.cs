using System.Net;
using System.Net.Sockets;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>
/// Stands between two servers and passes everything on. Armed, it does something as soon as so many bytes have gone one way:
/// that is how a server is lost in the middle of a load and not before or behind it.
/// </summary>
internal sealed class ByteGate : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _to;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly Lock _lock = new();
    private Func<Task>? _action;
    private bool _isOnAnswers;
    private bool _breaks;
    private long _bytesLeft;

    public ByteGate(IPAddress host, IPEndPoint to)
    {
        (_listener, _to) = (new TcpListener(host, 0), to);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Does something, once, when so many bytes were asked or answered from now on; what follows waits for it.</summary>
    /// <param name="onAnswers">Whether bytes of answers count, or of questions.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="breaks">Whether the connection ends there, with whatever else was on its way.</param>
    /// <param name="action">What it does.</param>
    public void Arm(bool onAnswers, long bytes, bool breaks, Func<Task> action)
    {
        lock (_lock)
        {
            (_isOnAnswers, _bytesLeft, _breaks, _action) = (onAnswers, bytes, breaks, action);
        }
    }

    /// <summary>Whether what it was armed with has not happened.</summary>
    public bool IsArmed
    {
        get
        {
            lock (_lock)
            {
                return _action is not null;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> passing = [];
        try
        {
            while (true)
            {
                passing.Add(PassAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException)
        {
            // Stopped.
        }

        await Task.WhenAll(passing);
    }

    private async Task PassAsync(TcpClient client)
    {
        using TcpClient asking = client;
        using TcpClient answering = new();
        try
        {
            await answering.ConnectAsync(_to, _end.Token);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            Task asked = CopyAsync(asking.GetStream(), answering.GetStream(), isAnswer: false, either);
            await Task.WhenAll(asked, CopyAsync(answering.GetStream(), asking.GetStream(), isAnswer: true, either));
        }
        catch (Exception gone) when (gone is OperationCanceledException or SocketException or IOException)
        {
            // One of the two went away: the other is told by its connection's end.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isAnswer, CancellationTokenSource either)
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int read; (read = await from.ReadAsync(buffer, either.Token)) > 0;)
            {
                if (ActionAfter(read, isAnswer) is { } action)
                {
                    await action();
                    if (_breaks)
                    {
                        return;
                    }
                }

                await to.WriteAsync(buffer.AsMemory(0, read), either.Token);
            }
        }
        finally
        {
            await either.CancelAsync();
        }
    }

    private Func<Task>? ActionAfter(int bytes, bool isAnswer)
    {
        lock (_lock)
        {
            if (_action is null || _isOnAnswers != isAnswer || (_bytesLeft -= bytes) > 0)
            {
                return null;
            }

            (Func<Task> action, _action) = (_action, null);
            return action;
        }
    }
}
