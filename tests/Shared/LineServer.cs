using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FlowTracer.Testing;

/// <summary>One client of a <see cref="LineServer"/>.</summary>
internal sealed class LineClient(Stream stream, int number, CancellationToken ended) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);

    /// <summary>Which connection it is, from 1.</summary>
    public int Number => number;

    /// <summary>Ends with the server.</summary>
    public CancellationToken Ended => ended;

    /// <summary>Sends a line.</summary>
    public Task SendAsync(string line) => SendRawAsync(line + "\n");

    /// <summary>Sends a text as it is: half a line, several, none.</summary>
    public async Task SendRawAsync(string text)
    {
        await _writing.WaitAsync(ended);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), ended);
            await stream.FlushAsync(ended);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Close() => stream.Dispose();

    public void Dispose() => _writing.Dispose();
}

/// <summary>
/// A server of lines on a free loopback port, over TCP, or over TLS with a certificate it made itself. Lines are handled as
/// they come, without waiting for one another, by whatever a test says; so it can misbehave as it likes. It ends with this
/// object.
/// </summary>
internal sealed class LineServer : IAsyncDisposable
{
    private readonly Func<LineClient, string, Task> _receive;
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentDictionary<Stream, byte> _open = new();
    private readonly TcpDoor _door;
    private int _connections;

    /// <summary>Starts it.</summary>
    /// <param name="receive">Is given each line with the client that sent it.</param>
    /// <param name="isSecure">Whether it speaks TLS.</param>
    public LineServer(Func<LineClient, string, Task> receive, bool isSecure = false)
    {
        _receive = receive;
        _certificate = isSecure ? MakeCertificate() : null;
        _door = new TcpDoor(IPAddress.Loopback, ServeAsync);
    }

    /// <summary>Where it listens on the loopback interface.</summary>
    public int Port => _door.Port;

    /// <summary>All lines as they came.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>How many connections were made to it so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>How many of them are open.</summary>
    public int Open => _open.Count;

    /// <summary>The SHA-256 of its certificate.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(_certificate!.RawData));

    /// <summary>Its address, which names its certificate where it has one.</summary>
    public string Address => _certificate is null ? BareAddress : $"{BareAddress}?fingerprint={Fingerprint}";

    /// <summary>Its address, which does not.</summary>
    public string BareAddress => string.Create(
        CultureInfo.InvariantCulture, $"{(_certificate is null ? "tcp" : "ssl")}://127.0.0.1:{Port}");

    /// <summary>Closes the connections there are, and goes on.</summary>
    public void CloseAll()
    {
        foreach (Stream stream in _open.Keys)
        {
            stream.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _door.DisposeAsync();
        _certificate?.Dispose();
    }

    private static X509Certificate2 MakeCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=electrum.example.org", key, HashAlgorithmName.SHA256);
        using X509Certificate2 made = request.CreateSelfSigned(
            DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        // A key that came with the request alone cannot serve everywhere.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private async Task ServeAsync(TcpClient tcp, CancellationToken ended)
    {
        using TcpClient owned = tcp;
        tcp.NoDelay = true;
        Stream stream = tcp.GetStream();
        _open[stream] = 0;
        int number = Interlocked.Increment(ref _connections);
        try
        {
            Stream lines = _certificate is null ? stream : await SecureAsync(stream, ended);
            using LineClient client = new(lines, number, ended);
            await ReadAsync(client, lines);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The client cannot be talked to.
        }

        _open.TryRemove(stream, out _);
    }

    private async Task ReadAsync(LineClient client, Stream lines)
    {
        List<Task> handled = [];
        try
        {
            using StreamReader reader = new(lines, Encoding.UTF8);
            while (await reader.ReadLineAsync(client.Ended) is { } line)
            {
                Lines.Enqueue(line);
                handled.Add(HandleAsync(client, line));
            }
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The client went away, was sent away, or the test has ended.
        }

        await Task.WhenAll(handled);
    }

    private async Task HandleAsync(LineClient client, string line)
    {
        try
        {
            await _receive(client, line);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // There is nobody left to answer.
        }
    }

    private static bool IsGone(Exception fault) => fault is IOException or SocketException or OperationCanceledException
        or ObjectDisposedException or System.Security.Authentication.AuthenticationException;

    private async Task<SslStream> SecureAsync(Stream stream, CancellationToken ended)
    {
        SslStream secure = new(stream);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = _certificate }, ended);
        return secure;
    }
}
