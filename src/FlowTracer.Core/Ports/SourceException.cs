namespace FlowTracer.Core.Ports;

/// <summary>A source could not answer. The message is one line that names the node or store, and what was asked of it.</summary>
public sealed class SourceException : Exception
{
    /// <summary>A fault.</summary>
    /// <param name="node">The node or store without its secrets.</param>
    /// <param name="call">The call, with as much of its parameters as names what was asked.</param>
    /// <param name="reason">What happened, and what to do where there is something.</param>
    /// <param name="cause">The fault behind it.</param>
    public SourceException(string node, string call, string reason, Exception? cause = null)
        : base($"{node}: {call}: {reason}", cause) => (Node, Call, Reason) = (node, call, reason);

    /// <summary>The node or store without its secrets.</summary>
    public string Node { get; }

    /// <summary>The call.</summary>
    public string Call { get; }

    /// <summary>What happened.</summary>
    public string Reason { get; }

    /// <summary>
    /// Whether something answered that does not seem to be what was asked for (a page, another protocol): not a node that
    /// is away or overloaded.
    /// </summary>
    public bool IsForeign { get; init; }

    /// <summary>Whether the node answered, and its answer is a refusal or cannot be right.</summary>
    public bool IsAnswered { get; init; }
}
