using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A mined transaction, as its receipt states it.</summary>
/// <param name="Hash">Its hash.</param>
/// <param name="Block">Its block.</param>
/// <param name="Succeeded">Whether it took effect.</param>
/// <param name="FeeWei">Gas used times the price paid for each.</param>
/// <param name="Contract">The contract it created, if any.</param>
/// <param name="Raw">The receipt.</param>
internal sealed record Mined(string Hash, long Block, bool Succeeded, BigInteger FeeWei, string? Contract, JsonElement Raw)
{
    /// <summary>The events it made.</summary>
    public IReadOnlyList<JsonElement> Logs { get; } = [.. Raw.GetProperty("logs").EnumerateArray()];
}

/// <summary>A contract at its address.</summary>
internal sealed record Deployed(string Address, CompiledContract Code);

/// <summary>What a transaction offers for its gas, in wei for each unit.</summary>
/// <param name="BaseFeeWei">The base fee its block shall have.</param>
/// <param name="TipWei">What the block's producer gets.</param>
internal sealed record GasPrice(BigInteger BaseFeeWei, BigInteger TipWei);

/// <summary>A transaction to be sent.</summary>
/// <param name="From">The sender, whose key is not needed.</param>
/// <param name="To">The recipient; null creates a contract.</param>
/// <param name="ValueWei">What it carries.</param>
/// <param name="Data">Its calldata.</param>
/// <param name="GasLimit">The most gas it may use, where it has calldata.</param>
internal sealed record Sending(string From, string? To, BigInteger ValueWei, byte[]? Data = null, int GasLimit = 8_000_000);

/// <summary>
/// The chain of a test node: whoever a test names sends, and each transaction gets a block of its own, twelve seconds after
/// the one before. Method names are those that both Anvil and Hardhat know.
/// </summary>
internal sealed class TestChain(TestRpc rpc)
{
    /// <summary>Unix seconds of block 0: 2020-09-13T12:26:40Z.</summary>
    public const long GenesisTime = 1_600_000_000;

    /// <summary>Seconds between blocks.</summary>
    public const long BlockSeconds = 12;

    /// <summary>Both nodes' first test account: it holds a thousand million ETH, and creates contracts.</summary>
    public const string Faucet = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

    /// <summary>One ETH in wei.</summary>
    public static readonly BigInteger Ether = BigInteger.Pow(10, 18);

    /// <summary>One gwei in wei.</summary>
    public static readonly BigInteger Gwei = BigInteger.Pow(10, 9);

    private readonly HashSet<string> _impersonated = [];

    /// <summary>The node.</summary>
    public TestRpc Rpc { get; } = rpc;

    /// <summary>An address that only its name decides, in lower case. Nobody knows its key, and nobody needs it here.</summary>
    public static string Account(string name) => Abi.Text(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 20));

    /// <summary>Sends a transaction in a block of its own and waits for it.</summary>
    /// <param name="from">The sender, whose key is not needed.</param>
    /// <param name="to">The recipient; null creates a contract.</param>
    /// <param name="valueWei">What it carries.</param>
    /// <param name="data">Its calldata.</param>
    /// <param name="gas">What it pays for gas: nothing unless said.</param>
    /// <param name="mayFail">Whether a revert is what the test wants.</param>
    public async Task<Mined> SendAsync(
        string from,
        string? to,
        BigInteger valueWei,
        byte[]? data = null,
        GasPrice? gas = null,
        bool mayFail = false)
    {
        string hash = await SubmitAsync(new Sending(from, to, valueWei, data), gas);

        // The nodes do not mine by themselves: one that does answers before it has, and a test would have to wait and look.
        await Rpc.CallAsync("evm_mine");
        Mined mined = await ReceiptAsync(hash);
        return mined.Succeeded || mayFail ? mined : throw new InvalidOperationException($"{mined.Hash} reverted.");
    }

    /// <summary>Sends several in one block, in this order, and waits for them. Their gas costs nothing.</summary>
    public Task<IReadOnlyList<Mined>> SendTogetherAsync(params Sending[] sendings) =>
        SendTogetherAsync(static () => Task.CompletedTask, sendings);

    /// <summary>As the other, and does something when they are sent, before the block is made.</summary>
    public async Task<IReadOnlyList<Mined>> SendTogetherAsync(Func<Task> before, params Sending[] sendings)
    {
        List<string> hashes = [];
        foreach (Sending sending in sendings)
        {
            hashes.Add(await SubmitAsync(sending, gas: null));
        }

        await before();
        await Rpc.CallAsync("evm_mine");
        List<Mined> mined = [];
        foreach (string hash in hashes)
        {
            mined.Add(await ReceiptAsync(hash));
        }

        return mined.All(one => one.Succeeded && one.Block == mined[0].Block) ? mined
            : throw new InvalidOperationException("Not all went into one block.");
    }

    private async Task<string> SubmitAsync(Sending sending, GasPrice? gas)
    {
        await ImpersonateAsync(sending.From);
        await SetNextBlockTimeAsync(await HeadTimeAsync() + BlockSeconds);
        BigInteger baseFeeWei = gas?.BaseFeeWei ?? 0;
        await Rpc.CallAsync("hardhat_setNextBlockBaseFeePerGas", TestRpc.Hex(baseFeeWei));
        Dictionary<string, string> transaction = new()
        {
            ["from"] = sending.From,
            ["value"] = TestRpc.Hex(sending.ValueWei),
            ["gas"] = TestRpc.Hex(sending.Data is null ? 100_000 : sending.GasLimit),
            ["maxFeePerGas"] = TestRpc.Hex(baseFeeWei + (gas?.TipWei ?? 0)),
            ["maxPriorityFeePerGas"] = TestRpc.Hex(gas?.TipWei ?? 0),
            ["data"] = Abi.Text(sending.Data ?? []),
        };
        if (sending.To is not null)
        {
            transaction["to"] = sending.To;
        }

        return (await Rpc.CallAsync("eth_sendTransaction", transaction)).GetString()!;
    }

    /// <summary>The receipt of a mined transaction.</summary>
    public async Task<Mined> ReceiptAsync(string hash)
    {
        JsonElement raw = await Rpc.CallAsync("eth_getTransactionReceipt", hash);
        return raw.ValueKind == JsonValueKind.Null
            ? throw new InvalidOperationException($"{hash} is not mined.")
            : new Mined(
                hash,
                (long)TestRpc.Number(raw.GetProperty("blockNumber")),
                TestRpc.Number(raw.GetProperty("status")).IsOne,
                TestRpc.Number(raw.GetProperty("gasUsed")) * TestRpc.Number(raw.GetProperty("effectiveGasPrice")),
                raw.GetProperty("contractAddress").GetString(),
                raw);
    }

    /// <summary>Gives an account ETH by an ordinary transaction, so that the chain explains what it has.</summary>
    public Task<Mined> FundAsync(string address, BigInteger wei) => SendAsync(Faucet, address, wei);

    /// <summary>Creates a contract.</summary>
    public async Task<Deployed> DeployAsync(string contract, params object[] arguments)
    {
        CompiledContract code = Contracts.Named(contract);
        Mined mined = await SendAsync(Faucet, null, 0, code.Create(arguments));
        return new Deployed(mined.Contract!, code);
    }

    /// <summary>Puts a contract's code at an address without any transaction; its constructor does not run.</summary>
    public async Task<Deployed> PlaceAsync(string contract, string address)
    {
        CompiledContract code = Contracts.Named(contract);
        await Rpc.CallAsync("hardhat_setCode", address, Abi.Text(code.Runtime));
        return new Deployed(address, code);
    }

    /// <summary>Calls a contract's function in a transaction.</summary>
    public Task<Mined> InvokeAsync(string from, Deployed contract, string function, BigInteger valueWei, params object[] arguments) =>
        SendAsync(from, contract.Address, valueWei, contract.Code.Encode(function, arguments));

    /// <summary>Asks a contract's function that answers one number.</summary>
    public async Task<BigInteger> AskAsync(Deployed contract, string function, params object[] arguments)
    {
        string data = Abi.Text(contract.Code.Encode(function, arguments));
        Dictionary<string, string> call = new() { ["to"] = contract.Address, ["data"] = data };
        return TestRpc.Number(await Rpc.CallAsync("eth_call", call, "latest"));
    }

    /// <summary>ETH of an account, in wei, at the end of a block (the last one unless said).</summary>
    public async Task<BigInteger> BalanceAsync(string address, long? block = null) =>
        TestRpc.Number(await Rpc.CallAsync("eth_getBalance", address, block is { } at ? TestRpc.Hex(at) : "latest"));

    /// <summary>What an account has of a token, or of ETH where the token is null, in base units.</summary>
    public Task<BigInteger> HoldingAsync(string address, Deployed? token) =>
        token is null ? BalanceAsync(address) : AskAsync(token, "balanceOf", address);

    /// <summary>Sets an account's ETH. No transaction explains it.</summary>
    public Task SetBalanceAsync(string address, BigInteger wei) => Rpc.CallAsync("hardhat_setBalance", address, TestRpc.Hex(wei));

    /// <summary>Sets a word of a contract's storage.</summary>
    public Task SetStorageAsync(string address, BigInteger slot, BigInteger value) =>
        Rpc.CallAsync("hardhat_setStorageAt", address, TestRpc.Hex(slot), Abi.Text(Abi.Word(value)));

    /// <summary>The slot of an address's entry in a mapping: keccak256(key ++ slot), as the compiler lays it out.</summary>
    public async Task<BigInteger> MappingSlotAsync(string key, int mappingSlot)
    {
        byte[] word = Abi.Word(new BigInteger(Abi.Bytes(key), isUnsigned: true, isBigEndian: true));
        return TestRpc.Number(await Rpc.CallAsync("web3_sha3", Abi.Text([.. word, .. Abi.Word(mappingSlot)])));
    }

    /// <summary>keccak256 of a text, such as an event's signature.</summary>
    public async Task<string> KeccakAsync(string text) =>
        (await Rpc.CallAsync("web3_sha3", Abi.Text(Encoding.UTF8.GetBytes(text)))).GetString()!;

    /// <summary>The last block's number.</summary>
    public async Task<long> HeadAsync() => (long)TestRpc.Number(await Rpc.CallAsync("eth_blockNumber"));

    /// <summary>Adds empty blocks.</summary>
    public Task MineAsync(int blocks) => Rpc.CallAsync("hardhat_mine", TestRpc.Hex(blocks), TestRpc.Hex(BlockSeconds));

    /// <summary>
    /// Undoes the last <paramref name="depth"/> blocks and puts as many others in their place: the numbers are the same, the
    /// hashes are not, and the transactions in them are gone. Anvil only.
    /// </summary>
    public async Task ReorganiseAsync(int depth)
    {
        await RollBackAsync(depth);
        await SetNextBlockTimeAsync(await HeadTimeAsync() + BlockSeconds + 1);
        await MineAsync(depth);
    }

    /// <summary>Undoes the last <paramref name="depth"/> blocks, for a test that puts other transactions there. Anvil only.</summary>
    public Task RollBackAsync(int depth) => Rpc.CallAsync("anvil_rollback", depth);

    /// <summary>Makes the node sign for an address.</summary>
    public async Task ImpersonateAsync(string address)
    {
        if (_impersonated.Add(address))
        {
            await Rpc.CallAsync("hardhat_impersonateAccount", address);
        }
    }

    /// <summary>Sets the next block's time, Unix seconds, later than the last one's.</summary>
    public Task SetNextBlockTimeAsync(long seconds) => Rpc.CallAsync("evm_setNextBlockTimestamp", seconds);

    private async Task<long> HeadTimeAsync()
    {
        JsonElement block = await Rpc.CallAsync("eth_getBlockByNumber", "latest", false);
        return (long)TestRpc.Number(block.GetProperty("timestamp"));
    }
}
