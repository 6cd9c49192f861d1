using System.Text.Json;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>A row of <c>trace_filter</c> or <c>trace_block</c>: which transaction to look at, or a reward.</summary>
/// <param name="Block">The block's number.</param>
/// <param name="BlockHash">The block's hash.</param>
/// <param name="Tx">The transaction; null for a reward, which belongs to none.</param>
/// <param name="IsTopCall">Whether it is the transaction's own call or creation.</param>
/// <param name="Reward">The reward, where it is one.</param>
public sealed record TraceRow(ulong Block, Word BlockHash, TxRef? Tx, bool IsTopCall, TraceReward? Reward)
{
    /// <summary>Reads a row.</summary>
    /// <exception cref="AnswerFormatException">It is not one.</exception>
    public static TraceRow Decode(JsonElement row, ChainId chain) => throw new NotSupportedException("not written yet");
}

/// <summary>A credit by the protocol, as traces state it.</summary>
/// <param name="Kind"><c>block</c>, <c>uncle</c>, <c>withdrawal</c> or what else a node says.</param>
/// <param name="To">Who gets it.</param>
/// <param name="Value">Wei.</param>
public sealed record TraceReward(string Kind, Address To, Amount Value);
