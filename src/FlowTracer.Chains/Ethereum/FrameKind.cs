namespace FlowTracer.Chains.Ethereum;

/// <summary>What a call frame does with value.</summary>
internal enum FrameKind
{
    /// <summary>Gives it to whom it calls.</summary>
    Call = 1,

    /// <summary>Endows the contract it creates.</summary>
    Creation,

    /// <summary>Gives all it has to whom it names.</summary>
    SelfDestruct,

    /// <summary>Runs code without moving any, whatever value a trace repeats from the frame around it.</summary>
    MovesNothing,
}

/// <summary>The names of call frames in traces and explorers' rows.</summary>
internal static class FrameKinds
{
    /// <summary>The kind a name stands for, whatever its case; null for one not known.</summary>
    public static FrameKind? Of(string name) => name.ToUpperInvariant() switch
    {
        "CALL" => FrameKind.Call,
        "CREATE" or "CREATE2" => FrameKind.Creation,
        "SUICIDE" or "SELFDESTRUCT" => FrameKind.SelfDestruct,
        // CALLCODE runs another's code as its own: its value goes from itself to itself. DELEGATECALL (EIP-7) shows the
        // value of the frame around it.
        "DELEGATECALL" or "CALLCODE" or "STATICCALL" => FrameKind.MovesNothing,
        _ => null,
    };
}
