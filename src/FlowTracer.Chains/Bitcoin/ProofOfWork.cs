using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// The target a block's hash must not exceed. Its compact form is a floating number: the first byte counts bytes, the
/// other three are the leading ones, of which the top bit is a sign: mantissa · 256^(exponent - 3).
/// </summary>
public static class ProofOfWork
{
    private const uint SignBit = 0x00800000;
    private const uint MantissaMask = 0x007FFFFF;
    private const int ExponentShift = 24;
    private const int MantissaBytes = 3;

    /// <summary>The number a compact form stands for.</summary>
    /// <returns>False when it is negative, zero, or over 2^256-1: no block may state such a target.</returns>
    public static bool TryGetTarget(uint bits, out Hash256 target)
    {
        target = default;
        uint mantissa = bits & MantissaMask;
        int exponent = (int)(bits >> ExponentShift);
        if ((bits & SignBit) != 0)
        {
            return false;
        }

        // Least significant byte first, as the hash is stored.
        Span<byte> bytes = stackalloc byte[Hash256.ByteLength];
        bytes.Clear();
        for (int i = 0; i < MantissaBytes; i++)
        {
            byte part = (byte)((mantissa >> (8 * i)) & byte.MaxValue);
            int at = exponent - MantissaBytes + i;
            if (part != 0 && at >= Hash256.ByteLength)
            {
                return false;
            }

            if (at is >= 0 and < Hash256.ByteLength)
            {
                bytes[at] = part;
            }
        }

        target = new Hash256(bytes);
        return !target.IsZero;
    }

    /// <summary>Whether a hash meets the target, and the target is not easier than the chain's easiest.</summary>
    /// <remarks>
    /// Whether it is the target that the retarget rule asks for at that height needs the headers before it. A block of
    /// the test network with signatures (BIP 325) must also be signed, which is not looked at.
    /// </remarks>
    /// <exception cref="ArgumentException">The chain is not Bitcoin's.</exception>
    public static bool Holds(Hash256 hash, uint bits, ChainId chain)
    {
        bool known = TryGetTarget(EasiestBits(chain), out Hash256 easiest);
        Invariant.Check(known, $"the easiest target of {chain} is no target");
        return TryGetTarget(bits, out Hash256 target)
            && target.CompareTo(easiest) <= 0
            && hash.CompareTo(target) <= 0;
    }

    private static uint EasiestBits(ChainId chain)
    {
        if (chain == ChainId.Bitcoin || chain == ChainId.BitcoinTestnet)
        {
            return 0x1D00FFFF;
        }

        if (chain == ChainId.BitcoinSignet)
        {
            return 0x1E0377AE;
        }

        return chain == ChainId.BitcoinRegtest
            ? 0x207FFFFFu
            : throw new ArgumentException($"The chain {chain} has no such proof of work.", nameof(chain));
    }
}
