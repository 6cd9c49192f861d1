using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Labels;

/// <summary>Why a label file, or a place in it, is not what it should be. It is for a person and fits one line.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Line">The line, counted from 1; 0 when the fault is the file's as a whole.</param>
/// <param name="Column">The character (TagPack) or the field (CSV) in that line, counted from 1; 0 when unknown.</param>
/// <param name="Reason">What is wrong, and what would be right or what to do.</param>
public sealed record LabelError(string File, int Line, int Column, string Reason)
{
    /// <summary><c>file:line:column: reason</c>, without the parts that are unknown.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => $"{File}: {Reason}",
        (_, 0) => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}: {Reason}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: {Reason}"),
    };

    // ParseError bounds what is shown of a hostile text and keeps it on one line.
    internal static string Quoted(string text, string reason) => new ParseError(text, 1, reason).ToString();

    // A library's message quotes what it found, which may hold anything.
    internal static string OneLine(string message)
    {
        const int limit = 240;
        string head = message.Length <= limit ? message : string.Concat(message.AsSpan(0, limit), "…");
        return string.Concat(head.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
    }
}

/// <summary>Carries an error out of a reader's nested calls; every public method catches it.</summary>
internal sealed class LabelFormatException(LabelError error) : Exception(error.ToString())
{
    public LabelError Error { get; } = error;
}
