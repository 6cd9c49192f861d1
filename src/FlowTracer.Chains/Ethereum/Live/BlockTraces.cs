using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>The traces of a block by one question, or, of a node that does not take it, transaction by transaction.</summary>
internal static class BlockTraces
{
    /// <summary>What contracts moved inside each transaction, in their order.</summary>
    /// <param name="node">The node.</param>
    /// <param name="reader">Reads one transaction.</param>
    /// <param name="block">The block, with at least one transaction.</param>
    /// <param name="call">The question about all of it.</param>
    /// <param name="decode">Reads its answer.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<InternalFlow>> ReadAsync(
        EthereumNode node, IInternalReader reader, Block block, RpcCall call,
        Func<JsonElement, IReadOnlyList<TracedTransaction>> decode, CancellationToken cancellationToken)
    {
        IReadOnlyList<TracedTransaction>? traced = await node.TryAskAsync(
            call with { LastBlock = block.Number }, answer => Checked(decode(answer), block), cancellationToken).ConfigureAwait(false);
        return traced is null
            ? await Task.WhenAll(block.Transactions.Select(tx => reader.ReadAsync(tx.Ref, cancellationToken))).ConfigureAwait(false)
            : [.. traced.Select(static tx => new InternalFlow(tx.Transfers, tx.TookEffect))];
    }

    private static IReadOnlyList<TracedTransaction> Checked(IReadOnlyList<TracedTransaction> traced, Block block)
    {
        bool fits = traced.Count == block.Transactions.Length
            && traced.Zip(block.Transactions).All(static pair => pair.First.Tx is not TxHash hash || hash == pair.Second.Hash);
        return fits ? traced : throw new AnswerFormatException(string.Empty, $"is not the traces of block {block.Number}");
    }
}
