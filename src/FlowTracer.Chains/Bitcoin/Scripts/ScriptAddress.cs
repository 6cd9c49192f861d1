using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>
/// From scripts to addresses. A script has an address when one text stands for exactly that script: P2PKH, P2SH and
/// witness programs. P2PK and bare multisig have none: Bitcoin Core and Esplora show none for them, and the address
/// some explorers show for a P2PK output is that of another script, which pays to the same key. That one is a different
/// question, <see cref="TryGetKeyAddress"/>, useful to tell that two scripts have one owner.
/// </summary>
public static class ScriptAddress
{
    private const int PubKeyHashStart = 3;
    private const int ScriptHashStart = 2;
    private const int WitnessProgramStart = 2;

    /// <summary>The address that stands for a script; false, and none, when there is no such address.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static bool TryGet(ChainId chain, ReadOnlySpan<byte> script, out Address address)
    {
        switch (ScriptClassifier.Classify(script))
        {
            case ScriptKind.PubKeyHash:
                address = Address.FromPubKeyHash(chain, script.Slice(PubKeyHashStart, Address.HashLength));
                return true;
            case ScriptKind.ScriptHash:
                address = Address.FromScriptHash(chain, script.Slice(ScriptHashStart, Address.HashLength));
                return true;
            case ScriptKind.WitnessPubKeyHash:
            case ScriptKind.WitnessScriptHash:
            case ScriptKind.Taproot:
            case ScriptKind.Anchor:
            case ScriptKind.WitnessUnknown:
                address = Address.FromWitness(
                    chain, ScriptClassifier.WitnessVersion(script), script[WitnessProgramStart..]);
                return true;
            default:
                address = default;
                return false;
        }
    }

    /// <summary>The script that an address stands for: the opposite of <see cref="TryGet"/>.</summary>
    /// <exception cref="ArgumentException">The address is none of Bitcoin's.</exception>
    public static byte[] ScriptOf(Address address)
    {
        byte[] hash = new byte[address.Length];
        address.CopyTo(hash);
        byte length = (byte)hash.Length;
        return address.Kind switch
        {
            AddressKind.PubKeyHash => [Opcode.Dup, Opcode.Hash160, length, .. hash, Opcode.EqualVerify, Opcode.CheckSig],
            AddressKind.ScriptHash => [Opcode.Hash160, length, .. hash, Opcode.Equal],
            AddressKind.Witness => [address.WitnessVersion == 0 ? Opcode.Zero : (byte)(Opcode.One + address.WitnessVersion - 1), length, .. hash],
            _ => throw new ArgumentException("no address of Bitcoin", nameof(address)),
        };
    }

    /// <summary>The P2PKH address of the key in a P2PK script: the same owner, another script. False for
    /// others.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static bool TryGetKeyAddress(ChainId chain, ReadOnlySpan<byte> script, out Address address)
    {
        bool found = ScriptClassifier.TryGetPubKey(script, out ReadOnlySpan<byte> key);
        address = found ? OfKey(chain, key) : default;
        return found;
    }

    /// <summary>The P2PKH address of a public key as it is written, compressed or not: the two differ.</summary>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static Address OfKey(ChainId chain, ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[Hash160.ByteLength];
        Hash160.Of(key, hash);
        return Address.FromPubKeyHash(chain, hash);
    }
}
