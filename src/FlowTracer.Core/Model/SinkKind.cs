namespace FlowTracer.Core.Model;

/// <summary>Where value ends.</summary>
public enum SinkKind : byte
{
    /// <summary>A service that breaks the link between what goes in and what comes out.</summary>
    Mixer = 1,

    /// <summary>An exchange or one of its deposit addresses: the customer behind it is known to the exchange.</summary>
    Exchange,

    /// <summary>A bridge to another chain.</summary>
    Bridge,

    /// <summary>Any other service that pools its customers' money.</summary>
    Service,

    /// <summary>An address that nobody can spend from.</summary>
    Burn,

    /// <summary>Paid to the network.</summary>
    Fee,

    /// <summary>Unspent as of the last position known, in a holder whose history is complete.</summary>
    Held,

    /// <summary>The record ends here: what became of it was not recorded.</summary>
    Edge,

    /// <summary>A limit stopped the trace, or a step could not be resolved.</summary>
    Cut,
}

/// <summary>The words for sinks in text and exports.</summary>
public static class SinkKinds
{
    /// <summary>The lower-case word of the vocabulary.</summary>
    public static string Word(this SinkKind kind) => kind switch
    {
        SinkKind.Mixer => "mixer",
        SinkKind.Exchange => "exchange",
        SinkKind.Bridge => "bridge",
        SinkKind.Service => "service",
        SinkKind.Burn => "burn",
        SinkKind.Fee => "fee",
        SinkKind.Held => "held",
        SinkKind.Edge => "edge",
        SinkKind.Cut => "cut",
        _ => throw new InvariantException($"no such sink: {(byte)kind}"),
    };
}
