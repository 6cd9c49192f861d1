namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>The types of output scripts that wallets and nodes know by their form.</summary>
public enum ScriptKind : byte
{
    /// <summary>None of the others: spendable by whoever satisfies it, or by nobody.</summary>
    NonStandard = 0,

    /// <summary>P2PK: a public key and CHECKSIG. It has no address form.</summary>
    PubKey = 1,

    /// <summary>P2PKH: the hash of a public key (<c>1…</c>).</summary>
    PubKeyHash = 2,

    /// <summary>P2SH: the hash of a script (BIP 16, <c>3…</c>).</summary>
    ScriptHash = 3,

    /// <summary>Bare multisig: m of n public keys. It has no address form.</summary>
    Multisig = 4,

    /// <summary>OP_RETURN and whatever follows: nobody can ever spend it.</summary>
    NullData = 5,

    /// <summary>P2WPKH: witness version 0, 20 bytes (BIP 141, <c>bc1q…</c>).</summary>
    WitnessPubKeyHash = 6,

    /// <summary>P2WSH: witness version 0, 32 bytes (BIP 141, <c>bc1q…</c>).</summary>
    WitnessScriptHash = 7,

    /// <summary>P2TR: witness version 1, 32 bytes (BIP 341, <c>bc1p…</c>).</summary>
    Taproot = 8,

    /// <summary>P2A: witness version 1 and the bytes 4E73, which anyone may spend (<c>bc1pfeessrawgf</c>).</summary>
    Anchor = 9,

    /// <summary>A witness program of a version or length without rules yet. It has an address form (BIP 350).</summary>
    WitnessUnknown = 10,
}
