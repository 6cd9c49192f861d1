using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>The hashes of many inputs at once against the base library's, one at a time.</summary>
public sealed class HashingTests
{
    private const int Seed = 20240731;

    private delegate void MessageHasher(
        ReadOnlySpan<byte> source, ReadOnlySpan<SplicedMessage> messages, Span<Hash256> digests);

    private delegate void PairHasher(ReadOnlySpan<Hash256> pairs, Span<Hash256> parents);

    private delegate void DigestHasher(Span<Hash256> digests);

    [Fact]
    public void Messages_of_every_length_around_the_block_size()
    {
        Random random = new(Seed);
        byte[] source = new byte[20_000];
        random.NextBytes(source);

        // Lengths 8 to 300, each in one piece and with a gap on both sides; then some on both sides of the lanes' limit.
        List<SplicedMessage> messages = [];
        foreach (int length in Enumerable.Range(8, 293).Concat([4095, 4096, 4097, 9000]))
        {
            messages.Add(new SplicedMessage(5, 9, 1 + length, 5 + length));
            messages.Add(new SplicedMessage(0, 6, length - 2, length + 30));
        }

        byte[][] expected = [.. messages.Select(message => SHA256.HashData(Splice(source, message)))];
        foreach (MessageHasher hasher in MessageHashers())
        {
            Hash256[] digests = new Hash256[messages.Count];
            hasher(source, messages.ToArray(), digests);
            Assert.Equal(expected.Select(digest => new Hash256(digest)), digests);
        }
    }

    [Fact]
    public void Any_number_of_messages()
    {
        Random random = new(Seed);
        byte[] source = new byte[5_000];
        random.NextBytes(source);
        foreach (MessageHasher hasher in MessageHashers())
        {
            for (int count = 0; count <= 40; count++)
            {
                SplicedMessage[] messages = new SplicedMessage[count];
                for (int i = 0; i < count; i++)
                {
                    int start = random.Next(1000);
                    int body = start + 4 + random.Next(3);
                    int bodyEnd = body + random.Next(2000);
                    messages[i] = new SplicedMessage(start, body, bodyEnd, bodyEnd + 4 + random.Next(100));
                }

                Hash256[] digests = new Hash256[count];
                hasher(source, messages, digests);
                Assert.Equal(messages.Select(message => new Hash256(SHA256.HashData(Splice(source, message)))), digests);
            }
        }
    }

    [Fact]
    public void Digests_and_pairs_of_any_number()
    {
        Random random = new(Seed);
        for (int count = 0; count <= 70; count += 2)
        {
            byte[] bytes = new byte[count * Hash256.ByteLength];
            random.NextBytes(bytes);
            Hash256[] hashes = [.. bytes.Chunk(Hash256.ByteLength).Select(chunk => new Hash256(chunk))];
            IEnumerable<Hash256> again = bytes.Chunk(Hash256.ByteLength).Select(chunk => new Hash256(SHA256.HashData(chunk)));
            Hash256[] parents = [.. bytes.Chunk(64).Select(chunk => new Hash256(SHA256.HashData(SHA256.HashData(chunk))))];
            foreach (DigestHasher hasher in DigestHashers())
            {
                Hash256[] digests = [.. hashes];
                hasher(digests);
                Assert.Equal(again, digests);
            }

            foreach (PairHasher hasher in PairHashers())
            {
                Hash256[] inPlace = [.. hashes];
                hasher(inPlace, inPlace);
                Assert.Equal(parents, inPlace[..parents.Length]);
            }
        }
    }

    private static byte[] Splice(byte[] source, SplicedMessage message) =>
    [
        .. source[message.Start..(message.Start + 4)],
        .. source[message.BodyStart..message.BodyEnd],
        .. source[(message.End - 4)..message.End],
    ];

    // Those this machine can run; the one without vectors runs everywhere.
    private static IEnumerable<MessageHasher> MessageHashers()
    {
        yield return SerialHasher.HashMessages;
        if (Lanes8.IsSupported)
        {
            yield return LaneHasher<Lanes8, Vector256<uint>>.HashMessages;
        }

        if (Lanes16.IsSupported)
        {
            yield return LaneHasher<Lanes16, Vector512<uint>>.HashMessages;
        }
    }

    private static IEnumerable<DigestHasher> DigestHashers()
    {
        yield return SerialHasher.HashDigests;
        if (Lanes8.IsSupported)
        {
            yield return LaneHasher<Lanes8, Vector256<uint>>.HashDigests;
        }

        if (Lanes16.IsSupported)
        {
            yield return LaneHasher<Lanes16, Vector512<uint>>.HashDigests;
        }
    }

    private static IEnumerable<PairHasher> PairHashers()
    {
        yield return SerialHasher.HashPairs;
        if (Lanes8.IsSupported)
        {
            yield return LaneHasher<Lanes8, Vector256<uint>>.HashPairs;
        }

        if (Lanes16.IsSupported)
        {
            yield return LaneHasher<Lanes16, Vector512<uint>>.HashPairs;
        }
    }
}
