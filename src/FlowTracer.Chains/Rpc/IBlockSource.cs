using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>A block with all that moved in it, as a trace from the same source would see it.</summary>
/// <param name="Block">The block.</param>
/// <param name="Movements">In chain order.</param>
public sealed record BlockFacts(FlowBlock Block, IReadOnlyList<Movement> Movements)
{
    /// <summary>The coins spent in it of which the source does not state what they were worth.</summary>
    public IReadOnlyList<OutPoint> UnknownCoins { get; init; } = [];

    /// <summary>The same block for somebody who knows some of them; null where there are none.</summary>
    public Func<IReadOnlyDictionary<OutPoint, CoinWorth>, BlockFacts>? Knowing { get; init; }
}

/// <summary>What a coin was worth, and to whom.</summary>
/// <param name="Amount">In satoshi; zero for one that only carries data.</param>
/// <param name="Address">The address it paid to; none where its script has none.</param>
public readonly record struct CoinWorth(Amount Amount, Address Address);

/// <summary>A block whose answers are there.</summary>
public interface IFetchedBlock
{
    /// <summary>What moved in it.</summary>
    /// <exception cref="SourceException">What its answers lead on to could not be asked.</exception>
    Task<BlockFacts> DecodeAsync(CancellationToken cancellationToken);
}

/// <summary>A chain read block by block, whole: what a store is filled from. Any number of blocks may be read at once.</summary>
public interface IBlockSource
{
    /// <summary>For a person: the source without its secrets.</summary>
    string Name { get; }

    /// <summary>How blocks are read, for a person.</summary>
    string Method { get; }

    /// <summary>The chain.</summary>
    ChainId Chain { get; }

    /// <summary>The chain as it is now, up to the block to read to.</summary>
    /// <param name="confirmations">How many blocks behind the newest; null for the newest that counts as final.</param>
    /// <param name="asOf">That very block; null for none in particular.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InputException">The source does not have that block yet.</exception>
    Task<ChainView> LookAsync(ulong? confirmations, ulong? asOf, CancellationToken cancellationToken);

    /// <summary>The hash of a block as it is now; null where the source has none of that number.</summary>
    Task<TxHash?> HashNowAsync(ulong number, CancellationToken cancellationToken);

    /// <summary>Asks for a block.</summary>
    /// <exception cref="SourceException">The source does not answer, or not with a block of that number.</exception>
    Task<IFetchedBlock> FetchAsync(ulong number, CancellationToken cancellationToken);

    /// <summary>What coins were worth, by the transactions that made them; null for each that the source does not find.</summary>
    Task<IReadOnlyList<CoinWorth?>> WorthAsync(IReadOnlyList<OutPoint> coins, CancellationToken cancellationToken);

    /// <summary>What a token states of itself, as a trace from the same source would show it.</summary>
    Task<TokenName> NameOfAsync(Asset token, CancellationToken cancellationToken);

    /// <summary>What a holder of an account chain has after a block, in base units; null where the source cannot say.</summary>
    Task<BigInteger?> HeldAsync(Holder holder, ulong block, CancellationToken cancellationToken);
}
