using System.Net;
using System.Net.Sockets;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Stores;

/// <summary>
/// Stands between two servers and passes everything on. Armed, it does something as soon as so many bytes have gone one way:
/// that is how a server is lost in the middle of a load and not before or behind it.
/// </summary>
internal sealed class ByteGate : IAsyncDisposable
{
    private readonly IPEndPoint _to;
    private readonly TcpDoor _door;
    private readonly Lock _lock = new();
    private Func<Task>? _action;
    private bool _isOnAnswers;
    private bool _breaks;
    private long _bytesLeft;

    public ByteGate(IPAddress host, IPEndPoint to)
    {
        _to = to;
        _door = new TcpDoor(host, PassAsync);
    }

    public int Port => _door.Port;

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

    public ValueTask DisposeAsync() => _door.DisposeAsync();

    private async Task PassAsync(TcpClient client, CancellationToken ended)
    {
        using TcpClient asking = client;
        using TcpClient answering = new();
        try
        {
            await answering.ConnectAsync(_to, ended);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ended);
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
