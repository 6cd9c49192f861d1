using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Core.Bulk;

/// <summary>Traces whole ledgers: the same rules, and the same code of every policy, as the general sweep.</summary>
public static class BulkTracer
{
    /// <summary>Traces an account ledger.</summary>
    /// <exception cref="OverflowException">A holder would have more than the ledger's width counts.</exception>
    /// <exception cref="InvariantException">The result does not add up: a bug.</exception>
    public static BulkTrace Run<TUnits>(AccountLedger<TUnits> ledger, BulkQuestion question, CancellationToken cancellationToken)
        where TUnits : struct, IUnits<TUnits> =>
        question.Policy.Accept(new OverAccounts<TUnits>(ledger, question, cancellationToken));

    /// <summary>Traces a Bitcoin ledger.</summary>
    /// <exception cref="InvariantException">The result does not add up: a bug.</exception>
    public static BulkTrace Run(CoinLedger ledger, BulkQuestion question, CancellationToken cancellationToken) =>
        question.Policy.Accept(new OverCoins(ledger, question, cancellationToken));

    private sealed class OverAccounts<TUnits>(AccountLedger<TUnits> ledger, BulkQuestion question, CancellationToken cancellationToken)
        : IPoolUser<TUnits, BulkTrace>
        where TUnits : struct, IUnits<TUnits>
    {
        public BulkTrace With<TPool>()
            where TPool : struct, IHolderPool<TUnits, TPool> =>
            new AccountSweep<TUnits, TPool>(ledger, question).Run(cancellationToken);
    }

    private sealed class OverCoins(CoinLedger ledger, BulkQuestion question, CancellationToken cancellationToken)
        : IPoolUser<Units64, BulkTrace>
    {
        public BulkTrace With<TPool>()
            where TPool : struct, IHolderPool<Units64, TPool> => new CoinSweep<TPool>(ledger, question).Run(cancellationToken);
    }
}
