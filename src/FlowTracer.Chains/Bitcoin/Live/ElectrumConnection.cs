using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// One connection to an Electrum server: many requests under way at once, told apart by their ids, answered in any order.
/// What makes an answer uncertain (no JSON, ids nobody used) ends the connection, and every request on it with it. For many
/// threads.
/// </summary>
internal sealed class ElectrumConnection : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly LineReader _lines;
    private readonly RpcMeter _meter;
    private readonly Task _reading;
    // Neither is disposed: who sends may still be about to let go of them when the connection has ended.
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Request> _underWay = [];
    private long _lastId;
    private bool _isRetired;
    private bool _isEnded;

    private ElectrumConnection(Socket socket, Stream stream, FetchSettings settings, RpcMeter meter)
    {
        (_socket, _stream, _meter) = (socket, stream, meter);
        _lines = new LineReader(stream, settings.LongestAnswerBytes);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>Whether another request may be sent on it.</summary>
    public bool IsUsable
    {
        get
        {
            lock (_lock)
            {
                return !_isRetired && !_isEnded;
            }
        }
    }

    /// <summary>Whether nothing goes over it any more.</summary>
    public bool HasEnded => _reading.IsCompleted;

    /// <summary>Connects, and agrees on encryption where the address asks for it.</summary>
    /// <exception cref="HttpFault">It cannot be reached, or its certificate is not trusted.</exception>
    public static async Task<ElectrumConnection> OpenAsync(
        ElectrumAddress address, FetchSettings settings, RpcMeter meter, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellationToken).ConfigureAwait(false);
            Stream stream = new NetworkStream(socket, ownsSocket: false);
            if (address.IsSecure)
            {
                stream = await SecureAsync(stream, address, cancellationToken).ConfigureAwait(false);
            }

            return new ElectrumConnection(socket, stream, settings, meter);
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            socket.Dispose();
            throw new HttpFault(FaultKind.Connection, AnswerBody.WhyBroken(fault), fault);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends calls in one line, and returns their answers in the same order.</summary>
    /// <exception cref="HttpFault">The connection ended before all were there.</exception>
    public async Task<RpcAnswer[]> AskAsync(IReadOnlyList<ElectrumCall> calls, CancellationToken cancellationToken)
    {
        Request request = Enter(calls.Count);
        try
        {
            await SendAsync(ElectrumMessage.Write(calls, request.FirstId), cancellationToken).ConfigureAwait(false);
            return await request.Answers.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave(request);
        }
    }

    /// <summary>Takes no more requests, and ends when those under way are answered.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            _isRetired = true;
        }

        StopWhenIdle();
    }

    /// <summary>Ends it; requests under way fail.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
    }

    private static async Task<SslStream> SecureAsync(Stream stream, ElectrumAddress address, CancellationToken cancellationToken)
    {
        string shown = "";
        SslStream secure = new(stream);
        try
        {
            SslClientAuthenticationOptions options = new()
            {
                TargetHost = address.Host,
                RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                {
                    shown = certificate is null ? "" : Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));
                    return address.Pinned is { } pinned ? shown == pinned : errors == SslPolicyErrors.None;
                },
            };
            await secure.AuthenticateAsClientAsync(options, cancellationToken).ConfigureAwait(false);
            return secure;
        }
        catch (AuthenticationException refused)
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw shown.Length == 0
                ? new HttpFault(FaultKind.Connection, "offers no secure connection", refused)
                : new HttpFault(FaultKind.Unusable, WhyUntrusted(address, shown), refused);
        }
        catch
        {
            await secure.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static string WhyUntrusted(ElectrumAddress address, string shown) => address.Pinned is null
        ? $"shows a certificate that this machine does not trust, as most Electrum servers do; if it is the server's own, add"
            + $" ?fingerprint={shown} to its address"
        : $"shows another certificate than the address names: its fingerprint is {shown}";

    private Request Enter(int count)
    {
        lock (_lock)
        {
            if (_isEnded)
            {
                throw new HttpFault(FaultKind.Connection, "broke the connection off");
            }

            Request request = new(_lastId + 1, count);
            _lastId += count;
            _underWay.Add(request.FirstId, request);
            return request;
        }
    }

    private void Leave(Request request)
    {
        lock (_lock)
        {
            _underWay.Remove(request.FirstId);
        }

        StopWhenIdle();
    }

    private void StopWhenIdle()
    {
        bool isIdle;
        lock (_lock)
        {
            isIdle = _isRetired && _underWay.Count == 0;
        }

        if (isIdle)
        {
            _stop.Cancel();
        }
    }

    private async Task SendAsync(byte[] line, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            await _stream.WriteAsync(line, cancellationToken).ConfigureAwait(false);
            await _stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or SocketException)
        {
            End(FaultKind.Connection, AnswerBody.WhyBroken(fault));
            throw new HttpFault(FaultKind.Connection, AnswerBody.WhyBroken(fault), fault);
        }
        catch (OperationCanceledException)
        {
            // Half a line may be on its way: nothing can be sent behind it.
            End(FaultKind.Connection, "broke the connection off");
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _lines.ReadAsync(_stop.Token).ConfigureAwait(false) is { } line)
            {
                _meter.AddBytes(line.Length + 1);
                Receive(ElectrumMessage.Read(line));
            }

            End(FaultKind.Connection, "broke the connection off");
        }
        catch (BadAnswerException bad)
        {
            End(FaultKind.BadAnswer, bad.Message);
        }
        catch (HttpFault fault)
        {
            End(fault.Kind, fault.Message);
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException)
        {
            End(FaultKind.Connection, AnswerBody.WhyBroken(fault));
        }
        catch (OperationCanceledException)
        {
            End(FaultKind.Connection, "was let go");
        }
        finally
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
            _socket.Dispose();
        }
    }

    private void Receive(IReadOnlyList<JsonElement> messages)
    {
        lock (_lock)
        {
            HashSet<Request> answered = [];
            foreach (JsonElement message in messages)
            {
                if (ElectrumMessage.AnswerIn(message) is { } answer && RequestOf(message, answer) is { } request)
                {
                    answered.Add(request);
                }
            }

            if (messages.Count > 1 && answered.Any(static request => !request.Answers.IsCompleted))
            {
                throw new BadAnswerException("leaves calls of the request out");
            }
        }
    }

    // Under the lock. Null for an answer nobody waits for any more.
    private Request? RequestOf(JsonElement message, RpcAnswer answer)
    {
        if (!message.TryGetProperty("id", out JsonElement given) || given.ValueKind != JsonValueKind.Number
            || !given.TryGetInt64(out long id) || id < 1 || id > _lastId)
        {
            throw new BadAnswerException(answer.Error is { } error
                ? $"refuses the request itself (“{error.Message}”)"
                : "belongs to no call that was made");
        }

        Request? request = _underWay.Values.FirstOrDefault(one => one.Holds(id));
        request?.Set(id, answer);
        return request;
    }

    private void End(FaultKind kind, string text)
    {
        Request[] left;
        lock (_lock)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
            left = [.. _underWay.Values];
        }

        // Whose answer was too long is not known when several are waited for: each is asked for again.
        FaultKind told = kind == FaultKind.TooLong && left.Length > 1 ? FaultKind.BadAnswer : kind;
        foreach (Request request in left)
        {
            request.Fail(new HttpFault(told, text) { EndsOthers = left.Length > 1 });
        }

        _stop.Cancel();
    }

    /// <summary>Calls sent in one line.</summary>
    private sealed class Request(long firstId, int count)
    {
        private readonly RpcAnswer?[] _answers = new RpcAnswer?[count];
        private readonly TaskCompletionSource<RpcAnswer[]> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long FirstId => firstId;

        public Task<RpcAnswer[]> Answers => _all.Task;

        public bool Holds(long id) => id >= firstId && id < firstId + _answers.Length;

        /// <summary>The answer to one of the calls; the first one counts.</summary>
        public void Set(long id, RpcAnswer answer)
        {
            ref RpcAnswer? place = ref _answers[id - firstId];
            if (place is null)
            {
                place = answer;
                if (_answers.All(static one => one is not null))
                {
                    _all.TrySetResult([.. _answers.Select(static one => one!.Value)]);
                }
            }
        }

        public void Fail(HttpFault fault)
        {
            _all.TrySetException(fault);
            // Nobody may be waiting any more, and a fault nobody looks at is no program error.
            _ = _all.Task.Exception;
        }
    }
}
