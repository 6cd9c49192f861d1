using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// Looks at every row that counts: movements are read and digested here; the servers digest what follows from them (touches and
/// transactions), and the sums must agree. Movements come in stretches of blocks, so that memory does not grow with the store.
/// </summary>
internal sealed class StoreCheck(Schema schema, Journal journal, ClickHouseClient client, StoreState state)
{
    private const int StretchBlocks = 5000;
    private const int MostFaults = 100;
    private readonly Dictionary<ulong, Sums> _loads = [];
    private readonly List<string> _faults = [];

    public async Task<IReadOnlyList<string>> RunAsync(IProgress<int>? progress, CancellationToken cancellationToken)
    {
        foreach (ChainId chain in state.Chains)
        {
            await CheckBlocksAsync(chain, cancellationToken).ConfigureAwait(false);
            await CheckMovementsAsync(chain, progress, cancellationToken).ConfigureAwait(false);
        }

        await CheckLoadsAsync(cancellationToken).ConfigureAwait(false);
        await CompareAsync(
            "touches", "holder, '/', toString(sign), '/', hex(net), '/', body", static sums => sums.Touches, cancellationToken).ConfigureAwait(false);
        await CompareAsync("transactions", "hex(tx)", static sums => sums.Transactions, cancellationToken).ConfigureAwait(false);
        progress?.Report(100);
        return _faults.Count <= MostFaults ? _faults : [.. _faults.Take(MostFaults), $"and {_faults.Count - MostFaults} more"];
    }

    private async Task CheckBlocksAsync(ChainId chain, CancellationToken cancellationToken)
    {
        ChainState has = state.Of(chain);
        (ulong Number, TxHash Hash)? before = null;
        await client.QueryAsync(
            "checking blocks",
            $"SELECT DISTINCT block, hash, parent FROM {schema.Of("blocks")} WHERE chain = '{chain}' AND {state.Visible} ORDER BY block",
            async row =>
            {
                ulong number = await row.UInt64Async().ConfigureAwait(false);
                (TxHash hash, TxHash parent) = (await row.HashAsync().ConfigureAwait(false), await row.HashAsync().ConfigureAwait(false));
                bool follows = before is var (last, lastHash) ? number == last + 1 && parent == lastHash : has.HasBlocks && number == has.First;
                Expect(follows, $"block {number} of {chain} does not follow the one before it");
                before = (number, hash);
            },
            cancellationToken).ConfigureAwait(false);
        bool ends = before is var (end, endHash) ? has.HasBlocks && end == has.Last && endHash == has.LastHash : !has.HasBlocks;
        Expect(ends, $"the last block of {chain} is not the one the journal has");
    }

    private async Task CheckMovementsAsync(ChainId chain, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        List<ulong> stretches = [];
        await client.QueryAsync(
            "checking movements",
            Text($"SELECT DISTINCT toUInt64(intDiv(block, {StretchBlocks})) AS stretch FROM {schema.Of("movements")} WHERE chain = '{chain}' AND {state.Visible} ORDER BY stretch"),
            async row => stretches.Add(await row.UInt64Async().ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
        ulong count = 0;
        for (int i = 0; i < stretches.Count; i++)
        {
            count += await CheckStretchAsync(chain, stretches[i], cancellationToken).ConfigureAwait(false);
            progress?.Report(99 * (i + 1) / stretches.Count);
        }

        Expect(count == state.Of(chain).Movements, $"there are {count} movements of {chain}, and the journal has {state.Of(chain).Movements}");
    }

    private async Task<ulong> CheckStretchAsync(ChainId chain, ulong stretch, CancellationToken cancellationToken)
    {
        // The last stretch may end beyond the highest number there is.
        ulong first = stretch * StretchBlocks;
        ulong last = first + Math.Min(StretchBlocks - 1, ulong.MaxValue - first);
        ulong count = 0;
        (Position At, ulong Load)? before = null;
        await client.QueryAsync(
            "checking movements",
            Text($"""
                SELECT block, tx_index, step, load, facts, body FROM {schema.Of("movements")}
                WHERE chain = '{chain}' AND block BETWEEN {first} AND {last} AND {state.Visible} ORDER BY block, tx_index, step, load
                """),
            async row =>
            {
                Position at = await row.PlaceAsync().ConfigureAwait(false);
                ulong load = await row.UInt64Async().ConfigureAwait(false);
                (byte[] facts, byte[] body) = (await row.BytesAsync(SHA256.HashSizeInBytes).ConfigureAwait(false), await row.BlobAsync().ConfigureAwait(false));
                if (before == (at, load))
                {
                    return;
                }

                Expect(before?.At != at, $"the place {at} of {chain} has two movements");
                before = (at, load);
                count++;
                Digest(chain, at, load, facts, body);
            },
            cancellationToken).ConfigureAwait(false);
        return count;
    }

    private void Digest(ChainId chain, Position at, ulong load, byte[] facts, byte[] body)
    {
        if (Decoded(body) is not StoredMovement stored)
        {
            _faults.Add($"the movement at {at} of {chain} cannot be read");
            return;
        }

        Expect(
            stored.Movement.Chain == chain && stored.Movement.Position == at && stored.Facts.AsSpan().SequenceEqual(facts)
                && stored.Body.AsSpan().SequenceEqual(body),
            $"the movement at {at} of {chain} is not what was stored");
        if (!_loads.TryGetValue(load, out Sums? sums))
        {
            sums = _loads[load] = new Sums();
        }

        sums.Movements++;
        sums.Mark ^= StoredMovement.MarkOf(facts);
        string place = Text($"/{chain}/{at.Block}/{at.TxIndex}/{at.Step}");
        foreach (Holder holder in stored.Holders)
        {
            BigInteger net = stored.Movement.NetOf(holder);
            sums.Touches = unchecked(sums.Touches + HashOf([
                .. HolderKey.Of(holder), .. Encoding.UTF8.GetBytes(Text($"/{net.Sign}/{LoadRows.NetHex(net)}/")), .. stored.BesideHolder,
                .. Encoding.UTF8.GetBytes(place)]));
        }

        if (stored.Movement.Tx is TxHash tx)
        {
            sums.Transactions = unchecked(sums.Transactions + HashOf(Encoding.UTF8.GetBytes(tx.ToString().ToUpperInvariant() + place)));
        }
    }

    // What a load brought is still what it was, unless a roll back took some of it.
    private async Task CheckLoadsAsync(CancellationToken cancellationToken)
    {
        Dictionary<ulong, Entry> commits = [];
        foreach (Entry commit in await journal.FindAsync(Text($"kind = 2 AND number <= {state.Top}"), cancellationToken).ConfigureAwait(false))
        {
            commits[commit.Number] = commit;
        }

        foreach (Entry commit in commits.Values.Where(commit => !state.IsCut(commit)))
        {
            Sums sums = _loads.GetValueOrDefault(commit.Number) ?? new Sums();
            Expect(sums.Movements == commit.Added, $"load {commit.Number} from {commit.Origin.Source} has {sums.Movements} movements of {commit.Added}");
            Expect(sums.Mark == commit.Mark, $"load {commit.Number} from {commit.Origin.Source} has other facts than were loaded");
        }

        foreach (ulong unknown in _loads.Keys.Where(load => !commits.ContainsKey(load)).Order())
        {
            _faults.Add(Text($"there are rows of load {unknown}, which the journal does not know"));
        }
    }

    private async Task CompareAsync(string table, string parts, Func<Sums, ulong> expected, CancellationToken cancellationToken)
    {
        Dictionary<ulong, ulong> there = [];
        await client.QueryAsync(
            $"checking {table}",
            $"""
            SELECT load, sum(reinterpretAsUInt64(substring(SHA256(concat({parts}, '/', chain, '/', toString(block), '/', toString(tx_index), '/', toString(step))), 1, 8)))
            FROM {schema.Of(table)} FINAL WHERE {state.Visible} GROUP BY load
            """,
            async row => there[await row.UInt64Async().ConfigureAwait(false)] = await row.UInt64Async().ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        foreach (ulong load in there.Keys.Union(_loads.Keys).Order())
        {
            ulong wanted = _loads.TryGetValue(load, out Sums? sums) ? expected(sums) : 0;
            Expect(there.GetValueOrDefault(load) == wanted, $"the {table} of load {load} do not fit its movements");
        }
    }

    private static StoredMovement? Decoded(byte[] body)
    {
        try
        {
            return StoredMovement.Of(MovementBytes.Read(body));
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static ulong HashOf(byte[] bytes) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes));

    private void Expect(bool holds, FormattableString fault)
    {
        if (!holds)
        {
            _faults.Add(Text(fault));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Sums
    {
        public ulong Movements { get; set; }

        public ulong Mark { get; set; }

        public ulong Touches { get; set; }

        public ulong Transactions { get; set; }
    }
}
