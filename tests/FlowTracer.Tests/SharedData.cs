namespace FlowTracer.Tests;

/// <summary>Files beside the repository that are never part of it: third-party data that tests may read.</summary>
public static class SharedData
{
    /// <summary>The repository's root: the folder that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A folder of the shared data, by its path below <c>../shared/data</c>. It may be absent.</summary>
    public static string Folder(string folder) =>
        Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data", folder));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FlowTracer.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No folder above the tests holds FlowTracer.sln.");
    }
}
