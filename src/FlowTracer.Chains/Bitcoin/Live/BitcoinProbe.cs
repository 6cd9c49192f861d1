using System.Text.Json;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Finds out what a Bitcoin source is and where its chain ends, by asking it.</summary>
public sealed class BitcoinProbe(IRpc rpc)
{
    // Six blocks is what the field takes for final; a deeper reorganisation has not been seen on the main chain since 2013.
    private const ulong UsualConfirmations = 6;

    // What is kept for good lies a good deal deeper: a coinbase may not be spent before (consensus: 100 blocks).
    private const ulong FinalDepth = 100;

    private static readonly (string Genesis, ChainId Chain)[] Networks =
    [
        ("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", ChainId.Bitcoin),
        ("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", ChainId.BitcoinTestnet),
        ("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043", ChainId.BitcoinTestnet),
        ("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", ChainId.BitcoinRegtest),
        ("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", ChainId.BitcoinSignet),
    ];

    /// <summary>The chain the source is on.</summary>
    /// <exception cref="InputException">It answers, but not as a source of Bitcoin does.</exception>
    /// <exception cref="SourceException">It does not answer.</exception>
    public async Task<ChainId> ChainAsync(CancellationToken cancellationToken)
    {
        string genesis = await GenesisAsync(cancellationToken).ConfigureAwait(false);
        return Array.Find(Networks, network => network.Genesis == genesis) is { Genesis: not null } found
            ? found.Chain
            : throw new InputException($"{rpc.Name} is on no Bitcoin network known here: its first block is {genesis}");
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

        BlockHeader header = await node.FreshHeaderAsync(head, isKept: false, cancellationToken).ConfigureAwait(false)
            ?? throw new SourceException(rpc.Name, BitcoinCalls.HeaderAt(head).Shown, "has no such block");
        return new ChainView(
            chain, await GenesisAsync(cancellationToken).ConfigureAwait(false), head, header.ComputeHash().ToString(), header.Time,
            newest - Math.Min(newest, FinalDepth));
    }

    private async Task<string> GenesisAsync(CancellationToken cancellationToken) =>
        (await AskAsync(BitcoinCalls.GenesisHash(), cancellationToken).ConfigureAwait(false)).GetString()!;

    private async Task<JsonElement> AskAsync(RpcCall call, CancellationToken cancellationToken)
    {
        RpcAnswer answer = await rpc.AskAsync(call, cancellationToken).ConfigureAwait(false);
        return answer.Error is not RpcError error ? answer.Result
            : throw new SourceException(rpc.Name, call.Shown, error.Message) { IsAnswered = true };
    }
}
