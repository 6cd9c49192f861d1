using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Ethereum.Live;

/// <summary>
/// Finds the transactions in which an account's coin may have changed. Tokens are found by their logs, and what an
/// index missed by balances, wherever the node has old ones.
/// </summary>
internal interface ITransactionIndex
{
    /// <summary>How it finds them, for a person: <c>trace_filter</c>.</summary>
    string Method { get; }

    /// <summary>Whether it finds transactions in which a contract pays the account, and not only its own.</summary>
    bool FindsInternal { get; }

    /// <summary>
    /// Whether it is always asked from the chain's first block on: then all that came before gives an opening balance that
    /// nothing else tells.
    /// </summary>
    bool ReadsFromStart => false;

    /// <summary>The part of a range of blocks it can speak of, beginning where a trace in this direction begins.</summary>
    (ulong First, ulong Last) Covered(ulong first, ulong last, Direction direction) => (first, last);

    /// <summary>Forgets what it read, after a reorganisation.</summary>
    void Forget()
    {
    }

    /// <summary>The transactions of an account in a range of blocks, in any order, repeated or not.</summary>
    Task<IReadOnlyList<TxRef>> FindAsync(Address address, ulong first, ulong last, CancellationToken cancellationToken);
}
