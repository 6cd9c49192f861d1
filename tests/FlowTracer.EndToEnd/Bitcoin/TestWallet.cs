using System.Security.Cryptography;
using System.Text;
using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Model;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>How an owner's script is locked.</summary>
internal enum WalletKind
{
    /// <summary>P2WSH: the proof stands in the witness.</summary>
    WitnessScriptHash,

    /// <summary>P2SH: the proof stands in the input's script.</summary>
    ScriptHash,

    /// <summary>P2WSH inside P2SH: some of it stands in either.</summary>
    NestedWitness,
}

/// <summary>
/// An owner with an address of its own whose coins need no signature: what unlocks them is a script that pushes the
/// owner's name and comes out true. The same name has the same address on every chain of every test.
/// </summary>
internal sealed record TestWallet(string Name, WalletKind Kind = WalletKind.WitnessScriptHash)
{
    private const byte Drop = 0x75;
    private const byte True = 0x51;
    private const byte Hash160 = 0xA9;
    private const byte Equal = 0x87;

    /// <summary>The script that locks its coins.</summary>
    public byte[] Script => Kind switch
    {
        WalletKind.WitnessScriptHash => Program,
        WalletKind.ScriptHash => Hashed(Redeem),
        _ => Hashed(Program),
    };

    /// <summary>Its address.</summary>
    public string Address => ScriptAddress.TryGet(ChainId.BitcoinRegtest, Script, out Address address)
        ? address.ToString()
        : throw new InvalidOperationException(Name);

    /// <summary>The input's script that spends a coin of it.</summary>
    public byte[] ScriptSig => Kind switch
    {
        WalletKind.WitnessScriptHash => [],
        WalletKind.ScriptHash => Push(Redeem),
        _ => Push(Program),
    };

    /// <summary>The input's witness that spends a coin of it.</summary>
    public IReadOnlyList<byte[]> Witness => Kind == WalletKind.ScriptHash ? [] : [Redeem];

    private byte[] Redeem => [.. Push(Encoding.UTF8.GetBytes(Name)), Drop, True];

    private byte[] Program => [0, 32, .. SHA256.HashData(Redeem)];

    private static byte[] Hashed(byte[] script)
    {
        Span<byte> hash = stackalloc byte[Chains.Bitcoin.Scripts.Hash160.ByteLength];
        Chains.Bitcoin.Scripts.Hash160.Of(script, hash);
        return [Hash160, 20, .. hash, Equal];
    }

    private static byte[] Push(byte[] data) => data.Length is > 1 and <= 75
        ? [(byte)data.Length, .. data]
        : throw new ArgumentException($"A push has 2 to 75 bytes here, not {data.Length}.");
}
