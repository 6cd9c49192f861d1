using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Which transactions pay to a script or spend from it, out of blocks read in the chain's order: whatever spends a coin of
/// the script comes after what made it, so no previous output has to be looked up.
/// </summary>
internal sealed class ScriptHistory(byte[] script)
{
    private readonly HashSet<OutPoint> _coins = [];
    private readonly List<TxHash> _ids = [];

    /// <summary>Those found so far, in the chain's order.</summary>
    public IReadOnlyList<TxHash> Ids => _ids;

    /// <summary>Reads the next block that may hold the script.</summary>
    /// <returns>The transactions found in it.</returns>
    public IReadOnlyList<TxHash> Read(Block block)
    {
        int before = _ids.Count;
        for (int index = 0; index < block.TransactionCount; index++)
        {
            Transaction transaction = block[index];
            if (SpendsFrom(transaction) | PaysTo(transaction))
            {
                _ids.Add(transaction.Id);
            }
        }

        return _ids[before..];
    }

    private bool SpendsFrom(Transaction transaction)
    {
        bool found = false;
        foreach (TxIn input in transaction.Inputs)
        {
            found |= !input.IsCoinbase && _coins.Remove(input.Spends);
        }

        return found;
    }

    private bool PaysTo(Transaction transaction)
    {
        bool found = false;
        foreach (TxOut output in transaction.Outputs)
        {
            if (output.Script.SequenceEqual(script))
            {
                _coins.Add(new OutPoint(transaction.Id, (uint)output.Index));
                found = true;
            }
        }

        return found;
    }
}
