using System.Globalization;
using System.Numerics;
using System.Text;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>
/// Encodes arguments as the contract ABI specification says, for the types the tests' contracts have: <c>address</c> and
/// <c>bytes32</c> (hexadecimal text), <c>uintN</c> (<see cref="BigInteger"/> or <see cref="int"/>), <c>bool</c>,
/// <c>bytes</c>, <c>string</c>, arrays, and tuples (as <c>object[]</c>).
/// </summary>
internal static class Abi
{
    private const int WordBytes = 32;

    /// <summary>The encoding of <paramref name="values"/> under a signature such as <c>pay(address,uint256)</c>.</summary>
    public static byte[] Encode(string signature, IReadOnlyList<object> values)
    {
        string[] types = Split(signature[(signature.IndexOf('(', StringComparison.Ordinal) + 1)..^1]);
        return types.Length == values.Count
            ? Sequence(types, values)
            : throw new ArgumentException($"{signature} takes {types.Length} arguments, not {values.Count}.");
    }

    /// <summary>The bytes of hexadecimal text with <c>0x</c>.</summary>
    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.AsSpan(2));

    /// <summary>Hexadecimal text with <c>0x</c>.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>A number as one word, big-endian.</summary>
    public static byte[] Word(BigInteger number)
    {
        byte[] word = new byte[WordBytes];
        byte[] digits = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(word, WordBytes - digits.Length);
        return word;
    }

    private static byte[] Sequence(string[] types, IReadOnlyList<object> values)
    {
        List<byte[]> heads = [];
        List<byte[]> tails = [];
        for (int i = 0; i < types.Length; i++)
        {
            byte[] encoded = One(types[i], values[i]);
            bool dynamic = IsDynamic(types[i]);
            heads.Add(dynamic ? [] : encoded);
            tails.Add(dynamic ? encoded : []);
        }

        // A dynamic value stands behind all heads; its own head is its distance from the first one.
        int offset = heads.Sum(head => head.Length) + (WordBytes * types.Count(IsDynamic));
        for (int i = 0; i < types.Length; i++)
        {
            if (IsDynamic(types[i]))
            {
                heads[i] = Word(offset);
                offset += tails[i].Length;
            }
        }

        return [.. heads.Concat(tails).SelectMany(part => part)];
    }

    private static byte[] One(string type, object value)
    {
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            object[] elements = [.. ((System.Collections.IEnumerable)value).Cast<object>()];
            return [.. Word(elements.Length), .. Sequence([.. Enumerable.Repeat(type[..^2], elements.Length)], elements)];
        }

        return type switch
        {
            ['(', ..] => Sequence(Split(type[1..^1]), (object[])value),
            "address" => Word(new BigInteger(Bytes((string)value), isUnsigned: true, isBigEndian: true)),
            "bytes32" => Bytes((string)value) is { Length: WordBytes } word ? word : throw new ArgumentException("not 32 bytes"),
            "bool" => Word((bool)value ? 1 : 0),
            "bytes" => Blob((byte[])value),
            "string" => Blob(Encoding.UTF8.GetBytes((string)value)),
            _ when type.StartsWith("uint", StringComparison.Ordinal) =>
                Word(value as BigInteger? ?? Convert.ToInt64(value, CultureInfo.InvariantCulture)),
            _ => throw new NotSupportedException(type),
        };
    }

    private static byte[] Blob(byte[] bytes) =>
        [.. Word(bytes.Length), .. bytes, .. new byte[(WordBytes - (bytes.Length % WordBytes)) % WordBytes]];

    private static bool IsDynamic(string type) =>
        type is "bytes" or "string"
        || type.EndsWith("[]", StringComparison.Ordinal)
        || (type[0] == '(' && Split(type[1..^1]).Any(IsDynamic));

    // Splits at the commas outside all parentheses.
    private static string[] Split(string types)
    {
        List<string> parts = [];
        int depth = 0;
        int start = 0;
        for (int i = 0; i < types.Length; i++)
        {
            depth += types[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (types[i] == ',' && depth == 0)
            {
                parts.Add(types[start..i]);
                start = i + 1;
            }
        }

        return types.Length == 0 ? [] : [.. parts, types[start..]];
    }
}
