namespace FlowTracer.Tests;

/// <summary>Finds the repository from where the tests run.</summary>
internal static class TestFiles
{
    /// <summary>The path of a file or folder under <c>fixtures</c>.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root(), "fixtures", .. parts]);

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlowTracer.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("FlowTracer.sln is not above " + AppContext.BaseDirectory);
    }
}
