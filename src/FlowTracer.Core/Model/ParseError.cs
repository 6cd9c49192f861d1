namespace FlowTracer.Core.Model;

/// <summary>Why a piece of user text is not what it should be.</summary>
/// <param name="Text">The offending text as given.</param>
/// <param name="Column">Where in it the fault is, counted from 1.</param>
/// <param name="Reason">What is wrong and what would be right, for a person.</param>
public readonly record struct ParseError(string Text, int Column, string Reason)
{
    /// <summary>One line: the text in quotes and the reason.</summary>
    public override string ToString() => $"'{Shown(Text)}': {Reason}";

    // A hostile input must not flood a terminal: what is shown of it is bounded and printable.
    private static string Shown(string text)
    {
        const int limit = 80;
        string head = text.Length <= limit ? text : string.Concat(text.AsSpan(0, limit), "…");
        return string.Create(head.Length, head, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
