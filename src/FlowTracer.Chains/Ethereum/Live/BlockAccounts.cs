using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>Who is named by which transaction of a block, and what the block's own facts (no trace) move.</summary>
internal sealed class BlockAccounts
{
    /// <summary>What a transfer without data to an account without code uses: no code ran (Yellow Paper, G_transaction).</summary>
    public const ulong PlainTransferGas = 21_000;

    private readonly ImmutableArray<Receipt> _receipts;
    private readonly HashSet<Address>[] _named;
    private readonly Dictionary<Address, int> _namers = [];
    private readonly ChainId _chain;

    public BlockAccounts(Block block, ImmutableArray<Receipt> receipts, ChainId chain)
    {
        (Block, _receipts, _chain) = (block, receipts, chain);
        _named = [.. block.Transactions.Select((tx, i) => Named(tx, receipts[i]))];
        foreach (Address address in _named.SelectMany(static named => named))
        {
            _namers[address] = _namers.GetValueOrDefault(address) + 1;
        }
    }

    /// <summary>The block.</summary>
    public Block Block { get; }

    /// <summary>Whom a transaction names: sender, receiver, and what looks like an address among its data and logs.</summary>
    public IReadOnlySet<Address> NamedBy(uint index) => _named[index];

    /// <summary>Whether another transaction of the block names an address too.</summary>
    public bool IsNamedByOthers(Address address, uint index) =>
        _namers.GetValueOrDefault(address) > (_named[index].Contains(address) ? 1 : 0);

    /// <summary>The transactions that ran code, those that mention an address first.</summary>
    public IEnumerable<Transaction> RunningCode(Address mentioned) => Block.Transactions
        .Where((tx, i) => _receipts[i].GasUsed > PlainTransferGas && _receipts[i].Succeeded != false)
        .OrderBy(tx => Mentions(tx, mentioned) ? 0 : 1)
        .ThenBy(static tx => tx.Index);

    /// <summary>
    /// What the block's own facts add to an account, in wei: value sent and received, fees, tips, withdrawals.
    /// </summary>
    public BigInteger ExplainedNetOf(Address address)
    {
        BigInteger net = TipsOf(address);
        for (int i = 0; i < _receipts.Length; i++)
        {
            (Transaction tx, Receipt receipt) = (Block.Transactions[i], _receipts[i]);
            bool paid = TransactionFacts.TookEffect(tx, receipt, []) ?? true;
            Address to = tx.To.IsNone ? receipt.Created : tx.To;
            BigInteger value = paid ? tx.Value.ToBigInteger() : 0;
            net += to == address ? value : 0;
            net -= tx.From == address ? value + receipt.Fee.ToBigInteger() : 0;
        }

        foreach (Withdrawal withdrawal in Block.Withdrawals)
        {
            net += withdrawal.To == address ? withdrawal.Amount.ToBigInteger() : 0;
        }

        return net;
    }

    /// <summary>The tips that an account gets as the block's fee recipient, in wei.</summary>
    public BigInteger TipsOf(Address address) => Block.FeeRecipient == address ? TipsIn(Block, _receipts) : 0;

    /// <summary>
    /// The tips of a block's fee recipient, in wei: since London what senders pay above the base fee (EIP-1559), before it
    /// all of the gas.
    /// </summary>
    public static BigInteger TipsIn(Block block, ImmutableArray<Receipt> receipts)
    {
        BigInteger tips = 0;
        foreach (Receipt receipt in receipts)
        {
            tips += (receipt.GasPrice - (block.BaseFee ?? Amount.Zero)).ToBigInteger() * receipt.GasUsed;
        }

        return tips;
    }

    private static bool Mentions(Transaction tx, Address address)
    {
        Span<byte> bytes = stackalloc byte[Address.HashLength];
        address.CopyTo(bytes);
        return tx.Input.Span.IndexOf(bytes) >= 0;
    }

    private HashSet<Address> Named(Transaction tx, Receipt receipt)
    {
        HashSet<Address> named = [tx.From];
        Add(named, tx.To);
        Add(named, receipt.Created);
        AddWords(named, tx.Input.Span);
        foreach (Log log in receipt.Logs)
        {
            named.Add(log.Contract);
            foreach (Word topic in log.Topics)
            {
                AddWord(named, topic);
            }

            AddWords(named, log.Data.Span);
        }

        return named;
    }

    private static void Add(HashSet<Address> named, Address address)
    {
        if (!address.IsNone)
        {
            named.Add(address);
        }
    }

    // Arguments stand at multiples of 32 bytes, behind a selector of four (or, nested, of eight) bytes.
    private void AddWords(HashSet<Address> named, ReadOnlySpan<byte> data)
    {
        const int step = 4;
        for (int at = 0; at + Word.ByteLength <= data.Length; at += step)
        {
            AddWord(named, Word.FromBytes(data.Slice(at, Word.ByteLength)));
        }
    }

    // Numbers are words with leading zeros too; an address whose first four bytes are zero is taken for one.
    private void AddWord(HashSet<Address> named, Word word)
    {
        const int lowBits = 32;
        if ((word.High & uint.MaxValue) != 0 && word.High >> lowBits == 0 && word.TryGetAddress(_chain, out Address address))
        {
            named.Add(address);
        }
    }
}
