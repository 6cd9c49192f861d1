using System.Buffers.Binary;
using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Ingest;

/// <summary>
/// An account chain whose block n pays n wei from account n to account n + 1, and on whose other branch it pays them to account
/// n + 1,000. It changes branches, or fails, at whatever question a test names: what no real node can be brought to do so often.
/// </summary>
internal sealed class MadeUpChain : IBlockSource
{
    private int _questions;

    public string Name => "made up";

    public string Method => "by hand";

    public ChainId Chain { get; init; } = ChainId.Ethereum;

    /// <summary>The coins it knows, of a chain that has some.</summary>
    public Dictionary<OutPoint, CoinWorth> Coins { get; } = [];

    /// <summary>The coins it was asked about.</summary>
    public List<OutPoint> CoinsAsked { get; } = [];

    /// <summary>The newest block.</summary>
    public ulong Newest { get; set; } = 40;

    /// <summary>The first block of the other branch; null while there is none.</summary>
    public ulong? Fork { get; set; }

    /// <summary>Called with the number of each question, from 1, before it is answered.</summary>
    public Action<int>? Before { get; set; }

    /// <summary>How many questions were asked.</summary>
    public int Questions => _questions;

    /// <summary>The holders asked about, with the block.</summary>
    public List<(Holder Holder, ulong Block)> Asked { get; } = [];

    /// <summary>The tokens whose names were asked for, in order.</summary>
    public List<Asset> Named { get; } = [];

    /// <summary>What a block pays in; coins unless said.</summary>
    public Func<ulong, Asset> PaysIn { get; set; } = static _ => Asset.Coin(ChainId.Ethereum);

    public static Holder AccountOf(ulong number)
    {
        byte[] bytes = new byte[Address.HashLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(12), number + 1);
        return Holder.Account(Address.FromAccountBytes(ChainId.Ethereum, bytes), Asset.Coin(ChainId.Ethereum));
    }

    public Task<ChainView> LookAsync(ulong? confirmations, ulong? asOf, CancellationToken cancellationToken)
    {
        Ask();
        ulong head = asOf ?? Newest - Math.Min(Newest, confirmations ?? 0);
        return head > Newest
            ? throw new InputException($"block {head} is not there yet")
            : Task.FromResult(new ChainView(Chain, $"0x{HashOf(0)}", head, $"0x{HashOf(head)}", 0, 0));
    }

    public Task<TxHash?> HashNowAsync(ulong number, CancellationToken cancellationToken)
    {
        Ask();
        return Task.FromResult<TxHash?>(number <= Newest ? HashOf(number) : null);
    }

    public Task<IFetchedBlock> FetchAsync(ulong number, CancellationToken cancellationToken)
    {
        Ask();
        return Task.FromResult<IFetchedBlock>(new Fetched(FactsOf(number)));
    }

    public Task<IReadOnlyList<CoinWorth?>> WorthAsync(IReadOnlyList<OutPoint> coins, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CoinWorth?>>([.. coins.Select(Worth)]);

    public Task<TokenName> NameOfAsync(Asset token, CancellationToken cancellationToken)
    {
        Ask();
        lock (Named)
        {
            Named.Add(token);
        }

        return Task.FromResult(new TokenName(token, $"TOKEN {Named.Count}", null));
    }

    public Task<BigInteger?> HeldAsync(Holder holder, ulong block, CancellationToken cancellationToken)
    {
        Ask();
        lock (Asked)
        {
            Asked.Add((holder, block));
        }

        return Task.FromResult<BigInteger?>(1_000 + (long)block);
    }

    /// <summary>A block as it is now.</summary>
    public BlockFacts FactsOf(ulong number)
    {
        FlowBlock block = new(number, HashOf(number), number == 0 ? default : HashOf(number - 1), (long)number * 12, $"{number:x64}");
        Leg paid = new(In(AccountOf(number)), number);
        Leg got = new(In(AccountOf(IsOther(number) ? number + 1_000 : number + 1)), number);
        return new BlockFacts(block, number == 0 ? [] :
        [
            Movement.Create(
                MovementKind.External, Grade.Recorded, new Position(number, 0, 1), new Stamp(number, null, 0, block.TimeSeconds), HashOf(number), "made up",
                [paid], [got]),
        ]);

        Holder In(Holder account) => Holder.Account(account.Address, PaysIn(number));
    }

    private CoinWorth? Worth(OutPoint coin)
    {
        CoinsAsked.Add(coin);
        return Coins.TryGetValue(coin, out CoinWorth worth) ? worth : null;
    }

    private bool IsOther(ulong number) => number >= Fork;

    private TxHash HashOf(ulong number)
    {
        byte[] bytes = new byte[TxHash.ByteLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        bytes[^1] = IsOther(number) ? (byte)2 : (byte)1;
        return TxHash.FromBytes(bytes);
    }

    private void Ask() => Before?.Invoke(Interlocked.Increment(ref _questions));

    private sealed class Fetched(BlockFacts facts) : IFetchedBlock
    {
        public Task<BlockFacts> DecodeAsync(CancellationToken cancellationToken) => Task.FromResult(facts);
    }
}
