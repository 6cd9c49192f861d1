using System.Collections.Immutable;
using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary><c>trace_filter</c> (Erigon, Nethermind, Reth, Anvil): every call to and from an account.</summary>
internal sealed class TraceFilterIndex(EthereumNode node, ulong widestRange) : ITransactionIndex
{
    public string Method => "trace_filter";

    public bool FindsInternal => true;

    public async Task<IReadOnlyList<TxRef>> FindAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        // Given together, the two would mean "from and to" to some nodes and "from or to" to others.
        List<TxRef>[] sides = await Task.WhenAll(((string[])["fromAddress", "toAddress"]).Select(side => RangeReader.ReadAsync(
            first, last, widestRange,
            (start, end) => ReadAsync(side, address, start, end, cancellationToken)))).ConfigureAwait(false);
        return [.. sides.SelectMany(static side => side)];
    }

    private Task<IReadOnlyList<TxRef>?> ReadAsync(
        string side, Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        string filter =
            $"{{\"fromBlock\":\"{RpcParams.Quantity(first)}\",\"toBlock\":\"{RpcParams.Quantity(last)}\",\"{side}\":[\"{EthereumNode.Lower(address)}\"]}}";
        return node.AskRangeAsync(
            new RpcCall("trace_filter", RpcParams.Of(new RawJson(filter))) { LastBlock = last },
            first == last,
            answer => Transactions(answer, first, last),
            cancellationToken);
    }

    // Rewards belong to no transaction; balances tell of them.
    private ImmutableArray<TxRef> Transactions(JsonElement answer, ulong first, ulong last)
    {
        if (answer.ValueKind != JsonValueKind.Array)
        {
            throw new AnswerFormatException(string.Empty, "is not a list of traces");
        }

        ImmutableArray<TxRef>.Builder found = ImmutableArray.CreateBuilder<TxRef>();
        foreach (JsonElement element in answer.EnumerateArray())
        {
            TraceRow row = TraceRow.Decode(element, node.Chain);
            if (row.Block < first || row.Block > last)
            {
                throw new AnswerFormatException("blockNumber", $"is {row.Block}, outside the range asked for");
            }

            node.CheckHash(row.Block, row.BlockHash);
            if (row.Tx is TxRef tx)
            {
                found.Add(tx);
            }
        }

        return found.ToImmutable();
    }
}
