using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// Contracts that wrap a chain's coin as WETH9 does: they log <c>Deposit</c> and <c>Withdrawal</c>, and no
/// <c>Transfer</c>, when they mint and burn.
/// </summary>
public sealed class WrappedCoins
{
    private readonly ImmutableHashSet<Address> _contracts;

    private WrappedCoins(ImmutableHashSet<Address> contracts) => _contracts = contracts;

    /// <summary>None.</summary>
    public static WrappedCoins None { get; } = new([]);

    /// <summary>Those known on a chain: WETH on Ethereum, nothing elsewhere.</summary>
    public static WrappedCoins KnownOn(ChainId chain) => throw new NotSupportedException("not written yet");

    /// <summary>These and one more.</summary>
    public WrappedCoins With(Address contract) => new(_contracts.Add(contract));

    /// <summary>Whether a contract is one of them.</summary>
    public bool Contains(Address contract) => _contracts.Contains(contract);
}
