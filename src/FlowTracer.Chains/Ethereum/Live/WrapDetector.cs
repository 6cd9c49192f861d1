using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// Tells which contracts wrap the coin as WETH9 does, on any chain: they log <c>Deposit</c> or <c>Withdrawal</c>, have
/// 18 decimals, and a total supply that is their own balance of the coin to the wei.
/// </summary>
internal sealed class WrapDetector(EthereumNode node, WrappedCoins known, Func<ulong> head)
{
    private const int WrapTopics = 2;

    // totalSupply() and decimals(): selectors 18160ddd and 313ce567 (ERC-20).
    private const string TotalSupply = "0x18160ddd";
    private const string Decimals = "0x313ce567";

    private readonly Memo<Address, bool> _found = new();

    /// <summary>Those known beforehand.</summary>
    public WrappedCoins Known => known;

    /// <summary>Forgets what was found out.</summary>
    public void Clear() => _found.Clear();

    /// <summary>The wrapped coins among the contracts that logged in a transaction, and those known.</summary>
    public async Task<WrappedCoins> InAsync(Receipt receipt, CancellationToken cancellationToken)
    {
        Address[] candidates =
        [
            .. receipt.Logs.Where(log => log.Topics.Length == WrapTopics
                    && log.Data.Length == Word.ByteLength
                    && (log.Topics[0] == KnownEvents.Deposit || log.Topics[0] == KnownEvents.Withdrawal)
                    && !known.Contains(log.Contract))
                .Select(static log => log.Contract).Distinct(),
        ];
        bool[] wraps = await Task.WhenAll(candidates.Select(contract => _found.GetAsync(
            contract, _ => WrapsAsync(contract, cancellationToken)))).ConfigureAwait(false);
        WrappedCoins wrapped = known;
        for (int i = 0; i < candidates.Length; i++)
        {
            wrapped = wraps[i] ? wrapped.With(candidates[i]) : wrapped;
        }

        return wrapped;
    }

    private async Task<bool> WrapsAsync(Address contract, CancellationToken cancellationToken)
    {
        Task<byte[]?> supply = node.CallAsync(contract, TotalSupply, head(), cancellationToken);
        Task<byte[]?> decimals = node.CallAsync(contract, Decimals, head(), cancellationToken);
        Task<BigInteger?> balance = node.BalanceAsync(contract, head(), cancellationToken);
        await Task.WhenAll(supply, decimals, balance).ConfigureAwait(false);
        return await supply.ConfigureAwait(false) is { Length: Word.ByteLength } stated
            && TokenText.Decimals(await decimals.ConfigureAwait(false)) == contract.Chain.CoinDecimals
            && Word.FromBytes(stated).ToAmount().ToBigInteger() == await balance.ConfigureAwait(false);
    }
}
