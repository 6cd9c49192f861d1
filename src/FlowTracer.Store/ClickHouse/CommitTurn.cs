using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// The turn to commit. Between looking whether another writer was quicker and writing the row of the journal nobody else may do the
/// same, and ClickHouse has no transactions; but of several who make a table of one name, one makes it. It lies on the first host.
/// </summary>
internal sealed class CommitTurn(Schema schema, ClickHouseClient client)
{
    private const string Call = "waiting for the turn to commit";
    private const string Table = "committing";
    private const int MostStrangeAnswers = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Who has had the turn for so long while somebody waited is gone: it is for two small requests. What it may still have under way
    /// is over by then too.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(2);

    private string Host => client.Hosts[0];

    /// <summary>Does something that nobody else does meanwhile; it is not broken off, and neither is what it does.</summary>
    /// <exception cref="SourceException">
    /// A server did not answer. Whether it did what it was asked is not known then, and the turn stays taken until another writer has
    /// waited long enough.
    /// </exception>
    public async Task TakeAsync(Func<Task> action, CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken).ConfigureAwait(false);
        long taken = Environment.TickCount64;
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (SourceException fault) when (!fault.IsAnswered)
        {
            throw;
        }
        catch
        {
            await LeaveAsync(taken).ConfigureAwait(false);
            throw;
        }

        await LeaveAsync(taken).ConfigureAwait(false);
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        string own = "by_" + Guid.NewGuid().ToString("N");
        (string? holder, long since) = (null, 0);
        for (int strange = 0; ;)
        {
            try
            {
                await client.RunAsync(Call, Host, $"CREATE TABLE {schema.Of(Table)} ({own} UInt8) ENGINE = Memory", cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (SourceException fault) when (fault.IsAnswered && strange < MostStrangeAnswers)
            {
                // It is there, or was just now.
            }

            string? now = await HolderAsync(cancellationToken).ConfigureAwait(false);
            strange += now is null ? 1 : 0;
            if (now != holder)
            {
                (holder, since) = (now, Environment.TickCount64);
            }
            else if (now is not null && Environment.TickCount64 - since > Patience.TotalMilliseconds)
            {
                await PutAsideAsync(now, cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string?> HolderAsync(CancellationToken cancellationToken)
    {
        string? holder = null;
        await client.QueryAsync(
            Call, Host, $"SELECT name FROM system.columns WHERE database = '{schema.Database}' AND table = '{Table}'",
            async row => holder = await row.TextAsync().ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return holder;
    }

    // Of several who wait, one does it: its new name stays taken.
    private async Task PutAsideAsync(string holder, CancellationToken cancellationToken)
    {
        try
        {
            await client.RunAsync(
                Call, Host, $"RENAME TABLE {schema.Of(Table)} TO {schema.Of($"{Table}_{holder}")}", cancellationToken).ConfigureAwait(false);
        }
        catch (SourceException fault) when (fault.IsAnswered)
        {
            // Another did.
        }
    }

    // What was done counts; and after so long the turn is no longer ours.
    private async Task LeaveAsync(long taken)
    {
        if (Environment.TickCount64 - taken >= Patience.TotalMilliseconds)
        {
            return;
        }

        try
        {
            await client.RunAsync("leaving the turn to commit", Host, $"DROP TABLE {schema.Of(Table)}", CancellationToken.None).ConfigureAwait(false);
        }
        catch (SourceException)
        {
            // Whoever comes next waits, and puts it aside.
        }
    }
}
