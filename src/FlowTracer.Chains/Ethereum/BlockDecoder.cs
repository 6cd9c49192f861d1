using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Reads what <c>eth_getBlockByNumber</c> and <c>eth_getBlockByHash</c> answer.</summary>
public static class BlockDecoder
{
    private const ulong WeiPerGwei = 1_000_000_000;

    // The root of an empty trie: Keccak-256 of the RLP of the empty string, 0x80.
    private static readonly Word EmptyRoot = Word.FromBytes(Keccak256.Hash([0x80]));

    /// <summary>A block with its transactions in full.</summary>
    /// <param name="block">The answer; not null.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <param name="headerOnly">
    /// Do not read the transactions, which may then be hashes: the block's are default, not empty.
    /// </param>
    /// <exception cref="AnswerFormatException">
    /// It is not a block, lacks transactions or withdrawals that its header speaks of, has one of another block, or its
    /// header does not hash to its hash.
    /// </exception>
    public static Block Decode(JsonElement block, ChainId chain, bool headerOnly = false)
    {
        AnswerReader reader = new(block);
        Word hash = reader["hash"].Word();
        bool isChecked = HeaderHash.TryCompute(block, out Word computed);
        if (isChecked && computed != hash)
        {
            throw reader.Fault($"says it is block {hash}, but its header hashes to {computed}");
        }

        Block decoded = new(
            reader["number"].Number(),
            hash,
            reader["parentHash"].Word(),
            reader["timestamp"].Time(),
            reader["miner"].Address(chain),
            reader.Find("baseFeePerGas")?.Quantity(),
            headerOnly ? default : Transactions(reader, chain),
            Withdrawals(reader, chain),
            reader["uncles"].Length);
        if (!headerOnly)
        {
            CheckPlaces(reader, decoded);
            // The first block has none: Hardhat states a root for it that stands for nothing.
            CheckRoot(reader["transactions"], reader.Find("transactionsRoot"), isChecked && decoded.Number > 0);
        }

        return decoded;
    }

    private static ImmutableArray<Transaction> Transactions(AnswerReader reader, ChainId chain)
    {
        AnswerReader transactions = reader["transactions"];
        ImmutableArray<Transaction>.Builder all = ImmutableArray.CreateBuilder<Transaction>(transactions.Length);
        foreach (AnswerReader item in transactions.Items())
        {
            all.Add(item.Element.ValueKind == JsonValueKind.String
                ? throw transactions.Fault("are hashes only: the block was not asked for in full")
                : TransactionDecoder.Decode(item, chain));
        }

        return all.MoveToImmutable();
    }

    private static ImmutableArray<Withdrawal> Withdrawals(AnswerReader reader, ChainId chain)
    {
        if (reader.Find("withdrawals") is not AnswerReader withdrawals)
        {
            return reader.Find("withdrawalsRoot") is null
                ? []
                : throw reader.Fault("has a withdrawalsRoot but no withdrawals");
        }

        return [.. withdrawals.Items().Select(item => Withdrawal(item, chain))];
    }

    // EIP-4895: amounts are in gwei.
    private static Withdrawal Withdrawal(AnswerReader reader, ChainId chain) => new(
        reader["index"].Number(),
        reader["address"].Address(chain),
        Amount.MulDivFloor(reader["amount"].Number(), WeiPerGwei, Amount.One));

    private static void CheckPlaces(AnswerReader reader, Block block)
    {
        for (int i = 0; i < block.Transactions.Length; i++)
        {
            Transaction tx = block.Transactions[i];
            if (tx.BlockHash != block.Hash || tx.Block != block.Number || tx.Index != i)
            {
                throw reader["transactions"].Fault(
                    string.Create(CultureInfo.InvariantCulture, $"[{i}] is of another block, or another place in it"));
            }
        }
    }

    // The whole root would need a trie; that there are none, or some, shows at once.
    private static void CheckRoot(AnswerReader list, AnswerReader? root, bool isChecked)
    {
        if (isChecked && root is AnswerReader stated && (stated.Word() == EmptyRoot) != (list.Length == 0))
        {
            throw list.Fault(string.Create(
                CultureInfo.InvariantCulture, $"are {list.Length}, which is not what the header's root says"));
        }
    }
}
