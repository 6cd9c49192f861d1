using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FlowTracer.Chains.Bitcoin.Hashing;

/// <summary>The three kinds of hash a block needs, each for many inputs at once. See
/// <see cref="DoubleSha256"/>.</summary>
internal static class LaneHasher<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    // One long message would keep a single lane busy while the others wait: those from here on are hashed alone.
    private const int MaxLaneMessageBytes = 4096;
    private const int DigestWords = Hash256.ByteLength / sizeof(uint);
    private const uint PaddingFirstWord = 0x80000000;

    /// <summary>The single SHA-256 of each message; each lane takes the next one when it is done with its
    /// last.</summary>
    public static void HashMessages(
        ReadOnlySpan<byte> source, ReadOnlySpan<SplicedMessage> messages, Span<Hash256> digests)
    {
        int n = TLanes.Count;
        Span<uint> words = stackalloc uint[LaneSha256<TLanes, TVector>.WordsLength];
        Span<uint> state = stackalloc uint[LaneSha256<TLanes, TVector>.StateLength];
        Span<byte> blocks = stackalloc byte[n * Sha256Constants.BlockBytes];
        Span<Lane> lanes = stackalloc Lane[n];
        blocks.Clear();
        LaneSha256<TLanes, TVector>.Start(state);
        int next = 0;
        int busy = 0;
        for (int k = 0; k < n; k++)
        {
            busy += lanes[k].TakeNext(source, messages, digests, ref next) ? 1 : 0;
        }

        while (busy > 0)
        {
            for (int k = 0; k < n; k++)
            {
                if (lanes[k].IsBusy)
                {
                    lanes[k].FillBlock(
                        source, blocks.Slice(k * Sha256Constants.BlockBytes, Sha256Constants.BlockBytes));
                }
            }

            LaneSha256<TLanes, TVector>.Transpose(blocks, Sha256Constants.BlockBytes, words);
            LaneSha256<TLanes, TVector>.Compress(state, words);
            for (int k = 0; k < n; k++)
            {
                if (lanes[k].IsDone)
                {
                    LaneSha256<TLanes, TVector>.WriteDigest(state, k, BytesOf(ref digests[lanes[k].Index]));
                    LaneSha256<TLanes, TVector>.StartLane(state, k);
                    busy -= lanes[k].TakeNext(source, messages, digests, ref next) ? 0 : 1;
                }
            }
        }
    }

    /// <summary>Puts the SHA-256 of each digest in its place.</summary>
    public static void HashDigests(Span<Hash256> digests)
    {
        Span<uint> words = stackalloc uint[LaneSha256<TLanes, TVector>.WordsLength];
        Span<uint> state = stackalloc uint[LaneSha256<TLanes, TVector>.StateLength];
        Span<Hash256> rest = stackalloc Hash256[TLanes.Count];
        for (; !digests.IsEmpty; digests = digests[Math.Min(TLanes.Count, digests.Length)..])
        {
            Span<Hash256> group = digests[..Math.Min(TLanes.Count, digests.Length)];
            ReadOnlySpan<Hash256> full = FullGroup(group, rest);
            LaneSha256<TLanes, TVector>.Transpose(MemoryMarshal.AsBytes(full), Hash256.ByteLength, words);
            HashDigestWords(state, words);
            WriteDigests(state, group);
        }
    }

    /// <summary>The double SHA-256 of each two neighbours; the result may take the place of the first ones.</summary>
    public static void HashPairs(ReadOnlySpan<Hash256> pairs, Span<Hash256> parents)
    {
        Span<uint> words = stackalloc uint[LaneSha256<TLanes, TVector>.WordsLength];
        Span<uint> state = stackalloc uint[LaneSha256<TLanes, TVector>.StateLength];
        Span<Hash256> rest = stackalloc Hash256[2 * TLanes.Count];
        int count = pairs.Length / 2;
        for (int i = 0; i < count; i += TLanes.Count)
        {
            int inGroup = Math.Min(TLanes.Count, count - i);
            ReadOnlySpan<Hash256> full = FullGroup(pairs.Slice(2 * i, 2 * inGroup), rest);
            LaneSha256<TLanes, TVector>.Start(state);
            LaneSha256<TLanes, TVector>.Transpose(MemoryMarshal.AsBytes(full), 2 * Hash256.ByteLength, words);
            LaneSha256<TLanes, TVector>.Compress(state, words);
            SetPadding(words, 0, 2 * Hash256.ByteLength);
            LaneSha256<TLanes, TVector>.Compress(state, words);

            // The state is the digest, and already lies as the words of the second hash must.
            state.CopyTo(words);
            HashDigestWords(state, words);
            WriteDigests(state, parents.Slice(i, inGroup));
        }
    }

    // The first eight words hold a digest; the rest is padding.
    private static void HashDigestWords(Span<uint> state, Span<uint> words)
    {
        SetPadding(words, DigestWords, Hash256.ByteLength);
        LaneSha256<TLanes, TVector>.Start(state);
        LaneSha256<TLanes, TVector>.Compress(state, words);
    }

    // Fills the words of a block from an index on with the padding of a message of so many bytes.
    private static void SetPadding(Span<uint> words, int from, int messageBytes)
    {
        int n = TLanes.Count;
        words[(from * n)..((Sha256Constants.BlockWords - 1) * n)].Clear();
        LaneSha256<TLanes, TVector>.SetWord(words, from, PaddingFirstWord);
        LaneSha256<TLanes, TVector>.SetWord(words, Sha256Constants.BlockWords - 1, (uint)messageBytes * 8);
    }

    private static ReadOnlySpan<Hash256> FullGroup(ReadOnlySpan<Hash256> group, Span<Hash256> room)
    {
        if (group.Length == room.Length)
        {
            return group;
        }

        room.Clear();
        group.CopyTo(room);
        return room;
    }

    private static void WriteDigests(ReadOnlySpan<uint> state, Span<Hash256> digests)
    {
        for (int k = 0; k < digests.Length; k++)
        {
            LaneSha256<TLanes, TVector>.WriteDigest(state, k, BytesOf(ref digests[k]));
        }
    }

    private static Span<byte> BytesOf(ref Hash256 hash) => MemoryMarshal.AsBytes(new Span<Hash256>(ref hash));

    /// <summary>How far the message in one lane has been taken.</summary>
    private struct Lane
    {
        private SplicedMessage _message;
        private int _length;
        private int _position;
        private int _paddedLength;

        // Message positions that lie in the source as they are, at a fixed distance.
        private int _directFrom;
        private int _directTo;
        private int _directOffset;

        public int Index { get; private set; }

        public bool IsBusy { get; private set; }

        public readonly bool IsDone => IsBusy && _position == _paddedLength;

        /// <summary>Begins the next message that is short enough; false, and idle, when there is none.</summary>
        public bool TakeNext(
            ReadOnlySpan<byte> source,
            ReadOnlySpan<SplicedMessage> messages,
            Span<Hash256> digests,
            ref int next)
        {
            for (; next < messages.Length; next++)
            {
                if (messages[next].Length <= MaxLaneMessageBytes)
                {
                    Begin(messages[next], next);
                    next++;
                    return true;
                }

                SerialHasher.HashMessage(source, messages[next], BytesOf(ref digests[next]));
            }

            IsBusy = false;
            return false;
        }

        /// <summary>Writes the next 64 bytes of the padded message.</summary>
        public void FillBlock(ReadOnlySpan<byte> source, Span<byte> block)
        {
            int end = _position + Sha256Constants.BlockBytes;
            if (_position >= _directFrom && end <= _directTo)
            {
                source.Slice(_position + _directOffset, Sha256Constants.BlockBytes).CopyTo(block);
            }
            else
            {
                FillEdgeBlock(source, block, end);
            }

            _position = end;
        }

        private void Begin(SplicedMessage message, int index)
        {
            _message = message;
            _length = message.Length;
            _position = 0;
            int blocks = (_length + Sha256Constants.MinPaddingBytes + Sha256Constants.BlockBytes - 1)
                / Sha256Constants.BlockBytes;
            _paddedLength = blocks * Sha256Constants.BlockBytes;
            _directOffset = message.BodyStart - SplicedMessage.EdgeBytes;
            (_directFrom, _directTo) = message.IsOnePiece
                ? (0, _length)
                : (SplicedMessage.EdgeBytes, _length - SplicedMessage.EdgeBytes);
            Index = index;
            IsBusy = true;
        }

        private readonly void FillEdgeBlock(ReadOnlySpan<byte> source, Span<byte> block, int end)
        {
            int taken = _position < _length ? _message.CopyTo(source, _position, block) : 0;
            block[taken..].Clear();
            if (_position <= _length && _length < end)
            {
                block[taken] = Sha256Constants.PaddingFirst;
            }

            if (end == _paddedLength)
            {
                BinaryPrimitives.WriteUInt64BigEndian(block[^sizeof(ulong)..], (ulong)_length * 8);
            }
        }
    }
}
