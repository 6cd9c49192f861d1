using System.Buffers.Binary;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>
/// Answers from a folder of block files as it was at one moment. What an index names is compared with the block itself
/// before it counts.
/// </summary>
/// <param name="index">What the folder holds.</param>
/// <param name="fingerprints">How its entries are named.</param>
/// <param name="scripts">Its third index.</param>
/// <param name="cache">Where the blocks are read.</param>
internal sealed class BlockFilesAnswers(
    BlockFilesIndex index, Fingerprints fingerprints, ScriptIndex scripts, BlockFilesCache cache)
{
    private const int OutPointBytes = Hash256.ByteLength + sizeof(uint);

    /// <summary>What is asked.</summary>
    public BlockFilesIndex Index => index;

    /// <summary>See <see cref="ScriptIndex"/>.</summary>
    public ScriptIndex Scripts => scripts;

    /// <summary>Which blocks there are, where the first ones are missing; null where none are.</summary>
    public string? Part => index.Chain.FirstHeight == 0
        ? null
        : $"only blocks {index.Chain.FirstHeight} to {index.Chain.TipHeight} are there";

    /// <summary>The header at a height; null behind the chain's end.</summary>
    /// <exception cref="CannotKnowException">The block is before the first that is there.</exception>
    public BlockHeader? Header(ulong height) => index.Chain.OrdinalAt(height) is { } ordinal ? index.Blocks[ordinal].Header
        : height > (ulong)index.Chain.TipHeight ? null
        : throw new CannotKnowException(Part!);

    /// <summary>A transaction's bytes; null when it is not in the chain.</summary>
    /// <exception cref="CannotKnowException">It may be in a block that is not there.</exception>
    public byte[]? Raw(TxHash id) => FindInWhole(id) is { } found ? found.Transaction.Bytes.ToArray() : null;

    /// <summary>
    /// Where a transaction stands; null when it is not in the chain. Of two with one id the later one counts: its coins
    /// took the place of the first one's (BIP 30).
    /// </summary>
    /// <exception cref="CannotKnowException">It may be in a block that is not there.</exception>
    public TxPlace? Place(TxHash id) => FindInWhole(id) is not { } found
        ? null
        : new TxPlace((ulong)found.Height, (uint)found.Index, MerkleTree.Branch(found.Block.TransactionIds, found.Index));

    /// <summary>What a transaction spends.</summary>
    /// <exception cref="CannotKnowException">It, or a transaction it spends from, is not in the files.</exception>
    public IReadOnlyList<SpentOutput> Spends(TxHash id, CancellationToken cancellationToken)
    {
        Found found = Find(id) ?? throw new CannotKnowException($"the block files do not hold the transaction {id}");
        return found.Index == 0 ? [] : SpentBy(found.Block, found.Index, found.Index + 1, cancellationToken);
    }

    /// <summary>The first transaction from a height on that spends a coin; null when there is none.</summary>
    /// <exception cref="CannotKnowException">It may be in a block that is not in the files.</exception>
    public TxHash? Spender(SpenderQuestion question)
    {
        // The coin of the first block was never entered among those that can be spent.
        if (question.Coin.Tx == KnownGenesis.Coinbase)
        {
            return null;
        }

        if (SpenderOf(question.Coin, question.Height) is { } found)
        {
            return (ulong)found.Height <= question.UpTo ? found.Transaction.Id : null;
        }

        RequireBlocks(question.Height, question.UpTo);
        return null;
    }

    /// <summary>The transactions that pay to a script or spend from it, once each, in the chain's order.</summary>
    /// <exception cref="CannotKnowException">Some may be in blocks that are not in the files.</exception>
    public IReadOnlyList<TxHash> History(byte[] script, ulong upTo, CancellationToken cancellationToken)
    {
        RequireBlocks(0, upTo);
        SortedDictionary<(int Height, int Index), TxHash> places = [];
        Dictionary<TxHash, (int Height, int Index)> last = [];
        foreach (Found payment in OnChain(scripts.Of(index, cancellationToken).Find(fingerprints.OfScript(script))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            TxHash id = payment.Transaction.Id;
            foreach (TxOut output in payment.Transaction.Outputs)
            {
                if (!output.Script.SequenceEqual(script))
                {
                    continue;
                }

                Enter(payment, id);
                if (SpenderOf(new OutPoint(id, (uint)output.Index), (ulong)payment.Height) is { } spender)
                {
                    Enter(spender, spender.Transaction.Id);
                }
            }
        }

        return [.. places.Values];

        // Of two with one id the later one stands for both.
        void Enter(Found found, TxHash id)
        {
            (int Height, int Index) place = (found.Height, found.Index);
            if ((ulong)found.Height > upTo)
            {
                return;
            }

            if (last.TryGetValue(id, out var before))
            {
                place = before.CompareTo(place) > 0 ? before : place;
                places.Remove(before);
            }

            places[place] = id;
            last[id] = place;
        }
    }

    /// <summary>What a block's transactions pay.</summary>
    /// <exception cref="CannotKnowException">It, or a transaction they spend from, is not in the files.</exception>
    public BlockFees Fees(ulong height, CancellationToken cancellationToken)
    {
        RequireBlocks(height, height);
        Block block = BlockOf(index.Chain.OrdinalAt(height)!.Value);
        SpentOutput[] spent = SpentBy(block, 1, block.TransactionCount, cancellationToken);
        TxHash[] ids = new TxHash[block.TransactionCount];
        ulong[] fees = new ulong[block.TransactionCount];
        int next = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = block[i].Id;
            ulong given = 0;
            for (int input = 0; i > 0 && input < block[i].InputCount; input++)
            {
                given += spent[next++].ValueSats;
            }

            ulong paid = i > 0 ? block[i].OutputSats : 0;
            fees[i] = given >= paid
                ? given - paid
                : throw new CannotKnowException($"the transaction {ids[i]} pays more than it spends: the block is invalid");
        }

        return new BlockFees(ids, fees);
    }

    /// <summary>A block, and what it spends as far as the files hold it; null behind the chain's end.</summary>
    /// <exception cref="CannotKnowException">The block is before the first that is there.</exception>
    public WholeBlock? Whole(ulong height, CancellationToken cancellationToken)
    {
        if (height > (ulong)index.Chain.TipHeight)
        {
            return null;
        }

        RequireBlocks(height, height);
        Block block = BlockOf(index.Chain.OrdinalAt(height)!.Value);
        return new WholeBlock(block, Find(CoinsIn(block, 1, block.TransactionCount), cancellationToken));
    }

    // The coins that some transactions of a block spend, in the order of their inputs.
    private SpentOutput[] SpentBy(Block block, int from, int to, CancellationToken cancellationToken)
    {
        List<(Hash256 Id, uint Index)> coins = CoinsIn(block, from, to);
        SpentOutput?[] spent = Find(coins, cancellationToken);
        int missing = coins.Where((_, i) => spent[i] is null).Select(static coin => coin.Id).Distinct().Count();
        return missing == 0
            ? Array.ConvertAll(spent, static output => output!)
            : throw new CannotKnowException(
                $"the block files lack {missing} of the {coins.Select(static coin => coin.Id).Distinct().Count()} transactions that are spent from");
    }

    private static List<(Hash256 Id, uint Index)> CoinsIn(Block block, int from, int to)
    {
        List<(Hash256 Id, uint Index)> coins = [];
        for (int i = from; i < to; i++)
        {
            foreach (TxIn input in block[i].Inputs)
            {
                coins.Add((
                    new Hash256(input.OutPointBytes[..Hash256.ByteLength]),
                    BinaryPrimitives.ReadUInt32LittleEndian(input.OutPointBytes[Hash256.ByteLength..])));
            }
        }

        return coins;
    }

    private SpentOutput?[] Find(List<(Hash256 Id, uint Index)> coins, CancellationToken cancellationToken)
    {
        // By the blocks they are in, so that each is read once.
        List<(uint Number, int Coin)> wanted = [];
        for (int i = 0; i < coins.Count; i++)
        {
            foreach (uint number in index.Transactions.Find(fingerprints.OfTransaction(coins[i].Id)))
            {
                wanted.Add((number, i));
            }
        }

        wanted.Sort();
        SpentOutput?[] spent = new SpentOutput?[coins.Count];
        int[] starts = [.. Enumerable.Range(0, wanted.Count).Where(i => i == 0 || OrdinalOf(i) != OrdinalOf(i - 1))];
        ParallelOptions options = new()
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = Environment.ProcessorCount,
        };
        Faults.Unwrap(() => Parallel.For(0, starts.Length, options, run =>
        {
            int end = run + 1 < starts.Length ? starts[run + 1] : wanted.Count;
            for (int i = starts[run]; i < end; i++)
            {
                (Hash256 id, uint output) = coins[wanted[i].Coin];
                if (At(wanted[i].Number) is { } found
                    && found.Transaction.IdAsStored == id
                    && output < (uint)found.Transaction.OutputCount)
                {
                    // Two transactions of one id are the same bytes, so it does not matter which is written last.
                    TxOut paid = found.Transaction.OutputAt(output);
                    spent[wanted[i].Coin] = new SpentOutput(paid.ValueSats, paid.Script.ToArray());
                }
            }
        }));

        return spent;

        int OrdinalOf(int at) => index.PlaceOf(wanted[at].Number).Ordinal;
    }

    // Null only for what a chain without gaps has not: then another source has no more to say.
    private Found? FindInWhole(TxHash id) => Find(id) ?? (Part is { } part ? throw new CannotKnowException(part) : null);

    private Found? Find(TxHash id)
    {
        Hash256 stored = Hash256.FromTxHash(id);
        Found? last = null;
        foreach (Found found in OnChain(index.Transactions.Find(fingerprints.OfTransaction(stored))))
        {
            if (found.Transaction.IdAsStored == stored && (last is null || found.Height > last.Value.Height))
            {
                last = found;
            }
        }

        return last;
    }

    private Found? SpenderOf(OutPoint coin, ulong fromHeight)
    {
        byte[] outPoint = new byte[OutPointBytes];
        Hash256.FromTxHash(coin.Tx).CopyTo(outPoint);
        BinaryPrimitives.WriteUInt32LittleEndian(outPoint.AsSpan(Hash256.ByteLength), coin.Index);
        Found? first = null;
        foreach (Found found in OnChain(index.Spends.Find(fingerprints.OfCoin(outPoint))))
        {
            if ((ulong)found.Height >= fromHeight
                && (first is null || found.Height < first.Value.Height)
                && DoesSpend(found.Transaction, outPoint))
            {
                first = found;
            }
        }

        return first;
    }

    private static bool DoesSpend(Transaction transaction, ReadOnlySpan<byte> outPoint)
    {
        foreach (TxIn input in transaction.Inputs)
        {
            if (input.OutPointBytes.SequenceEqual(outPoint))
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<Found> OnChain(List<uint> numbers)
    {
        foreach (uint number in numbers)
        {
            if (At(number) is { } found)
            {
                yield return found;
            }
        }
    }

    // Null for a transaction beside the chain, or of a block that came after this moment.
    private Found? At(uint number)
    {
        (int ordinal, int at) = index.PlaceOf(number);
        return ordinal < index.Blocks.Count && index.Chain.HeightOf(ordinal) is { } height
            ? new Found(BlockOf(ordinal), at, height)
            : null;
    }

    private Block BlockOf(int ordinal)
    {
        StoredBlock stored = index.Blocks[ordinal];
        return cache.Get(stored, index.Files[stored.File]);
    }

    private void RequireBlocks(ulong from, ulong to)
    {
        ulong first = (ulong)index.Chain.FirstHeight;
        ulong last = (ulong)index.Chain.TipHeight;
        List<string> missing = [];
        if (from > to)
        {
            return;
        }

        if (from < first)
        {
            missing.Add(Range(from, Math.Min(to, first - 1)));
        }

        if (to > last)
        {
            missing.Add(Range(Math.Max(from, last + 1), to));
        }

        if (missing.Count > 0)
        {
            throw new CannotKnowException(
                $"the block files hold the blocks {first} to {last}; missing: {string.Join(" and ", missing)}");
        }
    }

    private static string Range(ulong from, ulong to) => from == to ? $"{from}" : $"{from} to {to}";

    private readonly record struct Found(Block Block, int Index, int Height)
    {
        public Transaction Transaction => Block[Index];
    }
}
