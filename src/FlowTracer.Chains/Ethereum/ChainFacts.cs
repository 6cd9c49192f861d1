using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>A block as a node states it, with its transactions.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash, checked against its header where all of the header's fields are known.</param>
/// <param name="ParentHash">The hash of the block before.</param>
/// <param name="TimeSeconds">Unix time in seconds.</param>
/// <param name="FeeRecipient">Who gets the tips (and, before the Merge, the block reward).</param>
/// <param name="BaseFee">Wei a gas that is burnt (EIP-1559); null before London.</param>
/// <param name="Transactions">In their order; default (not empty) where only the header was read.</param>
/// <param name="Withdrawals">Credits by the protocol, after all transactions (EIP-4895); empty before Shanghai.</param>
/// <param name="UncleCount">How many uncles it names.</param>
public sealed record Block(
    ulong Number,
    Word Hash,
    Word ParentHash,
    long TimeSeconds,
    Address FeeRecipient,
    Amount? BaseFee,
    ImmutableArray<Transaction> Transactions,
    ImmutableArray<Withdrawal> Withdrawals,
    int UncleCount);

/// <summary>A credit to an address by the protocol (EIP-4895).</summary>
/// <param name="Index">Counts all withdrawals of the chain.</param>
/// <param name="To">Who gets it.</param>
/// <param name="Amount">In wei (nodes state gwei).</param>
public sealed record Withdrawal(ulong Index, Address To, Amount Amount);

/// <summary>A transaction as sent: what happened is in its receipt.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="BlockHash">The block it is in.</param>
/// <param name="Block">That block's number.</param>
/// <param name="Index">Its index in the block, from 0.</param>
/// <param name="From">The sender.</param>
/// <param name="To">Whom it calls; <see cref="Address.IsNone"/> when it creates a contract.</param>
/// <param name="Value">Wei sent along.</param>
/// <param name="Nonce">How many transactions the sender had sent before.</param>
/// <param name="Gas">The most gas it may use.</param>
/// <param name="Input">Its data.</param>
public sealed record Transaction(
    TxHash Hash,
    Word BlockHash,
    ulong Block,
    uint Index,
    Address From,
    Address To,
    Amount Value,
    ulong Nonce,
    ulong Gas,
    ReadOnlyMemory<byte> Input)
{
    /// <summary>
    /// Wei a gas as the node states it with the transaction: what the sender offered, or, of one with a fee market
    /// (EIP-1559) that is in a block, what it paid. Null where the node states none.
    /// </summary>
    public Amount? GasPrice { get; init; }

    /// <summary>Its name and place.</summary>
    public TxRef Ref => new(Hash, Block, Index);
}

/// <summary>What a transaction came to.</summary>
/// <param name="Tx">The transaction.</param>
/// <param name="BlockHash">The block it is in.</param>
/// <param name="Block">That block's number.</param>
/// <param name="Index">Its index in the block, from 0.</param>
/// <param name="Succeeded">Whether it took effect; null before Byzantium (EIP-658), when receipts did not say.</param>
/// <param name="From">The sender.</param>
/// <param name="Created">The contract it created; <see cref="Address.IsNone"/> when it created none.</param>
/// <param name="GasUsed">Gas used.</param>
/// <param name="Fee">
/// Wei the sender paid in all: gas used × effective price, blob gas used × its price (EIP-4844), and a rollup's
/// <c>l1Fee</c> where stated.
/// </param>
/// <param name="GasPrice">The effective price in wei a gas.</param>
/// <param name="Logs">In their order.</param>
public sealed record Receipt(
    TxHash Tx,
    Word BlockHash,
    ulong Block,
    uint Index,
    bool? Succeeded,
    Address From,
    Address Created,
    ulong GasUsed,
    Amount Fee,
    Amount GasPrice,
    ImmutableArray<Log> Logs)
{
    /// <summary>Wei of the fee that paid for blobs, all burnt (EIP-4844); zero where the receipt states none.</summary>
    public Amount BlobFee { get; init; }

    /// <summary>Wei of the fee that a rollup charges for its parent chain; zero where the receipt states none.</summary>
    public Amount L1Fee { get; init; }
}

/// <summary>An event that a contract logged.</summary>
/// <param name="Tx">In which transaction.</param>
/// <param name="BlockHash">In which block.</param>
/// <param name="Block">That block's number.</param>
/// <param name="TxIndex">The transaction's index in the block.</param>
/// <param name="Index">The log's index in the block.</param>
/// <param name="Contract">Who logged it.</param>
/// <param name="Topics">Up to four; the first names the event, by the Keccak-256 of its signature.</param>
/// <param name="Data">The arguments that are no topics.</param>
public sealed record Log(
    TxHash Tx,
    Word BlockHash,
    ulong Block,
    uint TxIndex,
    uint Index,
    Address Contract,
    ImmutableArray<Word> Topics,
    ReadOnlyMemory<byte> Data);

/// <summary>Wei that a contract moved inside a transaction: what took effect, and nothing else.</summary>
/// <param name="From">Who gave.</param>
/// <param name="To">Who got it: the address called, created, or named by a self-destruct.</param>
/// <param name="Value">How much, in wei; more than nothing.</param>
public sealed record InternalTransfer(Address From, Address To, Amount Value);

/// <summary>A transaction's name and place.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Block">Its block's number.</param>
/// <param name="Index">Its index in the block, from 0.</param>
public readonly record struct TxRef(TxHash Hash, ulong Block, uint Index) : IComparable<TxRef>
{
    /// <summary>Stands for an index that a source does not state.</summary>
    public const uint UnknownIndex = uint.MaxValue;

    /// <summary>Chain order.</summary>
    public int CompareTo(TxRef other)
    {
        int byBlock = Block.CompareTo(other.Block);
        return byBlock != 0 ? byBlock : Index.CompareTo(other.Index);
    }
}
