using System.Net;
using System.Net.Sockets;

namespace FlowTracer.Testing;

/// <summary>A free port that hands whoever comes to a test, until it is shut; it ends when all who came are done.</summary>
internal sealed class TcpDoor : IAsyncDisposable
{
    // Not disposed: a test may end its server early, and then again with everything else.
    private readonly CancellationTokenSource _end = new();
    private readonly TcpListener _listener;
    private readonly Func<TcpClient, CancellationToken, Task> _serve;
    private readonly Task _accepting;

    /// <summary>Opens it.</summary>
    /// <param name="host">On which address.</param>
    /// <param name="serve">Is given each connection, and a token that ends with the door; it disposes of the connection.</param>
    public TcpDoor(IPAddress host, Func<TcpClient, CancellationToken, Task> serve)
    {
        (_listener, _serve) = (new TcpListener(host, 0), serve);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>The port.</summary>
    public int Port { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                serving.Add(_serve(await _listener.AcceptTcpClientAsync(_end.Token), _end.Token));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException)
        {
            // Shut.
        }

        await Task.WhenAll(serving);
    }
}
