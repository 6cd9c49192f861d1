namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Thrown by who reads a body: it is not what was asked for (a page of HTML, invalid JSON, ids that belong to other
/// calls). The request is sent again; an answer like this is never used or kept.
/// </summary>
/// <param name="reason">What is wrong with it, e.g. "is not JSON": it follows the word "answer".</param>
public sealed class BadAnswerException(string reason) : Exception("the answer " + reason)
{
    /// <summary>What is wrong with the answer.</summary>
    public string Reason { get; } = reason;
}
