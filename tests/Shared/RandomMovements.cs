using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Testing;

/// <summary>
/// Movements with every part there can be, in chain order; the same number gives the same ones. Few holders, so that histories
/// are long; amounts from one unit to more than 2^200; what a source may leave out is left out now and then.
/// </summary>
internal sealed class RandomMovements
{
    private const int LargestAmountBytes = 30;
    private readonly Random _random;
    private readonly ChainId _chain;
    private readonly List<Movement> _movements = [];
    private readonly List<Leg> _unspent = [];
    private int _names;

    private RandomMovements(int number, ChainId chain) => (_random, _chain) = (new Random(number), chain);

    /// <summary>The movements of some blocks.</summary>
    public static IReadOnlyList<Movement> Make(int number, ChainId chain, ulong firstBlock, int blocks, int perBlock = 6)
    {
        RandomMovements random = new(number, chain);
        for (int i = 0; i < blocks; i++)
        {
            if (chain.Family == ChainFamily.Account)
            {
                random.AccountBlock(firstBlock + (ulong)i, perBlock);
            }
            else
            {
                random.CoinBlock(firstBlock + (ulong)i, perBlock);
            }
        }

        return random._movements;
    }

    /// <summary>Blocks that follow each other, named by their number and a branch of the chain.</summary>
    public static ImmutableArray<FlowBlock> Blocks(ulong first, int count, string branch = "", string parentBranch = "") =>
    [
        .. Enumerable.Range(0, count).Select(i => first + (ulong)i).Select(number => new FlowBlock(
            number, HashOf(branch, number), HashOf(number == first ? parentBranch : branch, number == 0 ? number : number - 1), TimeOf(number),
            Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(number))))),
    ];

    /// <summary>The time a block of <see cref="Blocks"/> has.</summary>
    public static long TimeOf(ulong block) => 1_600_000_000 + (12 * (long)block);

    /// <summary>An account by its number.</summary>
    public static Address Account(ChainId chain, int number)
    {
        byte[] bytes = new byte[Address.HashLength];
        BitConverter.TryWriteBytes(bytes, number + 1);
        return Address.FromAccountBytes(chain, bytes);
    }

    private static TxHash HashOf(string kind, ulong number) =>
        TxHash.FromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind} {number}"))));

    private void AccountBlock(ulong block, int count)
    {
        uint step = 0;
        uint index = 0;
        TxHash? tx = null;
        for (int i = 0; i < count; i++)
        {
            if (step == 0 || _random.Next(3) == 0)
            {
                (index, step) = (index + (uint)_random.Next(1, 3), 0);
                tx = _random.Next(8) == 0 ? null : NewHash();
            }

            Position at = new(block, index, ++step);
            MovementKind kind = (MovementKind)_random.Next(1, 9);
            (ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs) = AccountLegs(kind);
            _movements.Add(Movement.Create(
                kind, (Grade)_random.Next(1, 5), at, AnyStamp(at), tx, AnySource(), inputs, outputs, AnyDoubt()));
        }
    }

    private (ImmutableArray<Leg> Inputs, ImmutableArray<Leg> Outputs) AccountLegs(MovementKind kind)
    {
        Asset asset = AnyAsset();
        Amount amount = AnyAmount();
        switch (kind)
        {
            case MovementKind.Fee:
                return ([Of(asset, amount)], []);
            case MovementKind.Reward:
                return ([], [Of(asset, amount)]);
            case MovementKind.Unresolved:
                return _random.Next(2) == 0 ? ([Of(asset, amount)], []) : ([], [Of(asset, amount), Of(asset, 1)]);
            case MovementKind.Swap:
                Asset bought = AnyAsset();
                return bought == asset ? AccountLegs(kind) : ([Of(asset, amount)], [Of(bought, AnyAmount())]);
            case MovementKind.Transaction:
                return ([Of(asset, amount), Of(asset, 5)], [Of(asset, amount), Of(asset, 2), Of(asset, 3)]);
            default:
                return ([Of(asset, amount)], [Of(asset, amount)]);
        }
    }

    private void CoinBlock(ulong block, int count)
    {
        ImmutableArray<Leg>.Builder fees = ImmutableArray.CreateBuilder<Leg>();
        for (uint i = 0; i < count; i++)
        {
            TxHash tx = NewHash();
            ImmutableArray<Leg> inputs = Spend(_random.Next(1, 5));
            Amount left = Movement.Sum(inputs);
            ImmutableArray<Leg> outputs = Outputs(tx, ref left, _random.Next(0, 5));
            Position at = new(block, i + 1, 1);
            Movement movement = Movement.Create(
                MovementKind.Transaction, Grade.Recorded, at, AnyStamp(at), tx, AnySource(), inputs, outputs, AnyDoubt(), _random.Next(4) == 0);
            _movements.Add(movement);
            if (movement.Fee is Leg fee)
            {
                fees.Add(fee);
            }
        }

        TxHash coinbase = NewHash();
        Amount subsidy = 5_000_000_000;
        Position end = Position.OfCoinbase(block);
        _movements.Add(Movement.Create(
            MovementKind.Reward, Grade.Recorded, end, AnyStamp(end), coinbase, AnySource(),
            _random.Next(3) == 0 ? [] : fees.ToImmutable(), Outputs(coinbase, ref subsidy, 2)));
    }

    private ImmutableArray<Leg> Spend(int count)
    {
        ImmutableArray<Leg>.Builder inputs = ImmutableArray.CreateBuilder<Leg>();
        for (int i = 0; i < count; i++)
        {
            if (_unspent.Count == 0 || _random.Next(8) == 0)
            {
                inputs.Add(new Leg(Coin(NewHash(), (uint)_random.Next(500)), (ulong)_random.Next(1, 1_000_000)));
                continue;
            }

            int at = _random.Next(_unspent.Count);
            inputs.Add(_unspent[at]);
            _unspent.RemoveAt(at);
        }

        return inputs.ToImmutable();
    }

    private ImmutableArray<Leg> Outputs(TxHash tx, ref Amount left, int count)
    {
        ImmutableArray<Leg>.Builder outputs = ImmutableArray.CreateBuilder<Leg>();
        for (uint i = 0; i < count && left.TryGetUInt64(out ulong most) && most > 0; i++)
        {
            Amount amount = (ulong)_random.NextInt64(1, (long)most + 1);
            left -= amount;
            outputs.Add(new Leg(Coin(tx, i), amount));
        }

        _unspent.AddRange(outputs);
        return outputs.ToImmutable();
    }

    private Holder Coin(TxHash tx, uint index) => Holder.Output(_chain, new OutPoint(tx, index), AnyScript());

    private Address AnyScript()
    {
        byte[] bytes = SHA256.HashData([(byte)_random.Next(12)]);
        return _random.Next(6) switch
        {
            0 => Address.FromPubKeyHash(_chain, bytes.AsSpan(0, 20)),
            1 => Address.FromScriptHash(_chain, bytes.AsSpan(0, 20)),
            2 => Address.FromWitness(_chain, 0, bytes.AsSpan(0, 20)),
            3 => Address.FromWitness(_chain, 1, bytes),
            4 => Address.FromWitness(_chain, 16, bytes.AsSpan(0, 2)),
            _ => default,
        };
    }

    private Leg Of(Asset asset, Amount amount) => new(Holder.Account(Account(_chain, _random.Next(9)), asset), amount);

    private Asset AnyAsset() => _random.Next(3) is int token and > 0 ? Asset.Token(Account(_chain, 100 + token)) : Asset.Coin(_chain);

    private Amount AnyAmount()
    {
        byte[] bytes = new byte[_random.Next(1, LargestAmountBytes)];
        _random.NextBytes(bytes);
        Amount amount = Amount.FromBigEndian(bytes);
        return amount.IsZero ? Amount.One : amount;
    }

    private Stamp AnyStamp(Position at) => _random.Next(5) switch
    {
        0 => default,
        1 => new Stamp(at.Block, at.Block + 7, null, -5),
        _ => new Stamp(at.Block, null, at.TxIndex, TimeOf(at.Block)),
    };

    private string AnySource() => _random.Next(3) == 0 ? "" : $"file {_random.Next(3)}.csv, as of «März»";

    private string? AnyDoubt() => _random.Next(5) == 0 ? "it may be change" : null;

    private TxHash NewHash() => HashOf(_chain.ToString(), (ulong)((_names++ * 4096L) + _random.Next(4096)));
}
