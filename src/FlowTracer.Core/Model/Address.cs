using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace FlowTracer.Core.Model;

/// <summary>What the bytes of an address are.</summary>
public enum AddressKind : byte
{
    /// <summary>20 bytes: an account or contract of an account chain.</summary>
    Account = 1,

    /// <summary>20 bytes: the hash of a public key (Bitcoin, <c>1…</c>).</summary>
    PubKeyHash = 2,

    /// <summary>20 bytes: the hash of a script (Bitcoin, <c>3…</c>).</summary>
    ScriptHash = 3,

    /// <summary>A version and a program of 2 to 40 bytes (BIP 141; Bitcoin, <c>bc1…</c>).</summary>
    Witness = 4,
}

/// <summary>
/// An address on a chain, valid by construction, with its bytes held inline. Two texts of one address are one value:
/// what is compared are chain, kind and bytes. Text rules: EIP-55 on account chains; Base58Check, BIP 173 and BIP 350
/// on Bitcoin.
/// </summary>
public readonly partial struct Address : IEquatable<Address>, IComparable<Address>
{
    /// <summary>The longest witness program (BIP 141).</summary>
    public const int MaxLength = 40;

    /// <summary>How many bytes every address has that is not a witness program.</summary>
    public const int HashLength = 20;

    /// <summary>The highest witness version (BIP 141).</summary>
    public const int MaxWitnessVersion = 16;

    private const int MinProgramLength = 2;
    private const int ScriptProgramLength = 32;

    private readonly Payload _payload;
    private readonly byte _length;
    private readonly byte _witnessVersion;

    private Address(ChainId chain, AddressKind kind, ReadOnlySpan<byte> payload, int witnessVersion = 0)
    {
        Chain = chain;
        Kind = kind;
        _witnessVersion = (byte)witnessVersion;
        _length = (byte)payload.Length;
        payload.CopyTo(_payload);
    }

    /// <summary>True for the default value, which is no address.</summary>
    public bool IsNone => Kind == default;

    /// <summary>Where the address is.</summary>
    public ChainId Chain { get; }

    /// <summary>What its bytes are.</summary>
    public AddressKind Kind { get; }

    /// <summary>How many bytes <see cref="CopyTo"/> writes.</summary>
    public int Length => _length;

    /// <summary>0 to 16.</summary>
    /// <exception cref="InvalidOperationException">It is not of kind <see cref="AddressKind.Witness"/>.</exception>
    public int WitnessVersion => Kind == AddressKind.Witness
        ? _witnessVersion
        : throw new InvalidOperationException($"An address of kind {Kind} has no witness version.");

    public static bool operator ==(Address left, Address right) => left.Equals(right);

    public static bool operator !=(Address left, Address right) => !left.Equals(right);

    /// <summary>An account or contract, from its 20 bytes.</summary>
    /// <exception cref="ArgumentException">The chain has no accounts, or there are not 20 bytes.</exception>
    public static Address FromAccountBytes(ChainId chain, ReadOnlySpan<byte> bytes20) =>
        FromHash(chain, ChainFamily.Account, AddressKind.Account, bytes20);

    /// <summary>A Bitcoin address that pays to the hash of a public key.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's, or there are not 20 bytes.</exception>
    public static Address FromPubKeyHash(ChainId chain, ReadOnlySpan<byte> bytes20) =>
        FromHash(chain, ChainFamily.Utxo, AddressKind.PubKeyHash, bytes20);

    /// <summary>A Bitcoin address that pays to the hash of a script.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's, or there are not 20 bytes.</exception>
    public static Address FromScriptHash(ChainId chain, ReadOnlySpan<byte> bytes20) =>
        FromHash(chain, ChainFamily.Utxo, AddressKind.ScriptHash, bytes20);

    /// <summary>A witness program: version 0 to 16; 2 to 40 bytes, in version 0 only 20 or 32 (BIP 141).</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's, or that rule is broken.</exception>
    public static Address FromWitness(ChainId chain, int version, ReadOnlySpan<byte> program)
    {
        RequireFamily(chain, ChainFamily.Utxo);
        return FindProgramFault(version, program.Length) is { } fault
            ? throw new ArgumentException(fault, nameof(program))
            : new Address(chain, AddressKind.Witness, program, version);
    }

    /// <summary>Writes the bytes: the account, the hash, or the witness program without its version.</summary>
    /// <exception cref="ArgumentException">There is room for fewer than <see cref="Length"/>.</exception>
    public void CopyTo(Span<byte> destination) => Bytes(in _payload, _length).CopyTo(destination);

    /// <summary>By chain, kind, witness version, length and bytes.</summary>
    public int CompareTo(Address other)
    {
        int order = Chain.CompareTo(other.Chain);
        if (order != 0)
        {
            return order;
        }

        if (Kind != other.Kind)
        {
            return Kind.CompareTo(other.Kind);
        }

        if (_witnessVersion != other._witnessVersion)
        {
            return _witnessVersion.CompareTo(other._witnessVersion);
        }

        return _length != other._length
            ? _length.CompareTo(other._length)
            : Bytes(in _payload, _length).SequenceCompareTo(Bytes(in other._payload, other._length));
    }

    public bool Equals(Address other) =>
        Kind == other.Kind
        && _length == other._length
        && _witnessVersion == other._witnessVersion
        && Chain == other.Chain
        && Bytes(in _payload, _length).SequenceEqual(Bytes(in other._payload, other._length));

    public override bool Equals(object? obj) => obj is Address other && Equals(other);

    // Over all bytes: vanity and precompile addresses differ in few places. The same in every run, unlike HashCode.
    public override int GetHashCode()
    {
        unchecked
        {
            const ulong oddMultiplier = 0x9E3779B97F4A7C15; // 2^64 divided by the golden ratio
            ulong hash = _witnessVersion ^ ((ulong)_length << 8) ^ ((ulong)Kind << 16) ^ (Chain.Network << 24);
            ReadOnlySpan<byte> bytes = _payload;
            for (int i = 0; i < _length; i += sizeof(ulong))
            {
                // The bytes behind the address are zero, and MaxLength is a multiple of eight.
                ulong word = BinaryPrimitives.ReadUInt64LittleEndian(bytes[i..]);
                hash = BitOperations.RotateLeft(hash ^ word, 29) * oddMultiplier;
            }

            return (int)(hash >> 32);
        }
    }

    private static Address FromHash(ChainId chain, ChainFamily family, AddressKind kind, ReadOnlySpan<byte> bytes20)
    {
        RequireFamily(chain, family);
        return bytes20.Length == HashLength
            ? new Address(chain, kind, bytes20)
            : throw new ArgumentException(
                $"An address of kind {kind} has {HashLength} bytes, not {bytes20.Length}.", nameof(bytes20));
    }

    private static void RequireFamily(ChainId chain, ChainFamily family)
    {
        if (chain.Family != family)
        {
            throw new ArgumentException($"The chain {chain} has no addresses of this kind.", nameof(chain));
        }
    }

    private static string? FindProgramFault(int version, int length)
    {
        if (version is < 0 or > MaxWitnessVersion)
        {
            return $"a witness version is 0 to {MaxWitnessVersion}, not {version}";
        }

        if (length is < MinProgramLength or > MaxLength)
        {
            return $"a witness program has {MinProgramLength} to {MaxLength} bytes, not {length}";
        }

        return version == 0 && length is not (HashLength or ScriptProgramLength)
            ? $"a witness program of version 0 has {HashLength} or {ScriptProgramLength} bytes, not {length}"
            : null;
    }

    private static ReadOnlySpan<byte> Bytes(ref readonly Payload payload, int length) =>
        ((ReadOnlySpan<byte>)payload)[..length];

    [InlineArray(MaxLength)]
    private struct Payload
    {
        private byte _first;
    }
}
