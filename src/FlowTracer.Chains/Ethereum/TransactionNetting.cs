using System.Collections.Immutable;
using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// Turns the transfers of one transaction into movements (DESIGN section 5). Addresses that end a transaction as they
/// began it vanish; an address that gives one asset and gets another has swapped them; what cannot be paired one to one
/// is unresolved. Labels play no part.
/// </summary>
/// <remarks>
/// The rule is the same for every address, so that a trader and the pool it trades with are both right: each turns what
/// it gives into what it gets. Where a payer names somebody else to receive, the one payer and the one receiver that
/// the swapping addresses leave over are paired.
/// </remarks>
public static class TransactionNetting
{
    /// <summary>A movement without its place in the chain, which the caller knows.</summary>
    public sealed record Part(
        MovementKind Kind, Grade Grade, string Source, ImmutableArray<Leg> Inputs, ImmutableArray<Leg> Outputs);

    /// <summary>The movements of one transaction, in order.</summary>
    /// <param name="transfers">Its transfers in execution order. Transfers of nothing are passed over.</param>
    public static IReadOnlyList<Part> Net(IReadOnlyList<TransferFact> transfers)
    {
        TransferFact[] moving = [.. transfers.Where(static t => !t.Amount.IsZero && IsPlain(t) && t.From != t.To)];
        IEnumerable<Part> oneSided = transfers.Where(static t => !t.Amount.IsZero && !IsPlain(t)).Select(AsIs);
        if (moving.Length <= 1)
        {
            return [.. moving.Select(AsIs), .. oneSided];
        }

        Ledger ledger = new(moving);
        IEnumerable<Part> parts = ledger.HasSwapper
            ? ledger.SwapParts()
            : moving.GroupBy(static t => t.Asset).SelectMany(ledger.PlainParts);
        return [.. parts, .. oneSided];
    }

    private static bool IsPlain(TransferFact transfer) => !transfer.From.IsNone && !transfer.To.IsNone;

    private static Part AsIs(TransferFact transfer) => new(
        transfer.Kind,
        transfer.Grade,
        transfer.Source,
        transfer.From.IsNone ? [] : [new Leg(Holder.Account(transfer.From, transfer.Asset), transfer.Amount)],
        transfer.To.IsNone ? [] : [new Leg(Holder.Account(transfer.To, transfer.Asset), transfer.Amount)]);

    /// <summary>What each address gained and lost in each asset; addresses and assets in order of appearance.</summary>
    private sealed class Ledger
    {
        private readonly TransferFact[] _transfers;
        private readonly List<Address> _addresses = [];
        private readonly List<Asset> _assets = [];
        private readonly Dictionary<Holder, BigInteger> _nets = [];
        private readonly List<Part> _parts = [];

        public Ledger(TransferFact[] transfers)
        {
            _transfers = transfers;
            foreach (TransferFact transfer in transfers)
            {
                Add(transfer.From, transfer.Asset, -transfer.Signed);
                Add(transfer.To, transfer.Asset, transfer.Signed);
            }
        }

        public bool HasSwapper => _addresses.Exists(IsSwapper);

        // Transfers of one asset stand as they are, unless an address in between ends as it began: then only who gained
        // and who lost is a fact, and the many-to-many movement says just that.
        public IEnumerable<Part> PlainParts(IGrouping<Asset, TransferFact> transfers)
        {
            if (!_addresses.Exists(address => _nets.TryGetValue(Holder.Account(address, transfers.Key), out BigInteger net)
                && net.IsZero))
            {
                return transfers.Select(AsIs);
            }

            ImmutableArray<Leg> payers = Legs(transfers.Key, sign: -1, static _ => true);
            ImmutableArray<Leg> receivers = Legs(transfers.Key, sign: 1, static _ => true);
            return payers.IsEmpty
                ? []
                : [Derived(MovementKind.Transaction, payers, receivers)];
        }

        public List<Part> SwapParts()
        {
            foreach (Address swapper in _addresses.Where(IsSwapper))
            {
                Swap(swapper);
            }

            List<Leg> payers = [];
            List<Leg> receivers = [];
            foreach (Asset asset in _assets)
            {
                Pay(asset, payers, receivers);
            }

            // The swap whose result goes to somebody the payer names.
            if (payers.Count == 1 && receivers.Count == 1 && payers[0].Holder.Asset != receivers[0].Holder.Asset)
            {
                _parts.Add(Derived(MovementKind.Swap, [payers[0]], [receivers[0]]));
                return _parts;
            }

            Unresolved(payers, receivers);
            return _parts;
        }

        private void Swap(Address swapper)
        {
            Leg[] gives = [.. LegsOf(swapper, sign: -1)];
            Leg[] gets = [.. LegsOf(swapper, sign: 1)];
            if (gives.Length == 1 && gets.Length == 1)
            {
                _parts.Add(Derived(MovementKind.Swap, [gives[0]], [gets[0]]));
            }
            else
            {
                Unresolved(gives, gets);
            }
        }

        // Who only gives an asset pays who only gets it; what the swappers took or gave beside them stays over.
        private void Pay(Asset asset, List<Leg> payersLeft, List<Leg> receiversLeft)
        {
            ImmutableArray<Leg> payers = Legs(asset, sign: -1, address => !IsSwapper(address));
            ImmutableArray<Leg> receivers = Legs(asset, sign: 1, address => !IsSwapper(address));
            Amount paid = Movement.Sum(payers);
            Amount received = Movement.Sum(receivers);
            if (payers.IsEmpty || receivers.IsEmpty)
            {
                payersLeft.AddRange(payers);
                receiversLeft.AddRange(receivers);
            }
            else if (paid == received)
            {
                _parts.Add(Derived(MovementKind.Transaction, payers, receivers));
            }
            else if (paid > received && payers.Length == 1)
            {
                _parts.Add(Derived(MovementKind.Transaction, [payers[0] with { Amount = received }], receivers));
                payersLeft.Add(payers[0] with { Amount = paid - received });
            }
            else if (paid < received && receivers.Length == 1)
            {
                _parts.Add(Derived(MovementKind.Transaction, payers, [receivers[0] with { Amount = paid }]));
                receiversLeft.Add(receivers[0] with { Amount = received - paid });
            }
            else
            {
                Unresolved(payers, receivers);
            }
        }

        private void Unresolved(IEnumerable<Leg> gives, IEnumerable<Leg> gets)
        {
            _parts.AddRange(gives.Select(leg => Derived(MovementKind.Unresolved, [leg], [])));
            _parts.AddRange(gets.Select(leg => Derived(MovementKind.Unresolved, [], [leg])));
        }

        private bool IsSwapper(Address address) => LegsOf(address, sign: -1).Any() && LegsOf(address, sign: 1).Any();

        private IEnumerable<Leg> LegsOf(Address address, int sign) =>
            from asset in _assets
            let holder = Holder.Account(address, asset)
            let net = _nets.GetValueOrDefault(holder)
            where net.Sign == sign
            select new Leg(holder, Amount.FromBigInteger(BigInteger.Abs(net)));

        private ImmutableArray<Leg> Legs(Asset asset, int sign, Func<Address, bool> include) =>
        [
            .. _addresses.Where(include)
                .SelectMany(address => LegsOf(address, sign))
                .Where(leg => leg.Holder.Asset == asset),
        ];

        private void Add(Address address, Asset asset, BigInteger amount)
        {
            if (!_addresses.Contains(address))
            {
                _addresses.Add(address);
            }

            if (!_assets.Contains(asset))
            {
                _assets.Add(asset);
            }

            Holder holder = Holder.Account(address, asset);
            _nets[holder] = _nets.GetValueOrDefault(holder) + amount;
        }

        // Netting makes a fact derived; an estimate among the transfers makes the result one too.
        private Part Derived(MovementKind kind, ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs)
        {
            HashSet<Asset> assets = [.. inputs.Concat(outputs).Select(static leg => leg.Holder.Asset)];
            TransferFact[] behind = [.. _transfers.Where(t => assets.Contains(t.Asset))];
            Grade grade = (Grade)Math.Max((byte)Grade.Derived, behind.Max(static t => (byte)t.Grade));
            return new Part(kind, grade, string.Join("; ", behind.Select(static t => t.Source).Distinct()), inputs, outputs);
        }
    }
}
