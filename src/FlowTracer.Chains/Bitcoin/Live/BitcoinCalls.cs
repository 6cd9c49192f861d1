using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>The questions of <see cref="BitcoinRpc"/>, written the one way that makes equal questions equal texts.</summary>
public static class BitcoinCalls
{
    internal const string Height = "bitcoin_height";
    internal const string Genesis = "bitcoin_genesis";
    internal const string About = "bitcoin_about";
    internal const string Header = "bitcoin_header";
    internal const string Raw = "bitcoin_raw";
    internal const string Place = "bitcoin_place";
    internal const string Spends = "bitcoin_spends";
    internal const string Spender = "bitcoin_spender";
    internal const string History = "bitcoin_history";
    internal const string Fees = "bitcoin_fees";
    internal const string Block = "bitcoin_block";

    /// <summary>The newest block's height, asked anew each time.</summary>
    public static RpcCall HeightNow() => new(Height, RpcParams.None) { IsKept = false };

    /// <summary>The first block's hash.</summary>
    public static RpcCall GenesisHash() => new(Genesis, RpcParams.None) { IsKept = false };

    /// <summary>What the source is and can do.</summary>
    public static RpcCall AboutSource() => new(About, RpcParams.None) { IsKept = false };

    /// <summary>The header at a height.</summary>
    public static RpcCall HeaderAt(ulong height) => new(Header, $"[{Numbers.Text(height)}]") { LastBlock = height, GoesOnFromRefusal = true };

    /// <summary>A transaction's bytes: they cannot change, so they are kept for good.</summary>
    public static RpcCall RawOf(TxHash id) => new(Raw, $"[\"{id}\"]") { LastBlock = 0, GoesOnFromRefusal = true };

    /// <summary>Where a transaction stands.</summary>
    public static RpcCall PlaceOf(TxHash id) => new(Place, $"[\"{id}\"]") { GoesOnFromRefusal = true };

    /// <summary>What a transaction spends: it cannot change, so what the source says is kept for good.</summary>
    public static RpcCall SpendsOf(TxHash id) =>
        new(Spends, $"[\"{id}\"]") { LastBlock = 0, GoesOnFromRefusal = true, IsWord = true };

    /// <summary>Who spends a coin.</summary>
    public static RpcCall SpenderOf(SpenderQuestion question) => new(
        Spender,
        $"[\"{question.Coin.Tx}\",{Numbers.Text(question.Coin.Index)},\"{Convert.ToHexStringLower(question.Script)}\",{Numbers.Text(question.Height)},{Numbers.Text(question.UpTo)}]")
    {
        LastBlock = question.UpTo,
        GoesOnFromRefusal = true,
        IsWord = true,
    };

    /// <summary>What a script took part in.</summary>
    public static RpcCall HistoryOf(byte[] script, ulong upTo) =>
        new(History, $"[\"{Convert.ToHexStringLower(script)}\",{Numbers.Text(upTo)}]") { LastBlock = upTo, GoesOnFromRefusal = true, IsWord = true };

    /// <summary>What a block's transactions pay.</summary>
    public static RpcCall FeesAt(ulong height) => new(Fees, $"[{Numbers.Text(height)}]") { LastBlock = height, GoesOnFromRefusal = true, IsWord = true };

    /// <summary>A block, and what it spends; too much to be kept.</summary>
    public static RpcCall BlockAt(ulong height) => new(Block, $"[{Numbers.Text(height)}]") { LastBlock = height, IsKept = false };
}
