using System.Collections.Frozen;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>Events of known protocols, by their first topic: the Keccak-256 of the event's signature.</summary>
public static class KnownEvents
{
    private static readonly FrozenDictionary<Word, string> Swaps = new (string Name, string Signature)[]
        {
            ("Uniswap V2 Swap", "Swap(address,uint256,uint256,uint256,uint256,address)"),
            ("Uniswap V3 Swap", "Swap(address,address,int256,int256,uint160,uint128,int24)"),
            ("Uniswap V4 Swap", "Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)"),
            // Curve's stable pools index coins by int128, its crypto pools by uint256, the newer with fee and price.
            ("Curve TokenExchange", "TokenExchange(address,int128,uint256,int128,uint256)"),
            ("Curve TokenExchangeUnderlying", "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)"),
            ("Curve TokenExchange", "TokenExchange(address,uint256,uint256,uint256,uint256)"),
            ("Curve TokenExchange", "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)"),
            ("Balancer V2 Swap", "Swap(bytes32,address,address,uint256,uint256)"),
        }
        .ToFrozenDictionary(static swap => TopicOf(swap.Signature), static swap => swap.Name);

    /// <summary>ERC-20's (and ERC-721's) <c>Transfer(address,address,uint256)</c>.</summary>
    public static Word Transfer { get; } = TopicOf("Transfer(address,address,uint256)");

    /// <summary>WETH9's <c>Deposit(address,uint256)</c>.</summary>
    public static Word Deposit { get; } = TopicOf("Deposit(address,uint256)");

    /// <summary>WETH9's <c>Withdrawal(address,uint256)</c>.</summary>
    public static Word Withdrawal { get; } = TopicOf("Withdrawal(address,uint256)");

    /// <summary>The first topic of an event.</summary>
    /// <param name="signature">Its name and the types of its arguments, without spaces.</param>
    public static Word TopicOf(string signature) =>
        Word.FromBytes(Keccak256.Hash(Encoding.ASCII.GetBytes(signature)));

    /// <summary>The known protocol's swap that a first topic names, e.g. <c>Uniswap V3 Swap</c>; null for any other.</summary>
    public static string? SwapNamed(Word topic) => Swaps.GetValueOrDefault(topic);

    /// <summary>
    /// The swaps that contracts logged as known protocols do, in order, e.g. <c>Uniswap V3 Swap of 0x…</c>. Anybody can
    /// log such an event: it confirms what transfers show and proves nothing alone.
    /// </summary>
    /// <param name="receipt">The transaction's receipt.</param>
    public static IReadOnlyList<string> SwapEventsIn(Receipt receipt) =>
    [
        .. from log in receipt.Logs
           where !log.Topics.IsEmpty
           let name = SwapNamed(log.Topics[0])
           where name is not null
           select $"{name} of {log.Contract}",
    ];
}
