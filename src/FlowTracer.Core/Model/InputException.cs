using System.Globalization;

namespace FlowTracer.Core.Model;

/// <summary>
/// What a user gave cannot be used: a file, an argument, a line of standard input. Its message is one line that names
/// the place and what is wrong; nothing has been changed.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>A fault that has no place in a file.</summary>
    public InputException(string reason)
        : base(reason)
    {
    }

    /// <summary>A fault at a place.</summary>
    /// <param name="file">The file as the user named it.</param>
    /// <param name="line">Line, counted from 1; zero when the file as a whole is at fault.</param>
    /// <param name="column">Column, counted from 1; zero when the line as a whole is at fault.</param>
    /// <param name="reason">What is wrong.</param>
    public InputException(string file, long line, long column, string reason)
        : base(Place(file, line, column) + reason)
    {
    }

    private static string Place(string file, long line, long column) => (line, column) switch
    {
        (0, _) => $"{file}: ",
        (_, 0) => string.Create(CultureInfo.InvariantCulture, $"{file}:{line}: "),
        _ => string.Create(CultureInfo.InvariantCulture, $"{file}:{line}:{column}: "),
    };
}
