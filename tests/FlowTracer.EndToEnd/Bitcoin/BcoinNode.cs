using System.Text.Json;
using System.Text.RegularExpressions;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>
/// bcoin: a full node on the regression test network, with indexes of transactions and addresses, all in memory, without
/// peers. Its <c>getblock</c> wants truth values for verbosity and states no previous outputs, and it has none of the
/// methods that Bitcoin Core has for finding spenders.
/// </summary>
internal sealed partial class BcoinNode : IAsyncDisposable
{
    /// <summary>What it asks of whoever asks; the user's name does not matter to it.</summary>
    public const string Password = "correct-horse-battery-staple";

    private readonly NodeProcess _process;

    private BcoinNode(NodeProcess process)
    {
        _process = process;
        Url = new UriBuilder(process.Url) { UserName = "tester", Password = Password }.Uri;
        Rpc = new TestRpc(Url);
    }

    /// <summary>Its JSON-RPC address on the loopback interface, with user and password.</summary>
    public Uri Url { get; }

    /// <summary>The same without them: it refuses whoever comes so.</summary>
    public Uri BareUrl => _process.Url;

    /// <summary>Asks it, independently of the program.</summary>
    public TestRpc Rpc { get; }

    /// <summary>Starts one on a free port, with nothing but the first block.</summary>
    /// <param name="hasIndexes">Whether it indexes transactions and addresses.</param>
    public static async Task<BcoinNode> StartAsync(bool hasIndexes = true)
    {
        string[] arguments =
        [
            NodePackages.Bcoin, "--network=regtest", "--memory", "--no-wallet", "--listen=false", "--workers=false",
            // The network's own seed is this machine; a node somebody runs there is none of ours. Nothing listens on port 1.
            "--only=127.0.0.1:1",
            "--http-host=127.0.0.1", "--http-port=0", $"--api-key={Password}", "--log-level=info", "--log-file=false",
            .. hasIndexes ? ["--index-tx", "--index-address"] : Array.Empty<string>(),
        ];
        return new BcoinNode(await NodeProcess.StartAsync(
            NodePackages.Node!, arguments, Listening(), ("NODE_BACKEND", "js")));
    }

    /// <summary>Asks one question.</summary>
    public Task<JsonElement> CallAsync(string method, params object?[] parameters) => Rpc.CallAsync(method, parameters);

    public async ValueTask DisposeAsync()
    {
        Rpc.Dispose();
        await _process.DisposeAsync();
    }

    [GeneratedRegex(@"HTTP server listening on (\S+) \(port=(\d+)\)")]
    private static partial Regex Listening();
}
