using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace FlowTracer.EndToEnd;

/// <summary>
/// A fact that the system's Python checks; skipped, with the reason, where it or one of the modules is missing. The
/// system's, because that is the one Debian's packages install into.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    /// <summary>The interpreter to run such a check with.</summary>
    public const string Interpreter = "/usr/bin/python3";

    // Imports each module named, and prints the names of those that do not import.
    private const string ImportEach = """
        import importlib, sys
        for name in sys.argv[1:]:
            try:
                importlib.import_module(name)
            except Exception:
                print(name)
        """;

    private static readonly ConcurrentDictionary<string, string?> Reasons = new();

    public PythonFactAttribute(params string[] modules)
    {
        Modules = modules;
        Skip = Reasons.GetOrAdd(string.Join(' ', modules), static (_, names) => MissingReason(names), modules)!;
    }

    /// <summary>Names of the modules the fact imports.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>Why a check that imports <paramref name="modules"/> cannot run here; null when it can.</summary>
    internal static string? MissingReason(string[] modules)
    {
        try
        {
            ProcessStartInfo start = new(Interpreter, ["-c", ImportEach, .. modules]) { RedirectStandardOutput = true };
            using Process? python = Process.Start(start);
            string missing = python?.StandardOutput.ReadToEnd().ReplaceLineEndings(" ").Trim() ?? string.Empty;
            python?.WaitForExit();
            return python?.ExitCode != 0 ? $"{Interpreter} does not run"
                : missing.Length > 0 ? $"{Interpreter} lacks the modules: {missing}"
                : null;
        }
        catch (Win32Exception)
        {
            return $"{Interpreter} is not there";
        }
    }
}
