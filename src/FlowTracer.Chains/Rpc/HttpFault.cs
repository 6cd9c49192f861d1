using System.Net;
using FlowTracer.Core.Ports;

namespace FlowTracer.Chains.Rpc;

/// <summary>Why one attempt brought no usable answer.</summary>
internal enum FaultKind
{
    /// <summary>No connection, or it broke before an answer.</summary>
    Connection,

    /// <summary>No answer in time.</summary>
    Timeout,

    /// <summary>A status that is no answer.</summary>
    Status,

    /// <summary>A body that is no answer, or half of one.</summary>
    BadAnswer,

    /// <summary>A body longer than is read.</summary>
    TooLong,

    /// <summary>What no repetition changes: a certificate not trusted, no version of a protocol in common.</summary>
    Unusable,

    /// <summary>The node's cookie file cannot be used: the node may just be starting.</summary>
    Cookie,
}

/// <summary>
/// One attempt that brought no usable answer. It never leaves this folder: callers see a <see cref="SourceException"/>.
/// </summary>
internal sealed class HttpFault(FaultKind kind, string text, Exception? cause = null) : Exception(text, cause)
{
    public FaultKind Kind { get; } = kind;

    /// <summary>The answer's status; zero without one.</summary>
    public HttpStatusCode Status { get; init; }

    /// <summary>How long the node asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether other requests ended with it: with fewer at a time, fewer share such a fate.</summary>
    public bool EndsOthers { get; init; }

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsPassing => Kind switch
    {
        FaultKind.TooLong or FaultKind.Unusable => false,
        FaultKind.Status =>
            Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout || (int)Status >= 500,
        _ => true,
    };

    /// <summary>What it says about the node's capacity.</summary>
    public Load Load => Kind == FaultKind.Timeout || EndsOthers
        || Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? Load.TooMuch : Load.Unknown;

    /// <summary>Whether the request asked for too much at once, as far as one can tell from outside.</summary>
    public bool IsHeavy => Kind is FaultKind.Timeout or FaultKind.TooLong or FaultKind.BadAnswer
        || Status is HttpStatusCode.InternalServerError or HttpStatusCode.GatewayTimeout;

    /// <summary>Whether what answered seems to be something else than what was asked.</summary>
    public bool IsForeign => Kind == FaultKind.BadAnswer || IsShape
        || Status is HttpStatusCode.NotFound or HttpStatusCode.NotImplemented;

    /// <summary>Whether a batch goes on in parts, with so many attempts made of those allowed.</summary>
    public bool SplitsBatch(int made, int retries) =>
        IsShape || Kind == FaultKind.TooLong || (IsHeavy && made <= retries);

    /// <summary>Whether the request was refused for its shape or size.</summary>
    public bool IsShape => Status is HttpStatusCode.BadRequest or HttpStatusCode.MethodNotAllowed
        or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    public static HttpFault Answered(HttpStatusCode status, TimeSpan? retryAfter) =>
        new(FaultKind.Status, $"answered {Numbers.Text((int)status)} {Words(status)}")
        {
            Status = status,
            RetryAfter = retryAfter,
        };

    /// <summary>One line for a person: what happened, how often, what to do.</summary>
    public string Reason(int attempts)
    {
        string times = attempts > 1 ? $" {Numbers.Text(attempts)} times" : "";
        return Status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                $"refused access ({Numbers.Text((int)Status)}): check the key, or the user and password or cookie file",
            HttpStatusCode.TooManyRequests => $"{Message}{times}; wait, or use a key or another node",
            HttpStatusCode.RequestEntityTooLarge => $"{Message}: the request is too large for it",
            HttpStatusCode.NotFound => $"{Message}: check the address",
            >= (HttpStatusCode)300 and < (HttpStatusCode)400 => $"{Message}: give the address it leads to",
            _ when Kind == FaultKind.Unusable => Message,
            _ when Kind == FaultKind.Cookie => $"{Message}; check the path and that the node runs",
            _ when Kind == FaultKind.Connection => $"{Message}{times}; check the address and that it runs",
            _ => Message + times,
        };
    }

    // HttpStatusCode's names are English words run together: TooManyRequests.
    private static string Words(HttpStatusCode status) => Enum.IsDefined(status)
        ? string.Concat(status.ToString().Select((letter, at) =>
            at > 0 && char.IsUpper(letter) ? " " + letter : letter.ToString()))
        : "(unknown status)";
}
