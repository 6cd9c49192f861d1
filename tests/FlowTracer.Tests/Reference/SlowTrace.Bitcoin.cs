using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>
/// Bitcoin in the reference.
/// <list type="bullet">
/// <item>The pool is the inputs of one transaction in their order, and the lots of an input in theirs. Each taker draws once
/// from it, in the policy's out-order, and the fee last.</item>
/// <item>Takers receive in the order listed, whatever order they drew in.</item>
/// <item>A coinbase comes after its block. With fees followed its pool is new issue (what its outputs have beyond the
/// fees), then the fees in the order of transactions; what its outputs leave of them ends as a fee.</item>
/// <item>A fee is no hop: the coinbase's outputs are as far from the seed as the transaction's own.</item>
/// <item>Going back, a coinbase's outputs are the pool, new issue draws first, then the fees; a transaction's pool is its
/// outputs, then its fee: with what the coinbase said of it, else clean.</item>
/// <item>A followed fee whose block has no coinbase in the ledger ends at the record's edge.</item>
/// </list>
/// </summary>
internal sealed partial class SlowTrace
{
    /// <summary>What is known of the fee of a row (forward: what it paid; going back: what the coinbase says of it).</summary>
    private readonly SortedDictionary<int, (List<Lot> Lots, int Depth)> _fees = [];

    private (string Lots, string Takers) Orders() => _policy switch
    {
        "fifo" or "haircut" or "poison" => ("first", "first"),
        "lifo" => ("last", "first"),
        "pifo" => ("taint", "first"),
        "libr" => ("clean", "first"),
        "tiho" => ("taint", "highest"),
        _ => (_policy.Split('-')[0], _policy.Split('-')[1]),
    };

    /// <summary>Lets takers draw from a pool in the policy's out-order; each share stands at its taker's place.</summary>
    private List<List<Lot>> Serve(List<Lot> pool, List<BigInteger> amounts)
    {
        IEnumerable<int> listed = Enumerable.Range(0, amounts.Count); // OrderBy is stable: of equals the lower index first
        List<int> order = Orders().Takers switch
        {
            "last" => listed.Reverse().ToList(),
            "highest" => listed.OrderByDescending(i => amounts[i]).ToList(),
            "smallest" => listed.OrderBy(i => amounts[i]).ToList(),
            _ => listed.ToList(),
        };
        List<List<Lot>> shares = amounts.Select(_ => new List<Lot>()).ToList();
        order.ForEach(i => shares[i] = Take(pool, amounts[i]));
        return shares;
    }

    private void ApplyOnBitcoin(int row)
    {
        RefMovement movement = _rows[row];
        int giversDepth = int.MaxValue;
        List<Lot> pool = [];
        for (int i = 0; i < movement.Inputs.Count; i++)
        {
            (string holder, BigInteger amount) = movement.Inputs[i];
            List<Lot> pieces = Spend(holder, amount);
            if (_depth.TryGetValue(holder, out int depth) && pieces.Any(p => p.IsTainted))
            {
                giversDepth = Math.Min(giversDepth, depth);
            }

            pool.AddRange(_case.Backward ? ClaimForTransferSeeds(movement.Order, i, holder, pieces) : pieces);
            AddNet(holder, -amount);
        }

        switch (movement.Kind, _case.Backward)
        {
            case ("transaction", false):
                List<Lot> fee = PayOut(row, pool, giversDepth);
                if (_case.FollowFees)
                {
                    _fees[movement.Order] = (fee, giversDepth);
                }
                else
                {
                    Book(fee, "fee", "", "BTC");
                }

                break;
            case ("coinbase", false):
                (List<Lot> taken, int payersDepth) = TakeInFees(movement);
                Book(PayOut(row, taken, payersDepth), "fee", "", "BTC");
                break;
            case ("transaction", true):
                (List<Lot> behind, int minersDepth) = _fees.TryGetValue(movement.Order, out (List<Lot>, int) known)
                    ? known
                    : ([Lot.Clean(FeeOf(movement.Reversed()))], int.MaxValue);
                _fees.Remove(movement.Order);
                minersDepth = behind.Any(l => l.IsTainted) ? minersDepth : int.MaxValue;
                PayOut(row, [.. pool, .. behind], Math.Min(giversDepth, minersDepth));
                break;
            default:
                GiveBackFees(movement, pool, giversDepth);
                break;
        }
    }

    /// <summary>All of a coin, in the order of its lots.</summary>
    private List<Lot> Spend(string coin, BigInteger amount)
    {
        if (!_lots.TryGetValue(coin, out List<Lot>? lots) || amount == 0)
        {
            return Draw(coin, amount);
        }

        if (Sum(lots) < amount)
        {
            _gaps[coin] = _gaps.GetValueOrDefault(coin) + amount - Sum(lots);
            lots = Merged([.. lots, Lot.Clean(amount - Sum(lots))]);
        }

        _lots[coin] = [];
        return lots;
    }

    /// <summary>Gives each output its share of the pool; returns what is left, as the fee draws it.</summary>
    private List<Lot> PayOut(int row, List<Lot> unmerged, int giversDepth)
    {
        RefMovement movement = _rows[row];
        List<Lot> pool = Merged(unmerged.Where(l => l.Amount > 0).ToList());
        List<List<Lot>> shares = Serve(pool, movement.Outputs.Select(o => o.Amount).ToList());
        for (int i = 0; i < movement.Outputs.Count; i++)
        {
            (string holder, BigInteger amount) = movement.Outputs[i];
            List<Lot> pieces = shares[i];
            if (!_case.Backward)
            {
                pieces = ClaimForTransferSeeds(movement.Order, i, holder, pieces);
            }

            pieces = ClaimForAddressSeeds(holder, pieces);
            AddHop(movement, holder, amount, pieces);
            Receive(row, holder, pieces, giversDepth);
            AddNet(holder, amount);
        }

        return Take(pool, Sum(pool));
    }

    private static BigInteger FeeOf(RefMovement transaction) =>
        transaction.Inputs.Aggregate(BigInteger.Zero, (sum, i) => sum + i.Amount)
        - transaction.Outputs.Aggregate(BigInteger.Zero, (sum, o) => sum + o.Amount);

    private List<RefMovement> TransactionsOf(int block) =>
        _case.Ledger.Where(m => m.Kind == "transaction" && m.Block == block).ToList();

    /// <summary>A coinbase's pool, and the smallest depth of those that gave stolen money to it.</summary>
    private (List<Lot> Pool, int Depth) TakeInFees(RefMovement coinbase)
    {
        BigInteger outputs = coinbase.Outputs.Aggregate(BigInteger.Zero, (sum, o) => sum + o.Amount);
        if (!_case.FollowFees)
        {
            return ([Lot.Clean(outputs)], int.MaxValue);
        }

        List<RefMovement> payers = TransactionsOf(coinbase.Block);
        BigInteger issue = outputs - payers.Aggregate(BigInteger.Zero, (sum, m) => sum + FeeOf(m));
        List<Lot> pool = [Lot.Clean(BigInteger.Max(0, issue))];
        int giversDepth = int.MaxValue;
        foreach (RefMovement payer in payers)
        {
            (List<Lot> lots, int depth) = _fees[payer.Order];
            _fees.Remove(payer.Order);
            pool.AddRange(lots);
            giversDepth = lots.Any(l => l.IsTainted) ? Math.Min(giversDepth, depth) : giversDepth;
        }

        return (pool, giversDepth);
    }

    private void GiveBackFees(RefMovement coinbase, List<Lot> unmerged, int giversDepth)
    {
        List<Lot> pool = Merged(unmerged.Where(l => l.Amount > 0).ToList());
        List<RefMovement> payers = _case.FollowFees ? TransactionsOf(coinbase.Block) : [];
        BigInteger fees = payers.Aggregate(BigInteger.Zero, (sum, m) => sum + FeeOf(m));
        BigInteger outputs = Sum(pool);
        Book(Take(pool, BigInteger.Max(0, outputs - fees)), "edge", "issuance", "BTC");
        if (fees > outputs)
        {
            pool = Merged([.. pool, Lot.Clean(fees - outputs)]);
        }

        List<List<Lot>> shares = Serve(pool, payers.Select(FeeOf).ToList());
        for (int i = 0; i < payers.Count; i++)
        {
            int depth = giversDepth == int.MaxValue ? -1 : giversDepth; // a seed's own output is no hop away from it
            _fees[payers[i].Order] = (shares[i].Select(l => l.Settled()).ToList(), depth);
        }
    }

    private void BookFeesLeft()
    {
        foreach ((List<Lot> lots, _) in _fees.Values)
        {
            Book(lots, "edge", "", "BTC");
        }
    }
}
