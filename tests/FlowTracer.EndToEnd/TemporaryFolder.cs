namespace FlowTracer.EndToEnd;

/// <summary>A fresh, empty folder that goes, with all in it, when the test is done.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>Absolute path of the folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("flowtracer-test-").FullName;

    /// <summary>Absolute path of a file or folder in it, which need not exist.</summary>
    public string PathOf(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Writes a file (UTF-8, no byte order mark; folders are made as needed); returns its absolute path.</summary>
    public string Write(string relative, string text)
    {
        string path = PathOf(relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The text of a file in it.</summary>
    public string Read(string relative) => File.ReadAllText(PathOf(relative));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
