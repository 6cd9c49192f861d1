namespace FlowTracer.Chains.Bitcoin.Scripts;

/// <summary>The script operations that the known script types are made of.</summary>
internal static class Opcode
{
    /// <summary>Pushes an empty item: the number 0, and witness version 0.</summary>
    public const byte Zero = 0x00;

    /// <summary>Pushes 20 bytes, as every number from 1 to 75 pushes as many.</summary>
    public const byte Push20 = 20;

    /// <summary>Pushes 32 bytes.</summary>
    public const byte Push32 = 32;

    /// <summary>Pushes the number 1; the numbers up to 16 follow.</summary>
    public const byte One = 0x51;

    /// <summary>Pushes the number 16.</summary>
    public const byte Sixteen = 0x60;

    public const byte Return = 0x6A;
    public const byte Dup = 0x76;
    public const byte Equal = 0x87;
    public const byte EqualVerify = 0x88;
    public const byte Hash160 = 0xA9;
    public const byte CheckSig = 0xAC;
    public const byte CheckMultisig = 0xAE;
}
