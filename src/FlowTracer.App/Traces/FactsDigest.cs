using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>
/// What a trace rests on, as SHA-256 over lines of text (docs/sources.md). It depends on the facts the trace used, and not on who
/// told them, how they were found, or what else was asked for.
/// </summary>
internal sealed class FactsDigest : IDisposable
{
    private const int FlushAt = 1 << 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly StringBuilder _text = new(FlushAt + (FlushAt / 4));

    private FactsDigest()
    {
    }

    /// <summary>The digest of a trace's facts, in lower-case hexadecimal.</summary>
    public static string Of(Trace trace)
    {
        using FactsDigest digest = new();
        foreach (Movement start in trace.Question.Seeds.OfType<TransferSeed>().Select(static seed => seed.Movement)
            .DistinctBy(static movement => (movement.Chain, movement.Position)).OrderBy(static movement => movement.Position))
        {
            digest.Line(start);
        }

        foreach (History history in trace.Facts.OrderBy(static history => history.Request.Holder))
        {
            digest.Lines(history);
        }

        digest.Flush();
        return Convert.ToHexStringLower(digest._hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void Lines(History history)
    {
        (Holder holder, Position at, Direction direction) = history.Request;
        _text.Append("holder ");
        Holder(holder);
        _text.Append(
            CultureInfo.InvariantCulture,
            $" {at.Block} {at.TxIndex} {at.Step} {(direction == Direction.Forward ? "forward" : "backward")} {history.Opening} {history.Closing} {(history.Coverage.IsComplete ? "complete" : "partial")} {history.Coverage.UpToTimeSeconds}\n");
        foreach (Movement movement in history.Movements)
        {
            if (!direction.IsBefore(movement.Position, at))
            {
                Line(movement);
            }
        }
    }

    private void Line(Movement movement)
    {
        Position at = movement.Position;
        _text.Append(
            CultureInfo.InvariantCulture,
            $"movement {at.Block} {at.TxIndex} {at.Step} {movement.Stamp.TimeSeconds} {movement.Kind} {movement.Grade} ");
        if (movement.Tx is TxHash tx)
        {
            Hash(tx);
        }
        else
        {
            _text.Append('-');
        }

        foreach (Leg leg in movement.Inputs)
        {
            Leg(leg, '-');
        }

        foreach (Leg leg in movement.Outputs)
        {
            Leg(leg, '+');
        }

        _text.Append('\n');
        if (_text.Length >= FlushAt)
        {
            Flush();
        }
    }

    private void Leg(Leg leg, char sign)
    {
        _text.Append(CultureInfo.InvariantCulture, $" {sign}{leg.Amount} ");
        Holder(leg.Holder);
    }

    private void Holder(Holder holder)
    {
        _text.Append(holder.Chain.ToString()).Append(' ');
        Address(holder.Address);
        if (holder.Chain.Family == ChainFamily.Utxo)
        {
            _text.Append(' ');
            Hash(holder.Coin.Tx);
            _text.Append(CultureInfo.InvariantCulture, $" {holder.Coin.Index}");
        }
        else
        {
            _text.Append(' ');
            Address(holder.Asset.Contract);
        }
    }

    private void Hash(TxHash hash)
    {
        Span<byte> bytes = stackalloc byte[TxHash.ByteLength];
        hash.CopyTo(bytes);
        _text.Append(Convert.ToHexStringLower(bytes));
    }

    // Its kind and its bytes: the text of an address costs a hash or two.
    private void Address(Address address)
    {
        if (address.IsNone)
        {
            _text.Append('-');
            return;
        }

        Span<byte> bytes = stackalloc byte[address.Length];
        address.CopyTo(bytes);
        _text.Append(CultureInfo.InvariantCulture, $"{(int)address.Kind}");
        if (address.Kind == AddressKind.Witness)
        {
            _text.Append(CultureInfo.InvariantCulture, $".{address.WitnessVersion}");
        }

        _text.Append(':').Append(Convert.ToHexStringLower(bytes));
    }

    private void Flush()
    {
        _hash.AppendData(Encoding.ASCII.GetBytes(_text.ToString()));

        _text.Clear();
    }
}
