using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>Refuses cases that mean nothing, so that a slip in a scenario or a generator never passes for a result.</summary>
internal static class RefCheck
{
    /// <exception cref="ArgumentException">The case breaks a rule; the message says which.</exception>
    public static void Case(RefCase question, string policy)
    {
        Demand(SlowTrace.Policies.Contains(policy) || SlowTrace.OrderPolicies.Contains(policy), $"unknown policy {policy}");
        Demand(question.Ledger.TrueForAll(m => m.IsBitcoin == question.IsBitcoin), "Bitcoin and another chain in one ledger");
        Coins(question.Ledger.Where(m => m.IsBitcoin).ToList());
        Demand(question.Seeds.Select(s => s.Id).Distinct().Count() == question.Seeds.Count, "two seeds of one name");
        for (int i = 0; i < question.Ledger.Count; i++)
        {
            Demand(i == 0 || question.Ledger[i - 1].Order < question.Ledger[i].Order, "rows out of order");
            Movement(question.Ledger[i]);
        }

        question.Seeds.ForEach(s => Seed(question, s));
    }

    private static void Coins(List<RefMovement> rows)
    {
        HashSet<string> made = [];
        HashSet<string> spent = [];
        HashSet<int> closed = [];
        for (int i = 0; i < rows.Count; i++)
        {
            string where = $"row {rows[i].Order}";
            Demand(i == 0 || rows[i - 1].Block <= rows[i].Block, $"{where}: blocks out of order");
            Demand(!closed.Contains(rows[i].Block), $"{where}: behind its block's coinbase");
            Demand(rows[i].Inputs.TrueForAll(l => spent.Add(l.Holder)), $"{where}: a coin spent twice");
            Demand(rows[i].Outputs.TrueForAll(l => made.Add(l.Holder) && !spent.Contains(l.Holder)), $"{where}: a coin made twice");
            if (rows[i].Kind == "coinbase")
            {
                closed.Add(rows[i].Block);
            }
        }

        foreach ((string holder, BigInteger amount) in rows.SelectMany(m => m.Inputs))
        {
            Demand(rows.SelectMany(m => m.Outputs).All(o => o.Holder != holder || o.Amount == amount), $"{holder}: spent in part");
        }
    }

    private static void Movement(RefMovement m)
    {
        List<(string Holder, BigInteger Amount)> legs = [.. m.Inputs, .. m.Outputs];
        string where = $"row {m.Order} ({m.Kind})";
        Demand(legs.TrueForAll(l => l.Amount >= 0), $"{where}: a negative amount");
        int assets = legs.Select(l => RefHolder.Asset(l.Holder)).Distinct().Count();
        (int inputs, int outputs) = (m.Inputs.Count, m.Outputs.Count);
        switch (m.Kind)
        {
            case "transfer":
                Demand(inputs > 0 && outputs > 0 && assets == 1, $"{where}: needs both sides in one asset");
                Demand(Sum(m.Inputs) == Sum(m.Outputs), $"{where}: what goes in must come out");
                break;
            case "conversion":
                Demand(inputs == 1 && outputs == 1 && assets == 2, $"{where}: needs one input and one output of two assets");
                Demand(legs.TrueForAll(l => l.Amount > 0), $"{where}: a zero amount");
                break;
            case "transaction":
                Demand(inputs > 0 && outputs > 0 && assets == 1, $"{where}: needs both sides in one asset");
                Demand(Sum(m.Inputs) >= Sum(m.Outputs), $"{where}: gives out more than it takes in");
                Demand(legs.TrueForAll(l => RefHolder.IsCoin(l.Holder)), $"{where}: holders are coins");
                break;
            case "coinbase":
                Demand(inputs == 0 && outputs > 0 && assets == 1, $"{where}: needs outputs only");
                Demand(legs.TrueForAll(l => RefHolder.IsCoin(l.Holder)), $"{where}: holders are coins");
                break;
            case "fee":
                Demand(inputs == 1 && outputs == 0, $"{where}: needs one input only");
                break;
            case "reward":
                Demand(inputs == 0 && outputs == 1, $"{where}: needs one output only");
                break;
            case "unresolved":
                Demand(inputs + outputs == 1, $"{where}: needs one side only");
                break;
            default:
                Demand(false, $"{where}: unknown kind");
                break;
        }
    }

    private static void Seed(RefCase question, RefSeed seed)
    {
        Demand(seed.Amount is null || seed.Amount > 0, $"seed {seed.Id}: an amount of nothing");
        bool isInside = question.Limits.UntilOrder is not int until
            || (question.Backward ? seed.Order >= until : seed.Order <= until);
        Demand(isInside, $"seed {seed.Id}: lies outside the time window");
        if (seed.Holder is not null)
        {
            return;
        }

        RefMovement? movement = question.Ledger.Find(m => m.Order == seed.Order);
        Demand(movement is not null, $"seed {seed.Id}: no such row");
        Demand(!movement!.IsSelfTransfer, $"seed {seed.Id}: a self-transfer moves nothing");
        Demand(seed.Output < movement.Outputs.Count, $"seed {seed.Id}: no such output");
        BigInteger most = movement.Outputs[seed.Output].Amount;
        Demand(most > 0 && (seed.Amount ?? most) <= most, $"seed {seed.Id}: more than the output holds");
    }

    private static BigInteger Sum(List<(string Holder, BigInteger Amount)> legs) =>
        legs.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);

    private static void Demand(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
