using System.Diagnostics;
using System.Text;

namespace FlowTracer.Testing;

/// <summary>The checkout the tests run from: its root, the shared recordings beside it, and the files git knows.</summary>
internal static class Repository
{
    private const string SolutionName = "FlowTracer.sln";
    private static readonly Lazy<IReadOnlyList<string>> LazyFiles = new(ListFiles);

    /// <summary>Absolute path of the folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Absolute path of the recordings too large to commit; it may not exist on this machine.</summary>
    public static string SharedData { get; } = Path.GetFullPath(Path.Combine(Root, "..", "shared", "data"));

    /// <summary>
    /// Paths relative to <see cref="Root"/>, with '/', in ordinal order: what is committed or would be (ignored files are
    /// not there).
    /// </summary>
    /// <exception cref="InvalidOperationException">Git is missing, or this is no checkout.</exception>
    public static IReadOnlyList<string> Files => LazyFiles.Value;

    /// <summary>The absolute path of a file or folder of the repository.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The text of a file of the repository, by its path relative to the root.</summary>
    public static string Read(string relative) => File.ReadAllText(PathOf(relative));

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, SolutionName)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds {SolutionName}.");
    }

    private static List<string> ListFiles()
    {
        // The checkout may belong to another user (a container's mount): reading its list of files is harmless.
        ProcessStartInfo start = new("git")
        {
            ArgumentList = { "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard" },
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        using Process git = Process.Start(start) ?? throw new InvalidOperationException("git did not start.");
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        if (git.ExitCode != 0)
        {
            throw new InvalidOperationException($"git ls-files ended with {git.ExitCode} in {Root}.");
        }

        return output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => File.Exists(PathOf(path)))
            .Order(StringComparer.Ordinal)
            .ToList();
    }
}
