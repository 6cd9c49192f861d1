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
    /// <param name="row">An item of the answer.</param>
    /// <param name="chain">The chain it is of.</param>
    /// <exception cref="AnswerFormatException">It is not one.</exception>
    public static TraceRow Decode(JsonElement row, ChainId chain)
    {
        AnswerReader reader = new(row);
        ulong block = reader["blockNumber"].PlainNumber();
        Word blockHash = reader["blockHash"].Word();
        if (TraceTree.IsReward(reader))
        {
            AnswerReader action = reader["action"];
            TraceReward reward = new(
                action["rewardType"].Text(), action["author"].Address(chain), action["value"].Quantity());
            return new TraceRow(block, blockHash, null, IsTopCall: false, reward);
        }

        AnswerReader type = reader["type"];
        if (FrameKinds.Of(type.Text()) is null)
        {
            throw type.Fault($"is no kind of row known here: {type.Quoted()}");
        }

        TxRef tx = new(reader["transactionHash"].TxHash(), block, reader["transactionPosition"].PlainIndex());
        return new TraceRow(block, blockHash, tx, TraceTree.Place(reader).IsEmpty, null);
    }
}

/// <summary>A credit by the protocol, as traces state it.</summary>
/// <param name="Kind"><c>block</c>, <c>uncle</c>, <c>withdrawal</c> or what else a node says.</param>
/// <param name="To">Who gets it.</param>
/// <param name="Value">Wei.</param>
public sealed record TraceReward(string Kind, Address To, Amount Value);
