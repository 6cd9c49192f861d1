using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Finds out what a Bitcoin source is and where its chain ends, by asking it.</summary>
public sealed class BitcoinProbe(IRpc rpc)
{
    // Six blocks is what the field takes for final; a deeper reorganisation has not been seen on the main chain since 2013.
    private const ulong UsualConfirmations = 6;

    // What is kept for good lies a good deal deeper: a coinbase may not be spent before (consensus: 100 blocks).
    private const ulong FinalDepth = 100;

    /// <summary>The chain the source is on.</summary>
    /// <exception cref="InputException">It answers, but not as a source of Bitcoin does.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<ChainId> ChainAsync(CancellationToken cancellationToken)
    {
        string genesis = await GenesisAsync(cancellationToken).ConfigureAwait(false);
        return (Hash256.TryParse(genesis, out Hash256 hash) ? KnownGenesis.ChainOf(hash) : null)
            ?? throw new InputException($"{rpc.Name} is on no Bitcoin network known here: its first block is {genesis}");
    }

    /// <summary>What the source is and can do.</summary>
    public async Task<AboutSource> AboutAsync(CancellationToken cancellationToken) =>
        (await AskAsync(BitcoinCalls.AboutSource(), cancellationToken).ConfigureAwait(false)).Deserialize<AboutSource>()!;

    /// <summary>The chain up to the block to look at.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="confirmations">How many blocks behind the newest; null for the usual six.</param>
    /// <param name="asOf">That very block; null for none in particular.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<ChainView> LookAsync(ChainId chain, ulong? confirmations, ulong? asOf, CancellationToken cancellationToken)
    {
        BitcoinNode node = new(rpc, chain);
        ulong newest = await node.HeightAsync(cancellationToken).ConfigureAwait(false);
        // A transaction in the newest block has one confirmation: with six, five blocks stand on it.
        ulong behind = confirmations ?? UsualConfirmations - 1;
        ulong head = asOf ?? newest - Math.Min(newest, behind);
        if (head > newest)
        {
            throw new InputException($"block {head} is not there yet: {rpc.Name} has blocks up to {newest}");
        }

        BlockHeader? header = await node.FreshHeaderAsync(head, isKept: false, cancellationToken).ConfigureAwait(false);
        while (header is null && asOf is null && head < newest)
        {
            // A folder of a few block files may have no block as old as that.
            header = await node.FreshHeaderAsync(++head, isKept: false, cancellationToken).ConfigureAwait(false);
        }

        if (header is not { } last)
        {
            throw asOf is null
                ? new SourceException(rpc.Name, BitcoinCalls.HeaderAt(head).Shown, "has no such block")
                : new InputException($"{rpc.Name} has no block {head}");
        }

        return new ChainView(
            chain, await GenesisAsync(cancellationToken).ConfigureAwait(false), head, last.ComputeHash().ToString(), last.Time,
            newest - Math.Min(newest, FinalDepth));
    }

    private async Task<string> GenesisAsync(CancellationToken cancellationToken) =>
        (await AskAsync(BitcoinCalls.GenesisHash(), cancellationToken).ConfigureAwait(false)).ToString();

    private async Task<JsonElement> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error ? answer.Result
            : throw new SourceException(rpc.Name, call.Shown, error.Message) { IsAnswered = true };
    }
}
