using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Store.ClickHouse;

/// <summary>A movement with its bytes and the digest of its facts.</summary>
internal sealed record StoredMovement(Movement Movement, byte[] Body, byte[] Facts)
{
    // A movement is written with each of its holders, so that their histories are one range; a larger one would grow with the
    // square of its legs.
    private const int MostBesideHolder = 1024;

    /// <summary>What stands with each holder: the body, or nothing.</summary>
    public byte[] BesideHolder => Body.Length <= MostBesideHolder ? Body : [];

    /// <summary>The first eight bytes of the digest.</summary>
    public ulong Mark => MarkOf(Facts);

    public static ulong MarkOf(byte[] facts) => BinaryPrimitives.ReadUInt64LittleEndian(facts);

    public static StoredMovement Of(Movement movement)
    {
        ArrayBufferWriter<byte> bytes = new();
        int facts = MovementBytes.Write(movement, bytes);
        return new StoredMovement(movement, bytes.WrittenSpan.ToArray(), SHA256.HashData(bytes.WrittenSpan[..facts]));
    }

    /// <summary>The holders it touches, its fee's too, each once.</summary>
    public IEnumerable<Holder> Holders
    {
        get
        {
            HashSet<Holder> holders = [];
            foreach (Leg leg in Movement.Inputs.Concat(Movement.Outputs))
            {
                holders.Add(leg.Holder);
            }

            if (Movement.Fee is Leg fee)
            {
                holders.Add(fee.Holder);
            }

            return holders;
        }
    }
}

/// <summary>A load's rows, as the tables of <see cref="Schema"/> have them.</summary>
internal sealed class LoadRows
{
    private LoadRows(FlowLoad load, IReadOnlyList<StoredMovement> movements, byte[] digest) =>
        (Load, Movements, Digest) = (load, movements, digest);

    public FlowLoad Load { get; }

    public IReadOnlyList<StoredMovement> Movements { get; }

    /// <summary>SHA-256 over all of the load.</summary>
    public byte[] Digest { get; }

    /// <exception cref="ArgumentException">It breaks a rule of <see cref="FlowLoad"/>.</exception>
    public static LoadRows Of(FlowLoad load)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, $"{load.Chain}\n{load.Origin.Source}\n{load.Origin.Answer}\n{load.HasMore}\n");
        foreach (FlowBlock block in load.Blocks)
        {
            AppendText(hash, FormattableString.Invariant($"{block.Number} {block.Hash} {block.Parent} {block.TimeSeconds} {block.Answer}\n"));
        }

        List<StoredMovement> movements = new(load.Movements.Count);
        Position before = Position.Start;
        foreach (Movement movement in load.Movements)
        {
            RefuseMisplaced(load, movement, before);
            before = movement.Position;
            StoredMovement stored = StoredMovement.Of(movement);
            hash.AppendData(SHA256.HashData(stored.Body));
            movements.Add(stored);
        }

        foreach (FlowOpening opening in load.Openings)
        {
            AppendText(hash, $"{opening.Holder} {opening.Amount}\n");
        }

        return new LoadRows(load, movements, hash.GetHashAndReset());
    }

    public static void WriteMovement(ByteSink sink, StoredMovement stored, string chain, ulong load)
    {
        sink.Text(chain);
        sink.Place(stored.Movement.Position);
        sink.UInt64(load);
        sink.Bytes(stored.Facts);
        sink.Blob(stored.Body);
    }

    public static void WriteTransaction(ByteSink sink, Movement movement, string chain, ulong load)
    {
        sink.Hash(movement.Tx!.Value);
        sink.Text(chain);
        sink.Place(movement.Position);
        sink.UInt64(load);
    }

    public static void WriteTouch(ByteSink sink, Holder holder, StoredMovement stored, string chain, ulong load)
    {
        sink.Blob(HolderKey.Of(holder));
        sink.Text(chain);
        sink.Place(stored.Movement.Position);
        sink.UInt64(load);
        BigInteger net = stored.Movement.NetOf(holder);
        sink.Byte(unchecked((byte)(sbyte)net.Sign));
        sink.Bytes(NetBytes(net));
        sink.Blob(stored.BesideHolder);
    }

    /// <summary>A net without its sign, as ClickHouse's hex shows its column.</summary>
    public static string NetHex(BigInteger net) => Convert.ToHexString(NetBytes(net));

    // The lowest byte first, so that four of them are a number to ClickHouse.
    private static byte[] NetBytes(BigInteger net)
    {
        byte[] bytes = new byte[Amount.ByteLength];
        Amount.FromBigInteger(BigInteger.Abs(net)).WriteBigEndian(bytes);
        Array.Reverse(bytes);
        return bytes;
    }

    public static void WriteBlock(ByteSink sink, FlowBlock block, string chain, ulong load)
    {
        sink.Text(chain);
        sink.UInt64(block.Number);
        sink.UInt64(load);
        sink.Hash(block.Hash);
        sink.Hash(block.Parent);
        sink.Int64(block.TimeSeconds);
        sink.Text(block.Answer);
    }

    // An opening is before every block, so it goes when all blocks go.
    public static void WriteOpening(ByteSink sink, FlowOpening opening, string chain, ulong load)
    {
        sink.Blob(HolderKey.Of(opening.Holder));
        sink.Text(chain);
        sink.UInt64(0);
        sink.UInt64(load);
        Span<byte> bytes = stackalloc byte[Amount.ByteLength];
        opening.Amount.WriteBigEndian(bytes);
        sink.Blob(bytes);
    }

    private static void RefuseMisplaced(FlowLoad load, Movement movement, Position before)
    {
        bool isInBlocks = load.Blocks.IsEmpty
            || (movement.Position.Block >= load.Blocks[0].Number && movement.Position.Block <= load.Blocks[^1].Number);
        if (movement.Chain != load.Chain || movement.Position.CompareTo(before) <= 0 || !isInBlocks)
        {
            throw new ArgumentException(
                $"the movement at {movement.Position} of {movement.Chain} is out of the order, the blocks or the chain of its load", nameof(load));
        }
    }

    private static void AppendText(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
}
