using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Traces;

/// <summary>What a user asks to trace, told apart by its form.</summary>
public abstract record TraceSubject
{
    /// <summary>A heist of the catalogue.</summary>
    public sealed record OfHeist(string Id) : TraceSubject;

    /// <summary>An address.</summary>
    public sealed record OfAddress(Address Address) : TraceSubject;

    /// <summary>A transaction.</summary>
    public sealed record OfTransaction(ChainId Chain, TxHash Tx) : TraceSubject;

    /// <summary>A coin of Bitcoin.</summary>
    public sealed record OfCoin(ChainId Chain, OutPoint Coin) : TraceSubject;

    /// <summary>
    /// Recognises a subject. What begins with <c>0x</c> is of an account chain; 64 digits without it, with or without
    /// <c>:index</c>, and addresses of Bitcoin are of Bitcoin; any other word is a heist.
    /// </summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="chain">The chain the user named; null where the form tells between the main networks.</param>
    /// <exception cref="InputException">An address or transaction is malformed.</exception>
    public static TraceSubject Parse(string text, ChainId? chain)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            // It may hold a key, so it is not repeated.
            throw new InputException("what is traced is an address, a transaction or a heist; a node's URL is given with --source");
        }

        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return chain is { Family: ChainFamily.Utxo } other
                ? throw new InputException($"{new ParseError(text, 1, $"begins with 0x, and nothing on {other} does")}")
                : OfAccountChain(text, chain ?? ChainId.Ethereum);
        }

        if (chain is { Family: ChainFamily.Account } named)
        {
            return IsIdOrCoin(text)
                ? throw new InputException($"{new ParseError(text, 1, $"is a transaction of Bitcoin, and --chain says {named}")}")
                : new OfHeist(text);
        }

        return OfUtxoChain(text, chain);
    }

    private static TraceSubject OfAccountChain(string text, ChainId chain)
    {
        // Twenty bytes are an address and thirty-two a transaction; what is nearer to one is a mistake in it.
        const int between = 2 + 52;
        if (text.Length > between)
        {
            return TxHash.TryParse(chain.Family, text, out TxHash tx, out ParseError txError)
                ? new OfTransaction(chain, tx)
                : throw new InputException($"transaction {txError}");
        }

        return Address.TryParse(chain, text, out Address address, out ParseError error)
            ? new OfAddress(address)
            : throw new InputException($"address {error}");
    }

    private static TraceSubject OfUtxoChain(string text, ChainId? named)
    {
        ChainId chain = named ?? ChainId.Bitcoin;
        if (IsIdOrCoin(text))
        {
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            string id = colon < 0 ? text : text[..colon];
            TxHash tx = TxHash.TryParse(chain.Family, id, out TxHash hash, out ParseError txError) ? hash
                : throw new InputException($"transaction {txError}");
            return colon < 0 ? new OfTransaction(chain, tx)
                : uint.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out uint index)
                    ? new OfCoin(chain, new OutPoint(tx, index))
                    : throw new InputException($"coin {new ParseError(text, colon + 2, "expected the output's index after the colon, as in txid:0")}");
        }

        // A heist's id has hyphens, and no address has one.
        return text.Contains('-', StringComparison.Ordinal) ? new OfHeist(text)
            : Address.TryParse(chain, text, out Address address, out ParseError error) ? new OfAddress(address)
            : named is null && IsOfTestNetwork(text) ? throw new InputException($"address {new ParseError(text, 1, "is of a test network: name it with --chain, as in --chain bitcoin-testnet")}")
            : named is null && !LooksLikeAddress(text) ? new OfHeist(text)
            : throw new InputException($"address {error}");
    }

    // An id has 64 digits, which no address has; one that lacks a few is a mistake in it.
    private static bool IsIdOrCoin(string text)
    {
        const int longest = 90;
        const int shortest = 60;
        string id = text.Split(':')[0];
        return text.Contains(':', StringComparison.Ordinal) || (id.Length is >= shortest and <= longest && id.All(char.IsAsciiHexDigit));
    }

    private static bool IsOfTestNetwork(string text) =>
        text.StartsWith("tb1", StringComparison.OrdinalIgnoreCase) || text.StartsWith("bcrt1", StringComparison.OrdinalIgnoreCase);

    private static bool LooksLikeAddress(string text) =>
        text.StartsWith("bc1", StringComparison.OrdinalIgnoreCase) || (text.Length is >= 26 and <= 35 && text[0] is '1' or '3');
}

/// <summary>What a user may say about a trace besides its subject.</summary>
public sealed record TraceRequest
{
    /// <summary>Heist id, address or transaction.</summary>
    public required string Subject { get; init; }

    /// <summary>The chain that addresses and transactions belong to; null where their form tells.</summary>
    public ChainId? Chain { get; init; }

    /// <summary>The user's own record, with what to call it in errors; null for the one that ships with the program.</summary>
    public (string Name, byte[] Bytes)? Data { get; init; }

    /// <summary>Live sources; null when the facts are a record.</summary>
    public Sources.SourceRequest? Source { get; init; }

    /// <summary>The store that holds the facts, empty for the user's own; null where they come from elsewhere.</summary>
    public string? Store { get; init; }

    /// <summary>Whether an address that is a contract may be traced.</summary>
    public bool AllowsContract { get; init; }

    /// <summary>How pools give up money.</summary>
    public Core.Taint.ITaintPolicy Policy { get; init; } = Core.Taint.TaintPolicies.Fifo;

    /// <summary>Which way.</summary>
    public Core.Ports.Direction Direction { get; init; } = Core.Ports.Direction.Forward;

    /// <summary>What stops it early.</summary>
    public Core.Tracing.Limits Limits { get; init; } = Core.Tracing.Limits.None;

    /// <summary>How many histories may be asked for (<see cref="Core.Tracing.Budget"/>); null for any number.</summary>
    public int? MaxRequests { get; init; }

    /// <summary>How long histories may be asked for; null for any time.</summary>
    public TimeSpan? MaxTime { get; init; }

    /// <summary>Which asset of an address or transaction: the coin's symbol or a contract; null for all.</summary>
    public string? Asset { get; init; }

    /// <summary>Which receiver of a transaction; null for all.</summary>
    public string? To { get; init; }

    /// <summary>How much, in the asset's whole units as people write it; null for all.</summary>
    public string? Amount { get; init; }

    /// <summary>From where on an address' money is traced (backward: up to where); null for all of it.</summary>
    public Core.Tracing.Moment? From { get; init; }

    /// <summary>Whether a Bitcoin fee is followed to the coinbase that takes it in.</summary>
    public bool FollowsFees { get; init; }

    /// <summary>Which heuristics may speak, on Bitcoin; null for those that are on by default.</summary>
    public Core.Clustering.HeuristicSet? Heuristics { get; init; }

    /// <summary>Whether a trace goes on through CoinJoins.</summary>
    public bool ThroughCoinJoins { get; init; }

    /// <summary>The smallest lot followed, as <c>ASSET=AMOUNT</c>.</summary>
    public IReadOnlyList<string> SmallestLots { get; init; } = [];
}
