using System.Globalization;
using System.Text.RegularExpressions;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A real node that a test started, with chain id 1, and that ends with it.</summary>
internal interface ITestNode : IAsyncDisposable
{
    /// <summary>Its JSON-RPC address on the loopback interface.</summary>
    Uri Url { get; }

    /// <summary>The chain on it.</summary>
    TestChain Chain { get; }
}

/// <summary>
/// Anvil: an archive node that offers trace_* (trace_filter over 300 blocks at most, numbers only), ots_* and debug_*. Its
/// <c>finalized</c> block is 64 behind the last one, as on the real chain, or block 0.
/// </summary>
internal sealed partial class AnvilNode : ITestNode
{
    private readonly NodeProcess _process;

    private AnvilNode(NodeProcess process)
    {
        _process = process;
        Chain = new TestChain(new TestRpc(process.Url));
    }

    /// <inheritdoc/>
    public Uri Url => _process.Url;

    /// <inheritdoc/>
    public TestChain Chain { get; }

    /// <summary>Starts one on a free port. Gas costs nothing unless a transaction says so.</summary>
    /// <param name="hardfork">The rules from block 0 on.</param>
    /// <param name="genesisTime">Unix seconds of block 0.</param>
    public static async Task<AnvilNode> StartAsync(string hardfork = "cancun", long genesisTime = TestChain.GenesisTime)
    {
        string[] arguments =
        [
            "--host", "127.0.0.1", "--port", "0", "--chain-id", "1", "--hardfork", hardfork,
            "--no-mining", "--auto-impersonate", "--preserve-historical-states",
            "--order", "fifo", "--block-base-fee-per-gas", "0", "--gas-price", "0", "--disable-min-priority-fee",
            "--timestamp", genesisTime.ToString(CultureInfo.InvariantCulture), "--color", "never",
            "--accounts", "1", "--balance", "1000000000", "--disable-default-create2-deployer", "--no-request-size-limit",
        ];
        return new AnvilNode(await NodeProcess.StartAsync(NodePackages.Anvil, arguments, Listening()));
    }

    public async ValueTask DisposeAsync()
    {
        Chain.Rpc.Dispose();
        await _process.DisposeAsync();
    }

    [GeneratedRegex(@"^Listening on (\S+)")]
    private static partial Regex Listening();
}

/// <summary>Hardhat: an archive node without trace_*, ots_* and callTracer.</summary>
internal sealed partial class HardhatNode : ITestNode
{
    private readonly NodeProcess _process;

    private HardhatNode(NodeProcess process)
    {
        _process = process;
        Chain = new TestChain(new TestRpc(process.Url));
    }

    /// <inheritdoc/>
    public Uri Url => _process.Url;

    /// <inheritdoc/>
    public TestChain Chain { get; }

    /// <summary>Starts one on a free port. Gas costs nothing unless a transaction says so.</summary>
    public static async Task<HardhatNode> StartAsync()
    {
        string[] arguments =
        [
            NodePackages.Hardhat, "--config", Path.Combine(NodePackages.Folder, "hardhat.config.js"),
            "node", "--hostname", "127.0.0.1", "--port", "0",
        ];
        return new HardhatNode(await NodeProcess.StartAsync(NodePackages.Node!, arguments, Listening()));
    }

    public async ValueTask DisposeAsync()
    {
        Chain.Rpc.Dispose();
        await _process.DisposeAsync();
    }

    [GeneratedRegex(@"JSON-RPC server at http://([^/\s]+)")]
    private static partial Regex Listening();
}
