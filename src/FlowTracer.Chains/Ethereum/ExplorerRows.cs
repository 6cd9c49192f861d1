using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>An explorer's answer: rows, or its refusal.</summary>
/// <param name="Rows">The rows that were read; empty when it refused.</param>
/// <param name="RowCount">
/// How many rows it sent, those of other kinds (NFTs among tokens) included: what tells a full page from the last.
/// </param>
/// <param name="FirstBlock">The lowest block among all rows it sent; 0 when there are none.</param>
/// <param name="LastBlock">The highest block among all rows it sent; 0 when there are none.</param>
/// <param name="Refusal">Why it refused; null when it answered.</param>
public sealed record ExplorerAnswer<T>(
    ImmutableArray<T> Rows, int RowCount, ulong FirstBlock, ulong LastBlock, ExplorerRefusal? Refusal);

/// <summary>What an explorer's refusal calls for.</summary>
public enum ExplorerRefusalKind
{
    /// <summary>Too many requests: ask again later.</summary>
    RateLimit = 1,

    /// <summary>The key is missing, invalid or does not cover this.</summary>
    Key,

    /// <summary>The result window (page × offset) is too large: ask for fewer blocks.</summary>
    Window,

    /// <summary>It took too long or is busy: ask again, or for less.</summary>
    Busy,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>An explorer's refusal.</summary>
/// <param name="Kind">What it calls for.</param>
/// <param name="Text">The explorer's own words, in one line.</param>
public sealed record ExplorerRefusal(ExplorerRefusalKind Kind, string Text);

/// <summary>A row of <c>txlist</c>.</summary>
/// <param name="Tx">The transaction; null for an account of the genesis block, which no transaction paid.</param>
/// <param name="Block">Its block's number.</param>
/// <param name="BlockHash">Its block's hash; null where the explorer does not state it.</param>
/// <param name="TimeSeconds">The block's Unix time in seconds.</param>
/// <param name="Index">Its index in the block, from 0.</param>
/// <param name="From">The sender; <see cref="Address.IsNone"/> in the genesis block.</param>
/// <param name="To">Whom it calls; <see cref="Address.IsNone"/> when it creates a contract.</param>
/// <param name="Created">The contract it created; <see cref="Address.IsNone"/> when it created none.</param>
/// <param name="Value">Wei sent along.</param>
/// <param name="Gas">The most gas it could use.</param>
/// <param name="GasUsed">Gas used.</param>
/// <param name="GasPrice">Wei a gas.</param>
/// <param name="Succeeded">Whether it took effect.</param>
public sealed record ExplorerTransactionRow(
    TxHash? Tx,
    ulong Block,
    Word? BlockHash,
    long TimeSeconds,
    uint Index,
    Address From,
    Address To,
    Address Created,
    Amount Value,
    ulong Gas,
    ulong GasUsed,
    Amount GasPrice,
    bool Succeeded);

/// <summary>A row of <c>txlistinternal</c>.</summary>
/// <param name="Tx">The transaction; null where the explorer was asked about one transaction and does not repeat it.</param>
/// <param name="Block">Its block's number.</param>
/// <param name="TimeSeconds">The block's Unix time in seconds.</param>
/// <param name="From">Who gave.</param>
/// <param name="To">Who got: the address called or created; <see cref="Address.IsNone"/> when a creation failed.</param>
/// <param name="Value">Wei.</param>
/// <param name="Kind">What kind of call, as the explorer names it, e.g. <c>call</c>, <c>create2</c>, <c>suicide</c>.</param>
/// <param name="Place">Its place in the transaction's call tree, e.g. 0, 1; empty where not stated.</param>
/// <param name="TookEffect">Whether the explorer says that it took effect.</param>
public sealed record ExplorerInternalRow(
    TxHash? Tx,
    ulong Block,
    long TimeSeconds,
    Address From,
    Address To,
    Amount Value,
    string Kind,
    ImmutableArray<uint> Place,
    bool TookEffect);

/// <summary>A row of <c>tokentx</c>.</summary>
/// <param name="Tx">The transaction.</param>
/// <param name="Block">Its block's number.</param>
/// <param name="BlockHash">Its block's hash; null where the explorer does not state it.</param>
/// <param name="TimeSeconds">The block's Unix time in seconds.</param>
/// <param name="TxIndex">The transaction's index in the block, from 0.</param>
/// <param name="LogIndex">The log's index in the block; null where the explorer does not state it.</param>
/// <param name="Contract">The token.</param>
/// <param name="From">Who gave; the zero address for what was minted.</param>
/// <param name="To">Who got; the zero address for what was burnt.</param>
/// <param name="Value">Token units.</param>
/// <param name="Symbol">What the token calls itself: for display only.</param>
/// <param name="Decimals">Digits behind the point: for display only; null where not stated.</param>
public sealed record ExplorerTokenRow(
    TxHash Tx,
    ulong Block,
    Word? BlockHash,
    long TimeSeconds,
    uint TxIndex,
    uint? LogIndex,
    Address Contract,
    Address From,
    Address To,
    Amount Value,
    string Symbol,
    int? Decimals);
