using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// Token transfers of an account by <c>eth_getLogs</c>, on both indexed topics, and the deposits and withdrawals of
/// contracts that wrap the coin. What a token is called plays no part; transfers of nothing are passed over.
/// </summary>
internal sealed class TokenLogs(EthereumNode node, WrappedCoins wrapped, ulong widestRange)
{
    /// <summary>The logs that name the account, in any order; those of one transfer to itself twice.</summary>
    public async Task<IReadOnlyList<Log>> ReadAsync(
        Address address, ulong first, ulong last, CancellationToken cancellationToken)
    {
        string transfer = $"\"{KnownEvents.Transfer}\"";
        string wraps = $"[\"{KnownEvents.Deposit}\",\"{KnownEvents.Withdrawal}\"]";
        string topic = EthereumNode.Topic(address);
        List<Task<List<Log>>> reads =
        [
            ReadAsync(null, [transfer, topic], 1, address, first, last, cancellationToken),
            ReadAsync(null, [transfer, "null", topic], 2, address, first, last, cancellationToken),
            .. wrapped.Contracts.Select(contract =>
                ReadAsync(contract, [wraps, topic], 1, address, first, last, cancellationToken)),
        ];
        List<Log>[] logs = await Task.WhenAll(reads).ConfigureAwait(false);
        return [.. logs.SelectMany(static part => part).Where(log => TransactionFacts.TokenTransfer(log, wrapped) is { Amount.IsZero: false })];
    }

    private Task<List<Log>> ReadAsync(
        Address? contract, string[] topics, int place, Address address, ulong first, ulong last,
        CancellationToken cancellationToken) => RangeReader.ReadAsync(
            first, last, widestRange,
            (start, end) => node.LogsAsync(
                contract, topics, start, end,
                log => (contract is null || log.Contract == contract)
                    && log.Topics.Length > place
                    && log.Topics[place].TryGetAddress(node.Chain, out Address named)
                    && named == address,
                cancellationToken));
}
