using System.Globalization;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// Bytes that are not what they are said to be: a block, a transaction, a header. This is what the decoders throw on
/// bad input, and the only thing; whoever knows the file or the node adds its name.
/// </summary>
public sealed class BitcoinFormatException : Exception
{
    /// <summary>A fault at a place.</summary>
    /// <param name="offset">Where in the bytes, or the characters of hexadecimal text, counted from 0.</param>
    /// <param name="reason">What is wrong there, for a person.</param>
    public BitcoinFormatException(long offset, string reason)
        : base(string.Create(CultureInfo.InvariantCulture, $"at byte {offset}: {reason}")) =>
        (Offset, Reason) = (offset, reason);

    /// <summary>Where in the bytes, counted from 0.</summary>
    public long Offset { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }
}
