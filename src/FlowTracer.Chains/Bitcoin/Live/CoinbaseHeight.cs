using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>The height that a block states in its coinbase (BIP 34).</summary>
internal static class CoinbaseHeight
{
    private const int FirstVersion = 2;
    private const byte SmallestNumber = 0x51;
    private const byte LargestNumber = 0x60;
    private const int MostBytes = 4;
    private const byte SignBit = 0x80;
    private const int MostBlocks = 1_000_000_000; // twenty thousand years of them

    /// <summary>
    /// From which height on every block states its own. On the main chain block 227,835 was the last of version 1 (BIP
    /// 34); the older test network began with 21,111, the other networks with their first block.
    /// </summary>
    public static int FirstOn(ChainId chain)
    {
        if (chain == ChainId.Bitcoin)
        {
            return 227_836;
        }

        return chain == ChainId.BitcoinTestnet ? 21_111 : 1;
    }

    /// <summary>
    /// The height; null where the block states none: its version is 1 (what its coinbase begins with is then anything),
    /// or its coinbase does not begin with a number in its shortest form: one of the opcodes for 1 to 16, or a push of
    /// bytes, little-endian, whose top bit is a sign.
    /// </summary>
    public static int? Of(Block block)
    {
        TxInputs inputs = block[0].Inputs;
        bool hasInput = inputs.MoveNext();
        ReadOnlySpan<byte> script = inputs.Current.Script;
        if (!hasInput || block.Header.Version < FirstVersion || script.IsEmpty)
        {
            return null;
        }

        int length = script[0];
        if (length is >= SmallestNumber and <= LargestNumber)
        {
            return length - SmallestNumber + 1;
        }

        return length is >= 1 and <= MostBytes && length < script.Length ? NumberIn(script.Slice(1, length)) : null;
    }

    private static int? NumberIn(ReadOnlySpan<byte> bytes)
    {
        byte last = bytes[^1];
        bool isNegative = (last & SignBit) != 0;
        bool isShortest = last != 0 || (bytes.Length > 1 && (bytes[^2] & SignBit) != 0);
        if (isNegative || !isShortest)
        {
            return null;
        }

        int number = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
        {
            number = (number << 8) | bytes[i];
        }

        return number <= MostBlocks ? number : null;
    }
}
