using System.IO.Compression;
using System.Text;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>The built program at live nodes: hardly patient, with its answers kept in a folder of its own.</summary>
internal sealed class LiveProgram : IDisposable
{
    private readonly Program _program = new();

    public LiveProgram()
    {
        Set("Fetch__FirstDelayMs", "1");
        Set("Fetch__LongestDelayMs", "2000");
        Set("Fetch__Retries", "2");
    }

    /// <summary>The program.</summary>
    public Program Program => _program;

    /// <summary>Where it keeps answers.</summary>
    public string Cache => _program.Folder.PathOf("kept");

    /// <summary>The files that hold its answers.</summary>
    public string[] Kept => Directory.Exists(Cache) ? Directory.GetFiles(Cache, "*", SearchOption.AllDirectories) : [];

    /// <summary>Sets a setting for the next runs.</summary>
    public void Set(string setting, string value) => _program.Variables["FLOWTRACER_" + setting] = value;

    /// <summary>The command line that traces a theft up to the newest block.</summary>
    public string[] Trace(Theft theft, Uri node, params string[] more) =>
    [
        "trace", theft.Transaction, "--to", theft.To, "--asset", theft.Token?.Address ?? "ETH",
        "--source", node.ToString(), "--confirmations", "0", "--cache", Cache, "--json", .. more,
    ];

    /// <summary>Runs a command line.</summary>
    public Task<ProgramResult> RunAsync(params string[] arguments) => _program.RunAsync(arguments);

    /// <summary>Everything in the cache folder as text: names, contents as they are and decompressed.</summary>
    public string EverythingKept()
    {
        StringBuilder all = new();
        foreach (string file in Kept)
        {
            byte[] bytes = File.ReadAllBytes(file);
            all.AppendLine(file).AppendLine(Encoding.Latin1.GetString(bytes));
            if (file.Contains("objects", StringComparison.Ordinal))
            {
                using BrotliStream whole = new(new MemoryStream(bytes), CompressionMode.Decompress);
                using StreamReader reader = new(whole, Encoding.Latin1);
                all.AppendLine(reader.ReadToEnd());
            }
        }

        return all.ToString();
    }

    public void Dispose() => _program.Dispose();
}

/// <summary>What a run that failed is expected to show.</summary>
internal static class Failures
{
    /// <summary>An exit code, nothing on standard output, and one line on standard error that mentions all this.</summary>
    public static void ExpectLine(this ProgramResult result, int exitCode, params string[] mentions)
    {
        result.Expect(exitCode);
        Assert.Empty(result.Output);
        Assert.StartsWith("flowtracer: ", result.Error, StringComparison.Ordinal);
        Assert.True(result.Error.IndexOf('\n', StringComparison.Ordinal) == result.Error.Length - 1, result.Error);
        Assert.DoesNotContain(result.Error[..^1], char.IsControl);
        Assert.All(mentions, mention => Assert.Contains(mention, result.Error, StringComparison.Ordinal));
    }
}
