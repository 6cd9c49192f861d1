namespace FlowTracer.Core.Model;

/// <summary>
/// Where value ends. Text form: the name in lower case (<c>mixer</c>, <c>exchange</c> …). The first five come from what
/// is claimed about an address, the others from the trace itself.
/// </summary>
public enum SinkKind
{
    /// <summary>A service or protocol that breaks the link between what goes in and what comes out.</summary>
    Mixer,

    /// <summary>A custodian that pools its customers' coins: what leaves it is not what went in.</summary>
    Exchange,

    /// <summary>The way to another chain.</summary>
    Bridge,

    /// <summary>Any other service that pools what it is sent: swaps, lending, gambling, markets, payment processors.</summary>
    Service,

    /// <summary>An address nobody can spend from.</summary>
    Burn,

    /// <summary>Paid to whoever included the transaction.</summary>
    Fee,

    /// <summary>Unspent as of the last position known.</summary>
    Held,

    /// <summary>The record ends here: nobody looked further.</summary>
    Edge,

    /// <summary>A limit of the trace stopped it.</summary>
    Cut,
}
