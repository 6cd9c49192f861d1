using System.Collections.Frozen;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>A block's hash, computed from its header: who has the hash can check every field of the header.</summary>
public static class HeaderHash
{
    private const int BloomLength = 256;
    private const int NonceLength = 8;

    private enum FieldKind
    {
        Word,
        Address,
        Bloom,
        Nonce,
        Number,
        Bytes,
    }

    // In the order in which they are hashed (Yellow Paper, section 4.3).
    private static readonly (string Name, FieldKind Kind)[] FirstFields =
    [
        ("parentHash", FieldKind.Word),
        ("sha3Uncles", FieldKind.Word),
        ("miner", FieldKind.Address),
        ("stateRoot", FieldKind.Word),
        ("transactionsRoot", FieldKind.Word),
        ("receiptsRoot", FieldKind.Word),
        ("logsBloom", FieldKind.Bloom),
        ("difficulty", FieldKind.Number),
        ("number", FieldKind.Number),
        ("gasLimit", FieldKind.Number),
        ("gasUsed", FieldKind.Number),
        ("timestamp", FieldKind.Number),
        ("extraData", FieldKind.Bytes),
        ("mixHash", FieldKind.Word),
        ("nonce", FieldKind.Nonce),
    ];

    // What later forks appended, each behind those before it.
    private static readonly (string Name, FieldKind Kind)[] LaterFields =
    [
        ("baseFeePerGas", FieldKind.Number), // London, EIP-1559
        ("withdrawalsRoot", FieldKind.Word), // Shanghai, EIP-4895
        ("blobGasUsed", FieldKind.Number), // Cancun, EIP-4844
        ("excessBlobGas", FieldKind.Number), // Cancun, EIP-4844
        ("parentBeaconBlockRoot", FieldKind.Word), // Cancun, EIP-4788
        ("requestsHash", FieldKind.Word), // Prague, EIP-7685
    ];

    private static readonly FrozenSet<string> Known = new[]
        {
            // What nodes say of a block beside its header.
            "hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals", "author",
        }
        .Concat(FirstFields.Select(static field => field.Name))
        .Concat(LaterFields.Select(static field => field.Name))
        .ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The Keccak-256 of a header's RLP.</summary>
    /// <param name="header">A block as nodes answer it, with or without its transactions.</param>
    /// <param name="hash">Its hash, when it could be computed.</param>
    /// <returns>
    /// False when the block has a field not known here, or lacks one that all headers have or that the fields of later
    /// forks stand behind: a header of another kind, or of a fork to come, whose hash cannot be checked.
    /// </returns>
    /// <exception cref="AnswerFormatException">A field of the header is not what it should be.</exception>
    public static bool TryCompute(JsonElement header, out Word hash)
    {
        hash = default;
        AnswerReader reader = new(header);
        if (!AllKnown(reader))
        {
            return false;
        }

        List<byte> items = new(1024);
        if (!FirstFields.All(field => TryWrite(reader, field, items)))
        {
            return false;
        }

        int present = LaterFields.TakeWhile(field => TryWrite(reader, field, items)).Count();
        if (LaterFields.Skip(present).Any(field => reader.Find(field.Name) is not null))
        {
            return false;
        }

        hash = Word.FromBytes(Keccak256.Hash(Rlp.List(items)));
        return true;
    }

    // A field without a value says nothing, whatever it is called.
    private static bool AllKnown(AnswerReader header)
    {
        if (header.Element.ValueKind != JsonValueKind.Object)
        {
            throw header.Fault("is not a block");
        }

        try
        {
            return header.Element.EnumerateObject()
                .All(static field => field.Value.ValueKind == JsonValueKind.Null || Known.Contains(field.Name));
        }
        catch (InvalidOperationException)
        {
            throw header.Fault("has a field whose name is not text");
        }
    }

    private static bool TryWrite(AnswerReader header, (string Name, FieldKind Kind) field, List<byte> items)
    {
        if (header.Find(field.Name) is not AnswerReader value)
        {
            return false;
        }

        if (field.Kind == FieldKind.Number)
        {
            Rlp.WriteNumber(items, value.Quantity());
            return true;
        }

        Rlp.WriteBytes(items, field.Kind switch
        {
            FieldKind.Word => value.Data(Word.ByteLength),
            FieldKind.Address => value.Data(Address.HashLength),
            FieldKind.Bloom => value.Data(BloomLength),
            FieldKind.Nonce => value.Data(NonceLength),
            _ => value.Data(),
        });
        return true;
    }
}
