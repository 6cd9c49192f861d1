using System.Numerics;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The theft of a scenario.</summary>
/// <param name="Transaction">Hash of the transaction that paid the thief.</param>
/// <param name="From">Who lost it.</param>
/// <param name="To">Who got it.</param>
/// <param name="Token">The token; null for ETH.</param>
/// <param name="Amount">Base units that the thief really got.</param>
internal sealed record Theft(string Transaction, string From, string To, Deployed? Token, BigInteger Amount);

/// <summary>Where stolen value rests when a scenario is over: a row of its balance sheet.</summary>
/// <param name="Holder">The address.</param>
/// <param name="Token">The asset it rests in: a token, or null for ETH.</param>
/// <param name="Amount">Base units of that asset.</param>
/// <param name="Origin">Base units of the stolen asset this stands for.</param>
/// <param name="IsAllOfIt">Whether the holder has nothing else of the asset, so that the chain's balance is the amount.</param>
internal sealed record Ending(string Holder, Deployed? Token, BigInteger Amount, BigInteger Origin, bool IsAllOfIt = true);

/// <summary>
/// A theft on a test node's chain and what became of the loot, with the balance sheet that hand arithmetic gives. Whoever
/// touches the loot holds nothing else of it (unless it says so), so the sheet is the same under every exact policy.
/// </summary>
internal sealed record Scenario(string Name, Theft Theft)
{
    /// <summary>Addresses by the names that the scenario's text uses.</summary>
    public required IReadOnlyDictionary<string, string> Accounts { get; init; }

    /// <summary>Its transactions by what they do.</summary>
    public required IReadOnlyDictionary<string, Mined> Transactions { get; init; }

    /// <summary>Where the loot rests.</summary>
    public required IReadOnlyList<Ending> Endings { get; init; }

    /// <summary>Loot burned as gas, in wei: base fee and tip together.</summary>
    public BigInteger FeeWei { get; init; }

    /// <summary>Loot of tokens that vanished without a log or became nobody's, in the token's base units.</summary>
    public BigInteger Vanished { get; init; }
}

/// <summary>Builds a scenario on a chain: names accounts and transactions, and keeps both.</summary>
internal sealed class Story(string name, TestChain chain)
{
    private readonly Dictionary<string, string> _accounts = [];
    private readonly Dictionary<string, Mined> _transactions = [];

    /// <summary>The chain.</summary>
    public TestChain Chain { get; } = chain;

    /// <summary>An account of this scenario; other scenarios on the same chain have others of that name.</summary>
    public string this[string account] => _accounts.TryGetValue(account, out string? address)
        ? address
        : _accounts[account] = TestChain.Account($"{name}/{account}");

    /// <summary>Creates a contract and names it.</summary>
    public async Task<Deployed> DeployAsync(string account, string contract, params object[] arguments)
    {
        Deployed deployed = await Chain.DeployAsync(contract, arguments);
        _accounts[account] = deployed.Address;
        return deployed;
    }

    /// <summary>Names an address that is what it is.</summary>
    public string Name(string account, string address) => _accounts[account] = address;

    /// <summary>Sends ETH.</summary>
    public async Task<Mined> PayAsync(string what, string from, string to, BigInteger wei, GasPrice? gas = null) =>
        _transactions[what] = await Chain.SendAsync(this[from], this[to], wei, gas: gas);

    /// <summary>Calls a contract.</summary>
    public async Task<Mined> CallAsync(
        string what, string from, Deployed contract, string function, BigInteger wei, params object[] arguments) =>
        _transactions[what] = await Chain.InvokeAsync(this[from], contract, function, wei, arguments);

    /// <summary>Keeps a transaction under a name.</summary>
    public Mined Keep(string what, Mined mined) => _transactions[what] = mined;

    /// <summary>The victim gets ETH from the faucet and loses it to the thief.</summary>
    public async Task<Theft> StealAsync(BigInteger wei, string thief = "thief")
    {
        await Chain.FundAsync(this["victim"], wei);
        Mined mined = await PayAsync("theft", "victim", thief, wei);
        return new Theft(mined.Hash, this["victim"], this[thief], null, wei);
    }

    /// <summary>The victim is given tokens and loses them to the thief.</summary>
    /// <param name="token">A contract with <c>mint</c> and <c>transfer</c>.</param>
    /// <param name="amount">What leaves the victim.</param>
    /// <param name="arrives">What the thief gets, where that is another amount.</param>
    public async Task<Theft> StealAsync(Deployed token, BigInteger amount, BigInteger? arrives = null)
    {
        await Chain.InvokeAsync(TestChain.Faucet, token, "mint", 0, this["victim"], amount);
        Mined mined = await CallAsync("theft", "victim", token, "transfer", 0, this["thief"], amount);
        return new Theft(mined.Hash, this["victim"], this["thief"], token, arrives ?? amount);
    }

    /// <summary>The finished scenario.</summary>
    public Scenario End(Theft theft, params Ending[] endings) => new(name, theft)
    {
        Accounts = _accounts,
        Transactions = _transactions,
        Endings = endings,
    };
}
