using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Transactions' bytes that were fetched lately, whose ids were checked: a place or a spender is asked about soon after. At
/// most so many bytes; the first kept go first. For many threads.
/// </summary>
internal sealed class RawTransactions(long mostBytes = 64 * 1024 * 1024)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TxHash, byte[]> _kept = [];
    private readonly Queue<TxHash> _order = new();
    private long _bytes;

    /// <summary>The bytes of a transaction; null when they are not kept.</summary>
    public byte[]? Find(TxHash id)
    {
        lock (_lock)
        {
            return _kept.GetValueOrDefault(id);
        }
    }

    /// <summary>Keeps a transaction's bytes.</summary>
    public void Keep(TxHash id, byte[] raw)
    {
        lock (_lock)
        {
            if (!_kept.TryAdd(id, raw))
            {
                return;
            }

            _order.Enqueue(id);
            _bytes += raw.Length;
            while (_bytes > mostBytes)
            {
                TxHash first = _order.Dequeue();
                _kept.Remove(first, out byte[]? gone);
                _bytes -= gone!.Length;
            }
        }
    }
}
