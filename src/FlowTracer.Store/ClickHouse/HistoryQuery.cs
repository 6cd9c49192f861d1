using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// The histories of a frontier as one question. Its holders are sent as a table. What lies on a request's other side comes back
/// as one row with its net; a movement too large to stand with each of its holders comes once, for all of them.
/// </summary>
internal sealed class HistoryQuery
{
    private const string Frontier = "frontier";
    private const string FrontierColumns = "holder String, request UInt32, at_block UInt64, at_tx UInt32, at_step UInt32, forward UInt8";

    // A net in eight limbs of 32 bits, each summed by itself: neither version has a number as wide as an amount that both add.
    private const int Limbs = 8;
    private const int LimbBits = 32;

    private enum Part : byte
    {
        Journal = 0,
        Wanted,
        Other,
        Large,
        Opening,
    }

    private readonly Schema _schema;
    private readonly StoreState _state;
    private readonly IReadOnlyList<HistoryRequest> _requests;
    private readonly List<Found>[] _found;
    private readonly Other?[] _others;
    private readonly Amount?[] _openings;
    private readonly Dictionary<(ChainId Chain, Position At), Movement> _movements = [];

    public HistoryQuery(Schema schema, StoreState state, IReadOnlyList<HistoryRequest> requests)
    {
        (_schema, _state, _requests) = (schema, state, requests);
        _found = new List<Found>[requests.Count];
        for (int i = 0; i < _found.Length; i++)
        {
            _found[i] = [];
        }

        (_others, _openings) = (new Other?[requests.Count], new Amount?[requests.Count]);
    }

    /// <summary>How many clean-ups the journal had when it was asked.</summary>
    public ulong Cleaned { get; private set; }

    /// <summary>The holders asked for, as a table to be sent.</summary>
    public SentTable Sent => new(
        Frontier, FrontierColumns,
        new RowsContent<(int Index, HistoryRequest Request)>(_requests.Index(), static (sink, row) =>
        {
            sink.Blob(HolderKey.Of(row.Request.Holder));
            sink.UInt32((uint)row.Index);
            sink.Place(row.Request.At);
            sink.Byte((byte)(row.Request.Direction == Direction.Forward ? 1 : 0));
        }));

    /// <summary>The question.</summary>
    public string Sql
    {
        get
        {
            string none = string.Concat(Enumerable.Repeat(", toInt64(0)", Limbs));
            string sums = string.Concat(Enumerable.Range(0, Limbs).Select(static limb =>
                FormattableString.Invariant($", sum(toInt64(one_sign) * toInt64(reinterpretAsUInt32(substring(one_net, {(4 * limb) + 1}, 4))))")));
            const string here = "(block, tx_index, step)", at = "(at_block, at_tx, at_step)";
            const string other = $"if(forward = 1, {here} < {at}, {here} > {at})";
            string touches = $"{_schema.Of("touches")} ALL INNER JOIN {Frontier} USING holder WHERE holder IN (SELECT holder FROM {Frontier}) AND {_state.Visible}";
            return $"""
                SELECT toUInt8(0) AS part, toUInt32(0) AS asked, toUInt64(count()) AS b, toUInt32(0) AS t, toUInt32(0) AS s, toUInt8(0) AS gains, '' AS bytes{none}
                FROM {_schema.Of("journal")} WHERE kind = 8
                UNION ALL
                SELECT if(is_other = 1, toUInt8(2), toUInt8(1)) AS part, request AS asked,
                if(is_other = 1, toUInt64(0), block) AS b, if(is_other = 1, toUInt32(0), tx_index) AS t, if(is_other = 1, toUInt32(0), step) AS s,
                toUInt8(max(one_sign > 0)) AS gains, any(one_body) AS bytes{sums}
                FROM (
                SELECT request, is_other, block, tx_index, step, any(body_here) AS one_body, any(net) AS one_net, any(sign) AS one_sign
                FROM (
                SELECT request, toUInt8({other}) AS is_other, block, tx_index, step, if({other}, '', body) AS body_here, net, sign
                FROM {touches}
                ) GROUP BY request, is_other, block, tx_index, step
                ) GROUP BY part, asked, b, t, s
                UNION ALL
                SELECT toUInt8(3) AS part, toUInt32(0) AS asked, block AS b, tx_index AS t, step AS s, toUInt8(0) AS gains, body AS bytes{none}
                FROM {_schema.Of("movements")}
                WHERE (chain, block, tx_index, step) GLOBAL IN (SELECT chain, block, tx_index, step FROM {touches} AND body = '' AND NOT ({other})) AND {_state.Visible}
                UNION ALL
                SELECT toUInt8(4) AS part, request AS asked, toUInt64(0) AS b, toUInt32(0) AS t, toUInt32(0) AS s, toUInt8(0) AS gains, amount AS bytes{none}
                FROM {_schema.Of("openings")} ALL INNER JOIN {Frontier} USING holder WHERE holder IN (SELECT holder FROM {Frontier}) AND {_state.Visible}
                """;
        }
    }

    /// <summary>Reads one row of the answer.</summary>
    public async ValueTask ReadAsync(RowReader row)
    {
        Part part = (Part)await row.ByteAsync().ConfigureAwait(false);
        int asked = (int)await row.UInt32Async().ConfigureAwait(false);
        Position at = await row.PlaceAsync().ConfigureAwait(false);
        bool gains = await row.ByteAsync().ConfigureAwait(false) != 0;
        byte[] bytes = await row.BlobAsync().ConfigureAwait(false);
        BigInteger net = BigInteger.Zero;
        for (int limb = 0; limb < Limbs; limb++)
        {
            net += (BigInteger)await row.Int64Async().ConfigureAwait(false) << (LimbBits * limb);
        }

        switch (part)
        {
            case Part.Journal:
                Cleaned = at.Block;
                break;
            case Part.Wanted:
                _found[asked].Add(new Found(at, gains, bytes));
                break;
            case Part.Other:
                _others[asked] = new Other(gains, net);
                break;
            case Part.Large:
                Decode(bytes);
                break;
            case Part.Opening:
                _openings[asked] ??= Amount.FromBigEndian(bytes);
                break;
            default:
                throw new InvalidDataException("an answer has a row that was not asked for");
        }
    }

    /// <summary>The answers, when all rows are read.</summary>
    public IReadOnlyList<History> ToHistories()
    {
        History[] histories = new History[_requests.Count];
        for (int i = 0; i < histories.Length; i++)
        {
            histories[i] = ToHistory(i);
        }

        return histories;
    }

    private History ToHistory(int asked)
    {
        HistoryRequest request = _requests[asked];
        List<Found> found = _found[asked];
        found.Sort(static (a, b) => a.At.CompareTo(b.At));
        Movement[] movements = [.. found.Select(row => MovementOf(request.Holder.Chain, row))];
        ChainState chain = _state.Of(request.Holder.Chain);
        Other other = _others[asked] ?? default;
        bool isMadeHere = other.Gains || found.Exists(static row => row.Gains);
        bool isCoin = request.Holder.Chain.Family == ChainFamily.Utxo;
        BigInteger? before = !chain.HasBlocks || chain.First == 0 || (isCoin && isMadeHere) ? BigInteger.Zero : null;
        if (chain.HasBlocks && !isCoin && _openings[asked] is Amount told)
        {
            before = told.ToBigInteger();
        }

        BigInteger wanted = movements.NetOf(request.Holder);
        bool forward = request.Direction == Direction.Forward;
        BigInteger? closing = !chain.HasBlocks ? null
            : forward ? before + other.Net + wanted
            : isCoin ? BigInteger.Zero
            : before;
        return new History(
            request, before + (forward ? other.Net : wanted), movements, CoverageOf(chain, isCoin && !isMadeHere), closing);
    }

    private static Coverage CoverageOf(ChainState chain, bool lacksBeginning)
    {
        if (!chain.HasBlocks)
        {
            return Coverage.OfRecord;
        }

        return lacksBeginning
            ? new Coverage(false, null, FormattableString.Invariant($"the store, which begins with block {chain.First}, does not have what made it"))
            : new Coverage(true, chain.LastTimeSeconds, FormattableString.Invariant($"all of blocks {chain.First} to {chain.Last}"));
    }

    // One movement is in many histories: it is decoded once.
    private Movement MovementOf(ChainId chain, Found row)
    {
        if (_movements.TryGetValue((chain, row.At), out Movement? known))
        {
            return known;
        }

        return row.Body.Length > 0
            ? Decode(row.Body)
            : throw new InvalidDataException($"the movement {row.At} of {chain} is missing");
    }

    private Movement Decode(byte[] bytes)
    {
        Movement movement = MovementBytes.Read(bytes);
        return _movements.TryAdd((movement.Chain, movement.Position), movement) ? movement : _movements[(movement.Chain, movement.Position)];
    }

    private readonly record struct Found(Position At, bool Gains, byte[] Body);

    private readonly record struct Other(bool Gains, BigInteger Net);
}
