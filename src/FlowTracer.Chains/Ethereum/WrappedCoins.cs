using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// Contracts that wrap a chain's coin as WETH9 does: they log <c>Deposit</c> and <c>Withdrawal</c>, and no
/// <c>Transfer</c>, when they mint and burn. One that logs both does not belong here: it would count twice.
/// </summary>
public sealed class WrappedCoins
{
    // 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2, WETH9 on Ethereum's main network.
    private static readonly byte[] MainnetWeth = Convert.FromHexString("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");

    private readonly ImmutableHashSet<Address> _contracts;

    private WrappedCoins(ImmutableHashSet<Address> contracts) => _contracts = contracts;

    /// <summary>None.</summary>
    public static WrappedCoins None { get; } = new([]);

    /// <summary>Those known on a chain: WETH on Ethereum, nothing elsewhere.</summary>
    /// <param name="chain">The chain; a test network with Ethereum's chain id has its WETH too.</param>
    public static WrappedCoins KnownOn(ChainId chain) =>
        chain == ChainId.Ethereum ? None.With(Address.FromAccountBytes(chain, MainnetWeth)) : None;

    /// <summary>These and one more.</summary>
    public WrappedCoins With(Address contract) => new(_contracts.Add(contract));

    /// <summary>All of them, sorted.</summary>
    public IEnumerable<Address> Contracts => _contracts.Order();

    /// <summary>Whether a contract is one of them.</summary>
    public bool Contains(Address contract) => _contracts.Contains(contract);
}
