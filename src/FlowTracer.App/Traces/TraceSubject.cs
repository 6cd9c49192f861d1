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

    /// <summary>Recognises a subject.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="chain">The account chain that <c>0x</c> texts belong to.</param>
    /// <exception cref="InputException">An address or transaction is malformed.</exception>
    public static TraceSubject Parse(string text, ChainId chain)
    {
        if (text.Contains("://", StringComparison.Ordinal))
        {
            // It may hold a key, so it is not repeated.
            throw new InputException("what is traced is an address, a transaction or a heist; a node's URL is given with --source");
        }

        if (!text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return new OfHeist(text);
        }

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
}

/// <summary>What a user may say about a trace besides its subject.</summary>
public sealed record TraceRequest
{
    /// <summary>Heist id, address or transaction.</summary>
    public required string Subject { get; init; }

    /// <summary>The account chain that addresses and transactions belong to.</summary>
    public ChainId Chain { get; init; } = ChainId.Ethereum;

    /// <summary>The user's own record, with what to call it in errors; null for the one that ships with the program.</summary>
    public (string Name, byte[] Bytes)? Data { get; init; }

    /// <summary>Live sources; null when the facts are a record.</summary>
    public Sources.SourceRequest? Source { get; init; }

    /// <summary>Whether an address that is a contract may be traced.</summary>
    public bool AllowsContract { get; init; }

    /// <summary>How pools give up money.</summary>
    public Core.Taint.ITaintPolicy Policy { get; init; } = Core.Taint.TaintPolicies.Fifo;

    /// <summary>Which way.</summary>
    public Core.Ports.Direction Direction { get; init; } = Core.Ports.Direction.Forward;

    /// <summary>What stops it early.</summary>
    public Core.Tracing.Limits Limits { get; init; } = Core.Tracing.Limits.None;

    /// <summary>Which asset of an address or transaction: the coin's symbol or a contract; null for all.</summary>
    public string? Asset { get; init; }

    /// <summary>Which receiver of a transaction; null for all.</summary>
    public string? To { get; init; }

    /// <summary>How much, in the asset's whole units as people write it; null for all.</summary>
    public string? Amount { get; init; }

    /// <summary>From where on an address' money is traced (backward: up to where); null for all of it.</summary>
    public Core.Tracing.Moment? From { get; init; }

    /// <summary>The smallest lot followed, as <c>ASSET=AMOUNT</c>.</summary>
    public IReadOnlyList<string> SmallestLots { get; init; } = [];
}
