namespace FlowTracer.EndToEnd;

/// <summary>A fact that an installed program checks; skipped, with the reason, where the program is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    /// <param name="path">Absolute path of the program.</param>
    public ToolFactAttribute(string path)
    {
        Path = path;
        Skip = MissingReason(path)!;
    }

    /// <summary>Absolute path of the program.</summary>
    public string Path { get; }

    /// <summary>Why the program at <paramref name="path"/> cannot be run here; null when it can.</summary>
    internal static string? MissingReason(string path) => File.Exists(path) ? null : $"{path} is not there";
}
