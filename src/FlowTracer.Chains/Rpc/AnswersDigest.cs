using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Answers that were relied on, as one number. It does not depend on the order or the number of times things were asked.
/// For many threads.
/// </summary>
internal sealed class AnswersDigest
{
    private readonly Lock _lock = new();
    private readonly HashSet<(Fingerprint Question, Fingerprint Answer)> _used = [];

    /// <summary>Counts an answer in.</summary>
    public void Add(string question, ReadOnlySpan<byte> answer)
    {
        Fingerprint asked = Fingerprint.HashOf(Encoding.UTF8.GetBytes(question));
        Fingerprint answered = Fingerprint.HashOf(answer);
        lock (_lock)
        {
            _used.Add((asked, answered));
        }
    }

    /// <summary>
    /// The SHA-256, in lower-case hexadecimal, of the distinct lines "question's SHA-256, space, answer's SHA-256, newline" in
    /// byte order.
    /// </summary>
    public string ToHex()
    {
        (Fingerprint Question, Fingerprint Answer)[] used;
        lock (_lock)
        {
            used = [.. _used];
        }

        Array.Sort(used);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((Fingerprint question, Fingerprint answer) in used)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"{question} {answer}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A hash's 32 bytes as two numbers: small, and ordered as its hex text is.</summary>
    private readonly record struct Fingerprint(UInt128 High, UInt128 Low) : IComparable<Fingerprint>
    {
        public static Fingerprint HashOf(ReadOnlySpan<byte> bytes)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes, hash);
            return new Fingerprint(
                BinaryPrimitives.ReadUInt128BigEndian(hash),
                BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
        }

        public int CompareTo(Fingerprint other) => (High, Low).CompareTo((other.High, other.Low));

        public override string ToString() => $"{High:x32}{Low:x32}";
    }
}
