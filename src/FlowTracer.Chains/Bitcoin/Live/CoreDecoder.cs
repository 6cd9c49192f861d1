using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A block as <c>getblock</c> with verbosity 1 lists it.</summary>
/// <param name="Height">Its height.</param>
/// <param name="Ids">Its transactions' ids in order, as stored.</param>
internal sealed record ListedBlock(ulong Height, Hash256[] Ids);

/// <summary>A transaction as <c>getrawtransaction</c> with verbosity 1 places it.</summary>
/// <param name="Block">Its block; null while it waits for one.</param>
internal sealed record ListedTransaction(Hash256? Block);

/// <summary>A coin as <c>gettxout</c> knows it.</summary>
/// <param name="Best">The newest block when it was asked.</param>
/// <param name="Confirmations">How many blocks there are from the coin's to that one, both counted.</param>
internal sealed record UnspentCoin(Hash256 Best, ulong Confirmations);

/// <summary>What <c>gettxspendingprevout</c> says.</summary>
/// <param name="Spender">The transaction that spends the coin; null for none.</param>
/// <param name="Block">Its block; null while it waits for one.</param>
internal sealed record SpendingPrevout(TxHash? Spender, Hash256? Block);

/// <summary>The answers of Bitcoin Core's methods; pure.</summary>
internal static class CoreDecoder
{
    /// <summary>A block's bytes, which must be those of the block asked for.</summary>
    public static Block Block(AnswerReader answer, Hash256 hash)
    {
        try
        {
            Block block = Bitcoin.Block.Parse(answer.Hex());
            return block.Hash == hash
                && MerkleTree.Root(block.TransactionIds, out bool repeats) == block.Header.MerkleRoot && !repeats
                    ? block
                    : throw answer.Fault("is not the block that was asked for");
        }
        catch (BitcoinFormatException bad)
        {
            throw answer.Fault($"is no block: {bad.Message}");
        }
    }

    /// <summary>A header's 80 bytes, which must be those of the block asked for.</summary>
    public static BlockHeader Header(AnswerReader answer, Hash256 hash)
    {
        byte[] bytes = answer.Hex();
        return bytes.Length == BlockHeader.ByteLength && BlockHeader.Parse(bytes) is { } header && header.ComputeHash() == hash
            ? header
            : throw answer.Fault("is not the header that was asked for");
    }

    /// <summary>A transaction's bytes, which must be those of the transaction asked for.</summary>
    public static byte[] Transaction(AnswerReader answer, TxHash id)
    {
        byte[] bytes = answer.Hex();
        try
        {
            return Bitcoin.Transaction.Parse(bytes).Id == id
                ? bytes
                : throw answer.Fault("is not the transaction that was asked for");
        }
        catch (BitcoinFormatException bad)
        {
            throw answer.Fault($"is no transaction: {bad.Message}");
        }
    }

    /// <summary><c>getblock</c> with verbosity 1, of the block with a header.</summary>
    public static ListedBlock Listed(AnswerReader answer, BlockHeader header)
    {
        Hash256[] ids = [.. answer["tx"].Items().Select(static id => id.Hash())];
        return MerkleTree.Root(ids, out bool repeats) == header.MerkleRoot && !repeats
            ? new ListedBlock(answer["height"].Height(), ids)
            : throw answer.Fault("does not list the transactions of the block that was asked for");
    }

    /// <summary><c>getrawtransaction</c> with verbosity 1.</summary>
    public static ListedTransaction Placed(AnswerReader answer, TxHash id) => answer["txid"].Id() == id
        ? new ListedTransaction(answer.Find("blockhash")?.Hash())
        : throw answer["txid"].Fault("is not the transaction that was asked for");

    /// <summary><c>gettxout</c>; null for a coin that is spent or never was.</summary>
    public static UnspentCoin? Unspent(AnswerReader answer) => answer.IsNull
        ? null
        : new UnspentCoin(answer["bestblock"].Hash(), answer["confirmations"].PlainNumber());

    /// <summary><c>gettxspendingprevout</c> for one coin.</summary>
    public static SpendingPrevout Spending(AnswerReader answer)
    {
        AnswerReader[] items = [.. answer.Items()];
        return items.Length == 1
            ? new SpendingPrevout(items[0].Find("spendingtxid")?.Id(), items[0].Find("blockhash")?.Hash())
            : throw answer.Fault("is not about one coin");
    }

    /// <summary><c>scanblocks</c>: the blocks found, in the chain's order. A scan that was broken off found not all.</summary>
    public static Hash256[] Relevant(AnswerReader answer) =>
        !answer.IsNull && (answer.Find("completed")?.Flag() ?? true)
            ? [.. answer["relevant_blocks"].Items().Select(static hash => hash.Hash())]
            : throw answer.Fault("is of a scan that was broken off");

    /// <summary>
    /// The outputs that a transaction spends, from a transaction as <c>getrawtransaction</c> with verbosity 2 and
    /// <c>getblock</c> with verbosity 3 write it; none for a coinbase; null where they are not stated.
    /// </summary>
    public static SpentOutput[]? Spends(AnswerReader transaction)
    {
        List<SpentOutput> spends = [];
        foreach (AnswerReader input in transaction["vin"].Items())
        {
            if (input.Find("coinbase") is not null)
            {
                return [];
            }

            if (input.Find("prevout") is not { } output)
            {
                return null;
            }

            spends.Add(new SpentOutput(output["value"].Sats(), output["scriptPubKey"]["hex"].Hex()));
        }

        return [.. spends];
    }

    /// <summary>
    /// What a block's transactions pay, from <c>getblock</c> with verbosity 2 or 3: as stated, or by what they spend and
    /// make; null where neither can be known.
    /// </summary>
    public static BlockFees? Fees(AnswerReader block)
    {
        List<TxHash> ids = [];
        List<ulong> fees = [];
        foreach (AnswerReader transaction in block["tx"].Items())
        {
            if (FeeOf(transaction) is not { } fee)
            {
                return null;
            }

            ids.Add(transaction["txid"].Id());
            fees.Add(fee);
        }

        return new BlockFees(ids, fees);
    }

    private static ulong? FeeOf(AnswerReader transaction)
    {
        if (transaction.Find("fee") is { } stated)
        {
            return stated.Sats();
        }

        if (Spends(transaction) is not { } spends)
        {
            return null;
        }

        if (spends.Length == 0)
        {
            return 0;
        }

        ulong worth = Sum(spends.Select(static output => output.ValueSats));
        ulong paid = Sum(transaction["vout"].Items().Select(static output => output["value"].Sats()));
        return paid <= worth ? worth - paid : throw transaction.Fault("pays out more than it spends");
    }

    private static ulong Sum(IEnumerable<ulong> amounts) => amounts.Aggregate(0UL, static (sum, next) => sum + next);
}
