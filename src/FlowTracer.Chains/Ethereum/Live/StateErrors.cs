using FlowTracer.Chains.Rpc;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>What nodes say when they have no state of an old block. They agree on no code for it.</summary>
internal static class StateErrors
{
    private static readonly string[] Phrases =
    [
        "missing trie node", // Geth
        "state not available", "state is not available", "historical state", // Geth, Besu
        "pruned", // Erigon, Nethermind, Besu
        "no state available", // Nethermind
        "distance to target block exceeds", // Reth
        "state histories haven't been fully indexed", // Geth's path scheme
        "archive", // providers: "requires an archive node"
        "older than", "too old",
        "missing account state", "world state unavailable",
    ];

    /// <summary>Whether a refusal means that the node has no state of the block, rather than a fault.</summary>
    public static bool IsMissingState(RpcError error)
    {
        const int methodNotFound = -32601;
        return error.Code == methodNotFound
            || Array.Exists(Phrases, phrase => error.Message.Contains(phrase, StringComparison.OrdinalIgnoreCase));
    }
}
