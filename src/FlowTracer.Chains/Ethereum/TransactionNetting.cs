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

    /// <summary>
    /// What each address gained and lost in each asset; addresses and assets in order of appearance. One transaction can
    /// have thousands of parties, so nothing here looks through all of them for each.
    /// </summary>
    private sealed class Ledger
    {
        private readonly TransferFact[] _transfers;
        private readonly List<Party> _parties = [];
        private readonly List<Market> _markets = [];
        private readonly Dictionary<Address, Party> _partyOf = [];
        private readonly Dictionary<Asset, Market> _marketOf = [];
        private readonly Dictionary<(Asset, Asset), (Grade Grade, string Source)> _behind = [];
        private readonly List<Part> _parts = [];

        public Ledger(TransferFact[] transfers)
        {
            _transfers = transfers;
            for (int i = 0; i < transfers.Length; i++)
            {
                TransferFact transfer = transfers[i];
                Market market = MarketOf(transfer.Asset);
                market.Transfers.Add(i);
                Add(PartyOf(transfer.From), market, -transfer.Signed);
                Add(PartyOf(transfer.To), market, transfer.Signed);
            }

            _parties.ForEach(static party => party.Settle());
            _markets.ForEach(static market => market.Entries.Sort(static (x, y) => x.Party.Order.CompareTo(y.Party.Order)));
        }

        public bool HasSwapper => _parties.Exists(static party => party.IsSwapper);

        // Transfers of one asset stand as they are, unless an address in between ends as it began: then only who gained
        // and who lost is a fact, and the many-to-many movement says just that.
        public IEnumerable<Part> PlainParts(IGrouping<Asset, TransferFact> transfers)
        {
            Market market = _marketOf[transfers.Key];
            if (!market.Entries.Exists(static entry => entry.Net.IsZero))
            {
                return transfers.Select(AsIs);
            }

            ImmutableArray<Leg> payers = Legs(market, sign: -1, static _ => true);
            ImmutableArray<Leg> receivers = Legs(market, sign: 1, static _ => true);
            return payers.IsEmpty
                ? []
                : [Derived(MovementKind.Transaction, payers, receivers)];
        }

        public List<Part> SwapParts()
        {
            foreach (Party swapper in _parties.Where(static party => party.IsSwapper))
            {
                Swap(swapper);
            }

            List<Leg> payers = [];
            List<Leg> receivers = [];
            foreach (Market market in _markets)
            {
                Pay(market, payers, receivers);
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

        private void Swap(Party swapper)
        {
            Leg[] gives = [.. swapper.Legs(sign: -1)];
            Leg[] gets = [.. swapper.Legs(sign: 1)];
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
        private void Pay(Market market, List<Leg> payersLeft, List<Leg> receiversLeft)
        {
            ImmutableArray<Leg> payers = Legs(market, sign: -1, static party => !party.IsSwapper);
            ImmutableArray<Leg> receivers = Legs(market, sign: 1, static party => !party.IsSwapper);
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

        private static ImmutableArray<Leg> Legs(Market market, int sign, Func<Party, bool> include) =>
        [
            .. market.Entries
                .Where(entry => entry.Net.Sign == sign && include(entry.Party))
                .Select(static entry => entry.Leg),
        ];

        private static void Add(Party party, Market market, BigInteger amount)
        {
            if (!party.EntryOf.TryGetValue(market, out Entry? entry))
            {
                entry = new Entry(party, market);
                party.EntryOf.Add(market, entry);
                market.Entries.Add(entry);
            }

            entry.Net += amount;
        }

        private Party PartyOf(Address address)
        {
            if (!_partyOf.TryGetValue(address, out Party? party))
            {
                party = new Party(address, _parties.Count);
                _parties.Add(party);
                _partyOf.Add(address, party);
            }

            return party;
        }

        private Market MarketOf(Asset asset)
        {
            if (!_marketOf.TryGetValue(asset, out Market? market))
            {
                market = new Market(asset, _markets.Count);
                _markets.Add(market);
                _marketOf.Add(asset, market);
            }

            return market;
        }

        // Netting makes a fact derived; an estimate among the transfers makes the result one too.
        private Part Derived(MovementKind kind, ImmutableArray<Leg> inputs, ImmutableArray<Leg> outputs)
        {
            Asset first = (inputs.IsEmpty ? outputs : inputs)[0].Holder.Asset;
            Asset second = (outputs.IsEmpty ? inputs : outputs)[0].Holder.Asset;
            (Grade grade, string source) = Behind(first, second);
            return new Part(kind, grade, source, inputs, outputs);
        }

        // The transfers of one asset or two, in execution order.
        private (Grade Grade, string Source) Behind(Asset first, Asset second)
        {
            (Asset, Asset) key = first.CompareTo(second) <= 0 ? (first, second) : (second, first);
            if (!_behind.TryGetValue(key, out (Grade, string) behind))
            {
                List<int> numbers = [.. _marketOf[first].Transfers];
                if (first != second)
                {
                    numbers.AddRange(_marketOf[second].Transfers);
                    numbers.Sort();
                }

                byte worst = numbers.Max(i => (byte)_transfers[i].Grade);
                behind = (
                    (Grade)Math.Max((byte)Grade.Derived, worst),
                    string.Join("; ", numbers.Select(i => _transfers[i].Source).Distinct()));
                _behind.Add(key, behind);
            }

            return behind;
        }
    }

    /// <summary>What one address gained or lost in one asset.</summary>
    private sealed class Entry(Party party, Market market)
    {
        public Party Party => party;

        public Market Market => market;

        public BigInteger Net { get; set; }

        public Leg Leg => new(Holder.Account(party.Address, market.Asset), Amount.FromBigInteger(BigInteger.Abs(Net)));
    }

    /// <summary>An address that gave or got something.</summary>
    private sealed class Party(Address address, int order)
    {
        private Entry[] _entries = [];

        public Address Address => address;

        public int Order => order;

        public Dictionary<Market, Entry> EntryOf { get; } = [];

        /// <summary>Gives one asset and gets another.</summary>
        public bool IsSwapper { get; private set; }

        /// <summary>Called when all transfers are added.</summary>
        public void Settle()
        {
            _entries = [.. EntryOf.Values.OrderBy(static entry => entry.Market.Order)];
            IsSwapper = _entries.Any(static entry => entry.Net.Sign < 0) && _entries.Any(static entry => entry.Net.Sign > 0);
        }

        public IEnumerable<Leg> Legs(int sign) =>
            _entries.Where(entry => entry.Net.Sign == sign).Select(static entry => entry.Leg);
    }

    /// <summary>An asset that moved.</summary>
    private sealed class Market(Asset asset, int order)
    {
        public Asset Asset => asset;

        public int Order => order;

        /// <summary>The places of its transfers in the transaction.</summary>
        public List<int> Transfers { get; } = [];

        /// <summary>Who gave or got it.</summary>
        public List<Entry> Entries { get; } = [];
    }
}
