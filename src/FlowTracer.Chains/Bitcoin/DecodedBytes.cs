using System.Buffers;
using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>Bytes with the transactions found in them. Their form has been checked; the bytes must not change.</summary>
internal sealed class DecodedBytes
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly TxRecord[] _records;
    private readonly Hash256[] _ids;

    public DecodedBytes(ReadOnlyMemory<byte> bytes, TxRecord[] records)
    {
        (_bytes, _records, _ids) = (bytes, records, new Hash256[records.Length]);
        Hash(withWitness: false, _ids);
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
        Hash256[] ids = new Hash256[_records.Length];
        Hash(withWitness: true, ids);
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

    private void Hash(bool withWitness, Span<Hash256> ids)
    {
        SplicedMessage[] messages = ArrayPool<SplicedMessage>.Shared.Rent(_records.Length);
        for (int i = 0; i < _records.Length; i++)
        {
            messages[i] = withWitness ? _records[i].WitnessIdMessage : _records[i].IdMessage;
        }

        DoubleSha256.OfMessages(Bytes, messages.AsSpan(0, _records.Length), ids);
        ArrayPool<SplicedMessage>.Shared.Return(messages);
    }
}
