using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ports;

/// <summary>Where facts of a store come from: whoever needs to see it again asks this source, and holds the answer against the digest.</summary>
/// <param name="Source">The node, or the file, without secrets.</param>
/// <param name="Answer">SHA-256 of the file, or over all answers used, in lower-case hexadecimal.</param>
public sealed record FlowOrigin(string Source, string Answer);

/// <summary>One block, as its chain names it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Parent">The hash of the block before it.</param>
/// <param name="TimeSeconds">Its Unix time.</param>
/// <param name="Answer">SHA-256 over the answers this block was read from, in lower-case hexadecimal.</param>
public sealed record FlowBlock(ulong Number, TxHash Hash, TxHash Parent, long TimeSeconds, string Answer);

/// <summary>What a holder had before the first block of a store, in base units.</summary>
public sealed record FlowOpening(Holder Holder, Amount Amount);

/// <summary>What a token states of itself, for display: anybody can state anything, and a token is its contract.</summary>
/// <param name="Token">The token.</param>
/// <param name="Symbol">Its symbol; null where it states none.</param>
/// <param name="Decimals">Digits behind the point, 0 to 255; null where it states none.</param>
public sealed record TokenName(Asset Token, string? Symbol, int? Decimals);

/// <summary>
/// What is appended to a store at once. With blocks, it is all that happened in them: they follow each other, and the last
/// block the store has of the chain. Without, it is (part of) a record of which nothing says that it is complete.
/// </summary>
/// <param name="Chain">The chain of all of it.</param>
/// <param name="Origin">Where it comes from.</param>
/// <param name="Blocks">The blocks, ascending; empty for a record.</param>
/// <param name="Movements">In chain order, each at a position of its own.</param>
public sealed record FlowLoad(
    ChainId Chain, FlowOrigin Origin, ImmutableArray<FlowBlock> Blocks, IReadOnlyList<Movement> Movements)
{
    /// <summary>What holders of account chains that appear here for the first time had before the store's first block of the chain.</summary>
    public IReadOnlyList<FlowOpening> Openings { get; init; } = [];

    /// <summary>
    /// What tokens that appear here for the first time state of themselves: no facts, in no digest, and kept by a roll back. What
    /// a store was told before stays.
    /// </summary>
    public IReadOnlyList<TokenName> Names { get; init; } = [];

    /// <summary>Whether the origin has more to come: until then, it counts as unfinished.</summary>
    public bool HasMore { get; init; }
}

/// <summary>What an append changed.</summary>
/// <param name="Added">Movements that are new.</param>
/// <param name="Known">Movements that were there already, the same to the unit.</param>
public readonly record struct FlowAppended(long Added, long Known);

/// <summary>What a store has of a chain.</summary>
/// <param name="Chain">Which.</param>
/// <param name="First">The first block of those it has whole; null when it has none.</param>
/// <param name="Last">The last of them.</param>
/// <param name="Movements">How many movements, records' too.</param>
/// <param name="Unfinished">Origins of which a part is still to come.</param>
public sealed record FlowCoverage(
    ChainId Chain, FlowBlock? First, FlowBlock? Last, long Movements, ImmutableArray<FlowOrigin> Unfinished);

/// <summary>
/// Facts kept for good. A store answers as the source its facts come from does: movements with all their parts, in chain
/// order. What a holder has before a position is the net of what the store has before it, and of the opening it was told.
/// Where the store has blocks of the chain, it knows a holder's whole history in them: the coverage is complete up to the
/// last one's time, openings are null for holders it was told none of unless its first block is the chain's first, and the
/// closing balance is what opening and movements come to. Where it has none of the chain's blocks, it is a record:
/// openings are the net, closing balances null, nothing is complete.
/// <para>One writer at a time; readers see whole appends or nothing of them.</para>
/// </summary>
public interface IFlowStore : IHistorySource, IAsyncDisposable
{
    /// <summary>For a person: the file or the cluster, without secrets.</summary>
    string Name { get; }

    /// <summary>
    /// Adds a load, all of it or nothing. What is there already, the same to the unit and at the same position, stays as it
    /// is, so that a load repeated changes nothing.
    /// </summary>
    /// <exception cref="InputException">
    /// The blocks do not follow the store's (by number and parent hash), a position holds other facts already (the message
    /// names the transaction and both origins), or the store cannot be written.
    /// </exception>
    /// <exception cref="SourceException">The store does not answer, or the disk is full: nothing of the load is there.</exception>
    Task<FlowAppended> AppendAsync(FlowLoad load, CancellationToken cancellationToken);

    /// <summary>Removes all blocks of a chain after one, with what happened in them: a reorganisation. Null removes every block.</summary>
    Task RollBackAsync(ChainId chain, ulong? last, CancellationToken cancellationToken);

    /// <summary>What it has, by chain, in the order of the chains.</summary>
    Task<IReadOnlyList<FlowCoverage>> CoverageAsync(CancellationToken cancellationToken);

    /// <summary>A block it has; null when it does not have it.</summary>
    Task<FlowBlock?> BlockAsync(ChainId chain, ulong number, CancellationToken cancellationToken);

    /// <summary>Where a transaction's facts come from; empty when it does not know the transaction.</summary>
    Task<IReadOnlyList<FlowOrigin>> OriginsOfAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken);

    /// <summary>What the store was told of tokens; those of whom it was told nothing are left out.</summary>
    Task<IReadOnlyList<TokenName>> NamesOfAsync(IReadOnlyCollection<Asset> tokens, CancellationToken cancellationToken);

    /// <summary>
    /// Looks at everything: digests, references, order, counts. One clause for each fault; empty when it is sound.
    /// </summary>
    /// <param name="progress">Told how much is done, in per cent; null for nobody.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task<IReadOnlyList<string>> CheckAsync(IProgress<int>? progress, CancellationToken cancellationToken);
}
