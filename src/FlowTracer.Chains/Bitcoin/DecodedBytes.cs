using System.Buffers;
using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>Bytes with the transactions found in them. Their form has been checked; the bytes must not
/// change.</summary>
internal sealed class DecodedBytes
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly TxRecord[] _records;
    private readonly Hash256[] _ids;

    public DecodedBytes(ReadOnlyMemory<byte> bytes, TxRecord[] records)
    {
        (_bytes, _records, _ids) = (bytes, records, new Hash256[records.Length]);
        HashIds();
    }

    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    public ReadOnlyMemory<byte> Memory => _bytes;

    public int Count => _records.Length;

    /// <summary>The ids in the order of the transactions.</summary>
    public ReadOnlySpan<Hash256> Ids => _ids;

    public ref readonly TxRecord Record(int index) => ref _records[index];

    /// <summary>The witness ids in the order of the transactions; hashed on each call.</summary>
    public Hash256[] ComputeWitnessIds()
    {
        // Without a witness it is the id.
        Hash256[] ids = [.. _ids];
        SplicedMessage[] messages = ArrayPool<SplicedMessage>.Shared.Rent(_records.Length);
        int count = 0;
        for (int i = 0; i < _records.Length; i++)
        {
            if (_records[i].HasWitness)
            {
                messages[count++] = _records[i].WitnessIdMessage;
            }
        }

        Hash256[] hashed = ArrayPool<Hash256>.Shared.Rent(count);
        DoubleSha256.OfMessages(Bytes, messages.AsSpan(0, count), hashed.AsSpan(0, count));
        for (int i = 0, next = 0; i < _records.Length; i++)
        {
            if (_records[i].HasWitness)
            {
                ids[i] = hashed[next++];
            }
        }

        ArrayPool<Hash256>.Shared.Return(hashed);
        ArrayPool<SplicedMessage>.Shared.Return(messages);
        return ids;
    }

    public Hash256 ComputeWitnessId(int index)
    {
        Hash256 id = _ids[index];
        if (_records[index].HasWitness)
        {
            DoubleSha256.OfMessages(Bytes, [_records[index].WitnessIdMessage], new Span<Hash256>(ref id));
        }

        return id;
    }

    private void HashIds()
    {
        SplicedMessage[] messages = ArrayPool<SplicedMessage>.Shared.Rent(_records.Length);
        for (int i = 0; i < _records.Length; i++)
        {
            messages[i] = _records[i].IdMessage;
        }

        DoubleSha256.OfMessages(Bytes, messages.AsSpan(0, _records.Length), _ids);
        ArrayPool<SplicedMessage>.Shared.Return(messages);
    }
}
