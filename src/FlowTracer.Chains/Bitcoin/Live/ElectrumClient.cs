using System.Net;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>What an Electrum server said of itself when it was connected to.</summary>
/// <param name="Software">Its software and version.</param>
/// <param name="Protocol">The version of the protocol that is spoken with it.</param>
internal sealed record ElectrumServer(string Software, string Protocol);

/// <summary>
/// An Electrum server: one connection, made when it is needed and again when it is lost, with several calls in one line
/// where the server takes that. What fails is repeated as the pipeline's settings say. For many threads.
/// </summary>
internal sealed class ElectrumClient(NodeUrl url, HttpPipeline pipeline) : IAsyncDisposable
{
    private const string ClientName = "FlowTracer";

    // Servers end the connection when no version suits them; some read no range, and later ones may drop the old.
    private static readonly object[] Offers = [new[] { "1.4", "1.4.5" }, "1.4", new[] { "1.4", "1.6" }];
    private static readonly Version Least = new(1, 4);

    private readonly ElectrumAddress _address = url.Electrum
        ?? throw new ArgumentException("not the address of an Electrum server", nameof(url));
    private readonly BatchLimit _batch = new(pipeline.Settings.BatchSize);
    private readonly SemaphoreSlim _connecting = new(1);
    private readonly List<ElectrumConnection> _connections = [];
    private ElectrumServer? _server;
    private int _offer;
    private bool _hasAnsweredBatch;
    private bool _isDisposed;

    /// <summary>How many calls the server takes in one line, as far as was found out; 1: each has its own.</summary>
    public int BatchSize => _batch.Size;

    /// <summary>Who answers; asked by connecting.</summary>
    /// <exception cref="SourceException">It cannot be connected to.</exception>
    public async Task<ElectrumServer> ServerAsync(CancellationToken cancellationToken)
    {
        await RunAsync(
            "server.version", async token => await ConnectedAsync(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return _server!;
    }

    /// <summary>Asks one call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="read">Reads its answer; throws <see cref="BadAnswerException"/> to have it asked again.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <exception cref="SourceException">No usable answer came.</exception>
    public async Task<T> AskAsync<T>(ElectrumCall call, Func<RpcAnswer, T> read, CancellationToken cancellationToken) =>
        (await AskAsync([call], (_, answer) => read(answer), cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Asks several calls at the same time.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="read">Reads the answer to the call of that index, as for a single one.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <exception cref="SourceException">One of them got no usable answer.</exception>
    public async Task<T[]> AskAsync<T>(
        IReadOnlyList<ElectrumCall> calls, Func<int, RpcAnswer, T> read, CancellationToken cancellationToken)
    {
        T[] results = new T[calls.Count];
        await AskInBatchesAsync(
            new ArraySegment<ElectrumCall>([.. calls]), (at, answer) => results[at] = read(at, answer), cancellationToken)
            .ConfigureAwait(false);
        return results;
    }

    /// <summary>Ends the connection; who still waits sees a fault.</summary>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync().ConfigureAwait(false);
        try
        {
            _isDisposed = true;
            foreach (ElectrumConnection connection in _connections)
            {
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            _connections.Clear();
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task AskInBatchesAsync(ArraySegment<ElectrumCall> calls, Action<int, RpcAnswer> read, CancellationToken cancellationToken)
    {
        int size = _batch.Size;
        List<Task> parts = [];
        for (int from = 0; from < calls.Count; from += size)
        {
            parts.Add(SendAsync(calls.Slice(from, Math.Min(size, calls.Count - from)), read, cancellationToken));
        }

        await Task.WhenAll(parts).ConfigureAwait(false);
    }

    private async Task SendAsync(ArraySegment<ElectrumCall> calls, Action<int, RpcAnswer> read, CancellationToken cancellationToken)
    {
        int count = calls.Count;
        bool isSent = false;
        Attempts attempts = new()
        {
            StopsAt = (fault, made) => count > 1 && (IsBatchRefused(fault) || (fault.IsHeavy && made > 1)),
        };

        // Servers that know no batches end the connection, or answer with an error that names no call.
        bool IsBatchRefused(HttpFault fault) =>
            isSent && !_hasAnsweredBatch && fault.Kind is FaultKind.Connection or FaultKind.BadAnswer;
        try
        {
            await pipeline.RunAsync(
                url,
                async token =>
                {
                    isSent = false;
                    ElectrumConnection connection = await ConnectedAsync(token).ConfigureAwait(false);
                    isSent = true;
                    await ExchangeAsync(connection, calls, read, attempts, token, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                attempts, cancellationToken).ConfigureAwait(false);
            if (count > 1)
            {
                _hasAnsweredBatch = true;
                _batch.Succeeded(count);
            }
        }
        catch (HttpFault fault) when (count > 1 && IsBatchRefused(fault))
        {
            _batch.Refused(1);
            pipeline.Meter.AddRetry();
            await AskInBatchesAsync(calls, read, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFault fault) when (count > 1 && fault.SplitsBatch(attempts.Made, pipeline.Settings.Retries))
        {
            _batch.Stumbled(count);
            pipeline.Meter.AddRetry();
            await Task.WhenAll(
                SendAsync(calls[..(count / 2)], read, cancellationToken),
                SendAsync(calls[(count / 2)..], read, cancellationToken)).ConfigureAwait(false);
        }
        catch (HttpFault fault)
        {
            throw pipeline.Failed(url, calls[0].Shown, fault, attempts);
        }
    }

    private async Task ExchangeAsync(
        ElectrumConnection connection, ArraySegment<ElectrumCall> calls, Action<int, RpcAnswer> read, Attempts attempts,
        CancellationToken attempt, CancellationToken caller)
    {
        pipeline.Meter.AddHttpRequest();
        pipeline.Meter.AddCalls(calls.Count);
        RpcAnswer[] answers;
        try
        {
            answers = await connection.AskAsync(calls, attempt).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            // No answer in time: what hangs there may hold up whatever is asked after it.
            connection.Retire();
            throw;
        }

        if (answers.FirstOrDefault(static answer => answer.Error is { } error && ElectrumErrors.IsRateLimit(error)).Error is { } limit)
        {
            throw new HttpFault(FaultKind.Status, $"says “{limit.Message}”") { Status = HttpStatusCode.TooManyRequests };
        }

        try
        {
            for (int at = 0; at < answers.Length; at++)
            {
                read(calls.Offset + at, answers[at]);
            }
        }
        catch (BadAnswerException bad)
        {
            throw new HttpFault(FaultKind.BadAnswer, bad.Message, bad);
        }
    }

    private async Task<T> RunAsync<T>(string callName, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        Attempts attempts = new();
        try
        {
            return await pipeline.RunAsync(url, work, attempts, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpFault fault)
        {
            throw pipeline.Failed(url, callName, fault, attempts);
        }
    }

    private async Task<ElectrumConnection> ConnectedAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_connections.Find(static connection => connection.IsUsable) is { } usable)
            {
                return usable;
            }

            foreach (ElectrumConnection ended in _connections.Where(static connection => connection.HasEnded).ToList())
            {
                _connections.Remove(ended);
                await ended.DisposeAsync().ConfigureAwait(false);
            }

            ElectrumConnection made = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            _connections.Add(made);
            return made;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task<ElectrumConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        for (int tried = 1; ; tried++)
        {
            ElectrumConnection connection =
                await ElectrumConnection.OpenAsync(_address, pipeline.Settings, pipeline.Meter, cancellationToken).ConfigureAwait(false);
            try
            {
                RpcAnswer[] answer = await connection.AskAsync(
                    [new ElectrumCall("server.version", ClientName, Offers[_offer])], cancellationToken).ConfigureAwait(false);
                _server = ServerIn(answer[0]);
                return connection;
            }
            catch (HttpFault refused) when (refused.Kind != FaultKind.TooLong && tried < Offers.Length)
            {
                _offer = (_offer + 1) % Offers.Length;
                await connection.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static ElectrumServer ServerIn(RpcAnswer answer)
    {
        const string wanted = "FlowTracer speaks 1.4 to 1.6";
        if (answer.Error is { } error)
        {
            throw new HttpFault(FaultKind.Unusable, $"agrees on no version of the Electrum protocol (“{error.Message}”); {wanted}");
        }

        if (answer.Result.ValueKind != JsonValueKind.Array || answer.Result.GetArrayLength() != 2)
        {
            throw new HttpFault(FaultKind.BadAnswer, "the answer to server.version is not of the Electrum protocol");
        }

        ElectrumServer server = new(answer.Result[0].ToString(), answer.Result[1].ToString());
        return Version.TryParse(server.Protocol, out Version? version) && version >= Least
            ? server
            : throw new HttpFault(FaultKind.Unusable, $"speaks version {server.Protocol} of the Electrum protocol; {wanted}");
    }
}
