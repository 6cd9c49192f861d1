namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>Tells the type of an output script by its bytes, as Bitcoin Core's solver does.</summary>
/// <remarks>
/// One difference: every script that begins with OP_RETURN is <see cref="ScriptKind.NullData"/>, also when what follows
/// is no well-formed push; no such output can be spent, which is what matters here.
/// </remarks>
public static class ScriptClassifier
{
    private const int PubKeyHashLength = 25;
    private const int ScriptHashLength = 23;
    private const int CompressedKeyLength = 33;
    private const int UncompressedKeyLength = 65;
    private const int MinWitnessLength = 4;
    private const int MaxWitnessLength = 42;

    private static ReadOnlySpan<byte> AnchorScript => [Opcode.One, 2, 0x4E, 0x73];

    /// <summary>The type of a script; never fails.</summary>
    public static ScriptKind Classify(ReadOnlySpan<byte> script)
    {
        if (script.IsEmpty)
        {
            return ScriptKind.NonStandard;
        }

        if (IsPubKeyHash(script))
        {
            return ScriptKind.PubKeyHash;
        }

        if (IsScriptHash(script))
        {
            return ScriptKind.ScriptHash;
        }

        if (IsWitnessProgram(script))
        {
            return ClassifyWitness(script);
        }

        if (script[0] == Opcode.Return)
        {
            return ScriptKind.NullData;
        }

        if (TryGetPubKey(script, out _))
        {
            return ScriptKind.PubKey;
        }

        return MultisigScript.TryRead(script, out _) ? ScriptKind.Multisig : ScriptKind.NonStandard;
    }

    /// <summary>Whether nobody can ever spend such an output: OP_RETURN first, or over 10,000 bytes.</summary>
    public static bool IsUnspendable(ReadOnlySpan<byte> script)
    {
        const int maxScriptLength = 10_000;
        return script.Length > maxScriptLength || (!script.IsEmpty && script[0] == Opcode.Return);
    }

    /// <summary>The public key of a P2PK script, 33 or 65 bytes.</summary>
    public static bool TryGetPubKey(ReadOnlySpan<byte> script, out ReadOnlySpan<byte> key)
    {
        // push of the key, the key, CHECKSIG
        key = script.Length is CompressedKeyLength + 2 or UncompressedKeyLength + 2
            && script[0] == script.Length - 2
            && script[^1] == Opcode.CheckSig
            ? script[1..^1]
            : default;
        return IsPubKey(key);
    }

    /// <summary>Whether bytes have the form of a public key: length and first byte agree (SEC 1, and hybrid
    /// keys).</summary>
    internal static bool IsPubKey(ReadOnlySpan<byte> key) => key.Length switch
    {
        CompressedKeyLength => key[0] is 2 or 3,
        UncompressedKeyLength => key[0] is 4 or 6 or 7,
        _ => false,
    };

    /// <summary>The version of a script that <see cref="Classify"/> found to be a witness program.</summary>
    internal static int WitnessVersion(ReadOnlySpan<byte> script) =>
        script[0] == Opcode.Zero ? 0 : script[0] - Opcode.One + 1;

    private static bool IsPubKeyHash(ReadOnlySpan<byte> script) =>
        script.Length == PubKeyHashLength
        && script[0] == Opcode.Dup
        && script[1] == Opcode.Hash160
        && script[2] == Opcode.Push20
        && script[^2] == Opcode.EqualVerify
        && script[^1] == Opcode.CheckSig;

    private static bool IsScriptHash(ReadOnlySpan<byte> script) =>
        script.Length == ScriptHashLength
        && script[0] == Opcode.Hash160
        && script[1] == Opcode.Push20
        && script[^1] == Opcode.Equal;

    // BIP 141: a version from 0 to 16, and one push of 2 to 40 bytes.
    private static bool IsWitnessProgram(ReadOnlySpan<byte> script) =>
        script.Length is >= MinWitnessLength and <= MaxWitnessLength
        && script[0] is Opcode.Zero or (>= Opcode.One and <= Opcode.Sixteen)
        && script[1] == script.Length - 2;

    private static ScriptKind ClassifyWitness(ReadOnlySpan<byte> script)
    {
        int programLength = script[1];
        if (script[0] == Opcode.Zero)
        {
            return programLength switch
            {
                Opcode.Push20 => ScriptKind.WitnessPubKeyHash,
                Opcode.Push32 => ScriptKind.WitnessScriptHash,
                _ => ScriptKind.NonStandard,
            };
        }

        if (script[0] == Opcode.One && programLength == Opcode.Push32)
        {
            return ScriptKind.Taproot;
        }

        return script.SequenceEqual(AnchorScript) ? ScriptKind.Anchor : ScriptKind.WitnessUnknown;
    }
}
