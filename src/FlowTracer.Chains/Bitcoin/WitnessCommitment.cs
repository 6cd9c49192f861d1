using FlowTracer.Chains.Bitcoin.Hashing;

namespace FlowTracer.Chains.Bitcoin;

/// <summary>
/// What a coinbase says about the block's witnesses (BIP 141): its last output that begins with OP_RETURN, a push of 36
/// bytes and AA21A9ED holds the double SHA-256 of the witness ids' merkle root and the one item of the coinbase's
/// witness. In that tree the coinbase itself is 32 zero bytes.
/// </summary>
internal static class WitnessCommitment
{
    private const int MinScriptLength = 38;

    private static ReadOnlySpan<byte> ScriptPrefix => [0x6A, 0x24, 0xAA, 0x21, 0xA9, 0xED];

    /// <summary>Compares what is committed to with what is there.</summary>
    public static BlockFaults Check(DecodedBytes block)
    {
        Transaction coinbase = new(block, 0);
        bool committed = TryFind(coinbase, out Hash256 commitment);
        if (!committed)
        {
            return HasWitness(block) ? BlockFaults.UncommittedWitness : BlockFaults.None;
        }

        if (!coinbase.HasWitness && !HasWitness(block))
        {
            // Miners announced commitments before the rule held, and some still do in blocks without any witness; the
            // reserved value is missing then, and there is nothing to commit to.
            return BlockFaults.None;
        }

        return TryGetReserved(coinbase, out Hash256 reserved) && Expected(block, reserved) == commitment
            ? BlockFaults.None
            : BlockFaults.WitnessCommitment;
    }

    private static Hash256 Expected(DecodedBytes block, Hash256 reserved)
    {
        Hash256[] ids = block.ComputeWitnessIds();
        ids[0] = Hash256.Zero;
        Span<Hash256> pair = [MerkleTree.Root(ids, out _), reserved];
        DoubleSha256.OfPairs(pair, pair);
        return pair[0];
    }

    private static bool TryFind(Transaction coinbase, out Hash256 commitment)
    {
        bool found = false;
        commitment = default;
        foreach (TxOut output in coinbase.Outputs)
        {
            if (output.Script.Length >= MinScriptLength && output.Script.StartsWith(ScriptPrefix))
            {
                commitment = new Hash256(output.Script.Slice(ScriptPrefix.Length, Hash256.ByteLength));
                found = true;
            }
        }

        return found;
    }

    private static bool TryGetReserved(Transaction coinbase, out Hash256 reserved)
    {
        reserved = default;
        foreach (InputWitness stack in coinbase.Witnesses)
        {
            InputWitness items = stack;
            if (items.Count == 1 && items.MoveNext() && items.Current.Length == Hash256.ByteLength)
            {
                reserved = new Hash256(items.Current);
                return true;
            }
        }

        return false;
    }

    private static bool HasWitness(DecodedBytes block)
    {
        for (int i = 0; i < block.Count; i++)
        {
            if (block.Record(i).HasWitness)
            {
                return true;
            }
        }

        return false;
    }
}
