using System.Text.Json;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>One question to a JSON-RPC node.</summary>
/// <param name="Method">E.g. <c>eth_getBalance</c>.</param>
/// <param name="Params">
/// The parameters as a JSON array without spaces: with the method, the question's identity.
/// </param>
public sealed record RpcCall(string Method, string Params)
{
    private const int LongestShown = 160;

    /// <summary>
    /// The last block the answer depends on; null when that is not known beforehand (a transaction by its hash). An
    /// answer about final blocks is kept for good, any other only for the head it was asked under.
    /// </summary>
    public ulong? LastBlock { get; init; }

    /// <summary>Whether the answer is kept. Asking what the newest block is, is not.</summary>
    public bool IsKept { get; init; } = true;

    /// <summary>
    /// Whether a refusal is an answer to go on from: a range that is then halved, a method that is then done without.
    /// It is not asked for again, and kept whatever it says. Any other that may pass is asked for again.
    /// </summary>
    public bool GoesOnFromRefusal { get; init; }

    /// <summary>
    /// Whether the answer proves nothing by itself: it is the word of the source that gave it, and kept as that source's.
    /// </summary>
    public bool IsWord { get; init; }

    /// <summary>
    /// Says what is wrong with an answer, or null: it belongs to another block, it is cut short. A wrong answer is
    /// asked for again, then elsewhere, and never used or kept.
    /// </summary>
    public Func<JsonElement, string?>? Check { get; init; }

    /// <summary>For a person: the method and as much of the parameters as names what was asked.</summary>
    public string Shown => Method + (Params.Length <= LongestShown ? Params : Params[..LongestShown] + "…");

    /// <summary>Whether two questions are the same: by method and parameters.</summary>
    public bool Equals(RpcCall? other) => other is not null && Method == other.Method && Params == other.Params;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Method, Params);
}

/// <summary>A node's refusal.</summary>
/// <param name="Code">JSON-RPC's code, e.g. -32601 for an unknown method.</param>
/// <param name="Message">The node's own words.</param>
public sealed record RpcError(int Code, string Message);

/// <summary>A node's answer: a result, or its refusal.</summary>
public readonly record struct RpcAnswer
{
    private RpcAnswer(JsonElement result, RpcError? error) => (Result, Error) = (result, error);

    /// <summary>The result; undefined when there is an error. <c>null</c> is a result.</summary>
    public JsonElement Result { get; }

    /// <summary>Why the node refused; null when it answered.</summary>
    public RpcError? Error { get; }

    /// <summary>An answer.</summary>
    public static RpcAnswer Of(JsonElement result) => new(result, null);

    /// <summary>A refusal.</summary>
    public static RpcAnswer Refused(RpcError error) => new(default, error);
}

/// <summary>
/// Whatever answers JSON-RPC calls: a node, several of them, or answers kept from before. Calls made at the same time
/// travel together. A refusal is an answer (a range may be too wide, a method unknown); what could not be asked at all
/// throws.
/// </summary>
public interface IRpc
{
    /// <summary>For a person: the node without its secrets.</summary>
    string Name { get; }

    /// <summary>Asks.</summary>
    /// <exception cref="SourceException">No usable answer came, after all retries.</exception>
    Task<RpcAnswer> AskAsync(RpcCall call, CancellationToken cancellationToken);
}
