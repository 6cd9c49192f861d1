using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>What contracts moved inside a transaction, and how that is known.</summary>
/// <param name="Transfers">In execution order.</param>
/// <param name="TookEffect">Whether the transaction took effect, where that is told; else its receipt tells.</param>
/// <param name="IsUnsure">
/// Whether more may be listed than took effect: <c>ots_getInternalOperations</c> lists what was attempted and then
/// reverted, and Anvil's the transaction's own value too.
/// </param>
internal sealed record InternalFlow(IReadOnlyList<InternalTransfer> Transfers, bool? TookEffect, bool IsUnsure = false)
{
    /// <summary>The transfers without the transaction's own. Its sender runs no code, so that it pays nobody inside.</summary>
    public IReadOnlyList<InternalTransfer> InsideOf(Transaction tx, Receipt receipt) =>
        IsUnsure && Transfers.FirstOrDefault(transfer => transfer.From == tx.From) is { } own
        && own.Value == tx.Value && own.To == (tx.To.IsNone ? receipt.Created : tx.To)
            ? [.. Transfers.Where(transfer => !ReferenceEquals(transfer, own))]
            : Transfers;
}

/// <summary>Reads what contracts moved inside a transaction, by the node's own trace of it.</summary>
internal interface IInternalReader
{
    /// <summary>The method, for a person.</summary>
    string Method { get; }

    /// <summary>Reads one transaction.</summary>
    Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken);

    /// <summary>Reads all transactions of a block, in their order.</summary>
    async Task<IReadOnlyList<InternalFlow>> ReadBlockAsync(Block block, CancellationToken cancellationToken) =>
        await Task.WhenAll(block.Transactions.Select(tx => ReadAsync(tx.Ref, cancellationToken))).ConfigureAwait(false);

    /// <summary>The transactions of a block in which a contract paid an account or was paid by it.</summary>
    async Task<IReadOnlyList<TxRef>> FindInBlockAsync(Block block, Address address, CancellationToken cancellationToken)
    {
        InternalFlow[] flows = await Task.WhenAll(block.Transactions.Select(tx => ReadAsync(tx.Ref, cancellationToken)))
            .ConfigureAwait(false);
        return
        [
            .. block.Transactions
                .Where((_, i) => flows[i].Transfers.Any(transfer => transfer.From == address || transfer.To == address))
                .Select(static tx => tx.Ref),
        ];
    }
}

/// <summary><c>trace_transaction</c> and <c>trace_block</c>.</summary>
internal sealed class TraceReader(EthereumNode node) : IInternalReader
{
    public string Method => "trace_transaction";

    public Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall("trace_transaction", RpcParams.Of(tx.Hash.ToString(ChainFamily.Account))) { LastBlock = tx.Block },
        answer =>
        {
            if (answer.ValueKind != JsonValueKind.Array || answer.GetArrayLength() == 0)
            {
                throw new AnswerFormatException(string.Empty, "is no trace: every transaction has one call at least");
            }

            foreach (JsonElement row in answer.EnumerateArray())
            {
                TraceRow trace = TraceRow.Decode(row, node.Chain);
                node.CheckHash(trace.Block, trace.BlockHash);
                if (trace.Tx is not TxRef traced || traced.Hash != tx.Hash || traced.Block != tx.Block)
                {
                    throw new AnswerFormatException("transactionHash", "is of another transaction than was asked for");
                }
            }

            return new InternalFlow(
                InternalTransfers.FromTraces(answer, node.Chain), InternalTransfers.TookEffectByTraces(answer, node.Chain));
        },
        cancellationToken);

    public Task<IReadOnlyList<InternalFlow>> ReadBlockAsync(Block block, CancellationToken cancellationToken) => BlockTraces.ReadAsync(
        node, this, block, new RpcCall("trace_block", RpcParams.Of(block.Number)),
        answer =>
        {
            IReadOnlyList<TracedTransaction> traced = InternalTransfers.FromBlockTraces(answer, node.Chain);
            foreach (JsonElement row in answer.EnumerateArray())
            {
                TraceRow trace = TraceRow.Decode(row, node.Chain);
                node.CheckHash(trace.Block, trace.BlockHash);
            }

            return traced;
        },
        cancellationToken);

    public Task<IReadOnlyList<TxRef>> FindInBlockAsync(
        Block block, Address address, CancellationToken cancellationToken)
    {
        string wanted = EthereumNode.Lower(address);
        return node.AskAsync<IReadOnlyList<TxRef>>(
            new RpcCall("trace_block", RpcParams.Of(block.Number)) { LastBlock = block.Number },
            answer =>
            {
                List<TxRef> found = [];
                foreach (JsonElement row in answer.EnumerateArray())
                {
                    // A trace that concerns an account names it; what it means there is for the whole trace to say.
                    if (TraceRow.Decode(row, node.Chain).Tx is TxRef tx
                        && row.GetRawText().Contains(wanted[2..], StringComparison.OrdinalIgnoreCase))
                    {
                        found.Add(tx);
                    }
                }

                return found;
            },
            cancellationToken);
    }
}

/// <summary><c>debug_traceTransaction</c> and <c>debug_traceBlockByNumber</c> with <c>callTracer</c>.</summary>
internal sealed class CallTracerReader(EthereumNode node) : IInternalReader
{
    private static readonly RawJson Options = new("{\"tracer\":\"callTracer\"}");

    public string Method => "debug_traceTransaction";

    public Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall(
            "debug_traceTransaction", RpcParams.Of(tx.Hash.ToString(ChainFamily.Account), Options)) { LastBlock = tx.Block },
        answer => new InternalFlow(
            InternalTransfers.FromCallTracer(answer, node.Chain), InternalTransfers.TookEffectByCallTracer(answer)),
        cancellationToken);

    public Task<IReadOnlyList<InternalFlow>> ReadBlockAsync(Block block, CancellationToken cancellationToken) => BlockTraces.ReadAsync(
        node, this, block, new RpcCall("debug_traceBlockByNumber", RpcParams.Of(block.Number, Options)),
        answer => InternalTransfers.FromBlockCallTracer(answer, node.Chain), cancellationToken);
}

/// <summary><c>ots_getInternalOperations</c>.</summary>
internal sealed class OtterscanReader(EthereumNode node) : IInternalReader
{
    public string Method => "ots_getInternalOperations";

    public Task<InternalFlow> ReadAsync(TxRef tx, CancellationToken cancellationToken) => node.AskAsync(
        new RpcCall("ots_getInternalOperations", RpcParams.Of(tx.Hash.ToString(ChainFamily.Account))) { LastBlock = tx.Block },
        answer => new InternalFlow(InternalTransfers.FromOts(answer, node.Chain), null, IsUnsure: true),
        cancellationToken);
}
