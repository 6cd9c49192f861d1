namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// An answer that is not what was asked for: a field is missing, of another type, out of range, or contradicts another.
/// This is what the decoders throw on a bad answer, and the only thing; whoever knows the node and the call adds them.
/// </summary>
public sealed class AnswerFormatException : Exception
{
    // What a node wrote goes into the message, but not all of a page of HTML.
    private const int MaxQuotedLength = 80;

    /// <summary>A fault at a place.</summary>
    /// <param name="path">Where in the answer, e.g. <c>logs[3].data</c>; empty for the answer itself.</param>
    /// <param name="reason">What is wrong there, for a person.</param>
    public AnswerFormatException(string path, string reason)
        : base(path.Length == 0 ? $"the answer {OneLine(reason)}" : $"{OneLine(path)} {OneLine(reason)}") =>
        (Path, Reason) = (path, OneLine(reason));

    /// <summary>Where in the answer; empty for the answer itself.</summary>
    public string Path { get; }

    /// <summary>What is wrong there, as the end of a sentence that begins with the place.</summary>
    public string Reason { get; }

    /// <summary>A piece of an answer in quotes, short enough for a line.</summary>
    internal static string Quote(string text) =>
        text.Length <= MaxQuotedLength ? $"“{text}”" : $"“{text[..MaxQuotedLength]}…”";

    /// <summary>A text without line breaks and other control characters.</summary>
    internal static string OneLine(string text) =>
        string.Concat(text.Select(static c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));
}
