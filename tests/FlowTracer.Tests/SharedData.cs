using System.Diagnostics;

namespace FlowTracer.Tests;

/// <summary>Files beside the repository that are never part of it: third-party data that tests may read.</summary>
public static class SharedData
{
    /// <summary>The repository's root: the folder that holds the solution.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>A folder of the shared data, by its path below <c>../shared/data</c>. It may be absent.</summary>
    public static string Folder(string folder) =>
        Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data", folder));

    /// <summary>What a file holds that was packed with bzip2.</summary>
    public static byte[] Bunzip(string path)
    {
        ProcessStartInfo start = new("bzip2")
        {
            ArgumentList = { "--decompress", "--stdout", path },
            RedirectStandardOutput = true,
        };
        using Process bzip2 = Process.Start(start)!;
        using MemoryStream output = new();
        bzip2.StandardOutput.BaseStream.CopyTo(output);
        bzip2.WaitForExit();
        Assert.Equal(0, bzip2.ExitCode);
        return output.ToArray();
    }

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
