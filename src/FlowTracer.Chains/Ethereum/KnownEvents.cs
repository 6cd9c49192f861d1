namespace FlowTracer.Chains.Ethereum;

/// <summary>Events of known protocols, by their first topic: the Keccak-256 of the event's signature.</summary>
public static class KnownEvents
{
    /// <summary>ERC-20's (and ERC-721's) <c>Transfer(address,address,uint256)</c>.</summary>
    public static Word Transfer { get; }

    /// <summary>WETH9's <c>Deposit(address,uint256)</c>.</summary>
    public static Word Deposit { get; }

    /// <summary>WETH9's <c>Withdrawal(address,uint256)</c>.</summary>
    public static Word Withdrawal { get; }

    /// <summary>The swaps that known protocols logged, in order, e.g. <c>Uniswap V3 Swap of 0x…</c>.</summary>
    public static IReadOnlyList<string> SwapEventsIn(Receipt receipt) =>
        throw new NotSupportedException("not written yet");
}
