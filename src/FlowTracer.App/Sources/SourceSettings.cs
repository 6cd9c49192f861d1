using System.Text.RegularExpressions;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using Microsoft.Extensions.Configuration;

namespace FlowTracer.App.Sources;

/// <summary>A source that has a name, so that its addresses and keys need not be typed.</summary>
public sealed class NamedSource
{
    /// <summary>
    /// One or more addresses (http, https) of nodes or explorers; the first that answers is used.
    /// <c>${NAME}</c> stands for an environment variable, which is where a key belongs.
    /// </summary>
    public IList<string> Urls { get; } = [];
}

/// <summary>How far live sources look.</summary>
public sealed class ReachSettings
{
    /// <summary>An account with more transactions than this is read up to there. Default 20,000.</summary>
    public int MostTransactions { get; set; } = LiveLimits.Default.MostTransactions;

    /// <summary>How many blocks are read one by one where nothing else helps. Default 20,000.</summary>
    public int MostScannedBlocks { get; set; } = (int)LiveLimits.Default.MostScannedBlocks;
}

/// <summary>Where answers are kept.</summary>
public sealed class CacheSettings
{
    /// <summary>A folder; empty for <c>flowtracer/answers</c> in the user's cache folder.</summary>
    public string Folder { get; set; } = string.Empty;
}

/// <summary>
/// Settings of live sources: <c>appsettings.json</c> beside the program, then that of the user, then environment
/// variables (<c>FLOWTRACER_Fetch__TimeoutMs</c>). docs/sources.md lists them with units and defaults.
/// </summary>
public sealed partial class SourceSettings
{
    private const string FileName = "appsettings.json";
    private const string Prefix = "FLOWTRACER_";

    /// <summary>Sources by name.</summary>
    public IDictionary<string, NamedSource> Sources { get; } = new Dictionary<string, NamedSource>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How patiently and how fast sources are asked.</summary>
    public FetchSettings Fetch { get; set; } = new();

    /// <summary>How far live sources look.</summary>
    public ReachSettings Reach { get; set; } = new();

    /// <summary>Where answers are kept.</summary>
    public CacheSettings Cache { get; set; } = new();

    /// <summary>The user's own settings file; it need not be there.</summary>
    public static string UserFile { get; } = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "flowtracer", FileName);

    /// <summary>Reads the settings of this machine.</summary>
    /// <exception cref="InputException">A file is no JSON, or a value is of the wrong kind or out of range.</exception>
    public static SourceSettings Load() => Load(Path.Combine(AppContext.BaseDirectory, FileName), UserFile);

    /// <summary>Reads the settings of these files, those that are there, the later ones over the earlier.</summary>
    /// <exception cref="InputException">A file is no JSON, or a value is of the wrong kind or out of range.</exception>
    public static SourceSettings Load(params string[] files)
    {
        SourceSettings settings = new();
        try
        {
            ConfigurationBuilder builder = new();
            foreach (string file in files.Where(File.Exists))
            {
                builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
            }

            builder.AddEnvironmentVariables(Prefix).Build().Bind(settings, static options => options.ErrorOnUnknownConfiguration = true);
        }
        catch (Exception fault) when (fault is InvalidOperationException or InvalidDataException or FormatException)
        {
            throw new InputException($"settings ({Origins(files)}): {OneLine(fault)}");
        }

        try
        {
            settings.Fetch.Validate();
            RequirePositive(settings.Reach.MostTransactions, "Reach:MostTransactions");
            RequirePositive(settings.Reach.MostScannedBlocks, "Reach:MostScannedBlocks");
            return settings;
        }
        catch (InputException fault)
        {
            throw new InputException($"settings ({Origins(files)}): {fault.Message}");
        }
    }

    /// <summary>The addresses that a user's <c>--source</c> stands for: a URL, a name of the settings, or a folder.</summary>
    /// <exception cref="InputException">It is neither, or an environment variable it needs is not set.</exception>
    public IReadOnlyList<NodeUrl> Resolve(string source)
    {
        if (source.Contains("://", StringComparison.Ordinal))
        {
            return [NodeUrl.Parse(source)];
        }

        return Sources.TryGetValue(source, out NamedSource? named) && named.Urls.Count > 0
            ? [.. named.Urls.Select(url => UrlOf(url, source))]
            : Directory.Exists(source) ? [NodeUrl.OfFolder(source)]
            : source.StartsWith('.') || source.StartsWith('/') || source.StartsWith('~')
                ? throw new InputException($"there is no folder {new ParseError(source, 1, "given with --source")}")
            // What looks like an address without its scheme may hold a key, and is not repeated.
            : source.AsSpan().ContainsAny('/', '?', '@') ? throw new InputException(
                "a source is a URL that starts with http:// or https://, as in http://localhost:8545 (an Electrum server's with tcp:// or ssl://), a folder of block files that is there, or a name from the settings")
            : throw new InputException(
                $"there is no source {new ParseError(source, 1, $"expected a URL (http://… or https://…; tcp://… or ssl://… of an Electrum server), a folder of block files, or a name from the settings ({(Sources.Count == 0 ? "there are none" : string.Join(", ", Sources.Keys.Order(StringComparer.Ordinal)))})")}");
    }

    private static NodeUrl UrlOf(string url, string source)
    {
        string whole = WithVariables(url, source);
        try
        {
            return whole.Contains("://", StringComparison.Ordinal) || !Directory.Exists(whole) ? NodeUrl.Parse(whole) : NodeUrl.OfFolder(whole);
        }
        catch (InputException fault)
        {
            throw new InputException($"source '{source}': {fault.Message}");
        }
    }

    private static string WithVariables(string url, string source) => Variable().Replace(url, match =>
        Environment.GetEnvironmentVariable(match.Groups[1].Value) is { Length: > 0 } value
            ? value
            : throw new InputException($"source '{source}' needs the environment variable {match.Groups[1].Value}, which is not set"));

    private static void RequirePositive(int value, string name)
    {
        if (value < 1)
        {
            throw new InputException($"{name} is {value}: it must be 1 or more");
        }
    }

    private static string Origins(string[] files) => string.Join(
        ", ", [.. files.Where(File.Exists), .. Environment.GetEnvironmentVariables().Keys.OfType<string>()
            .Where(static name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)]);

    private static string OneLine(Exception fault) => string.Join(
        ": ", ((Exception?[])[fault, fault.InnerException]).OfType<Exception>().Select(static f => f.Message.ReplaceLineEndings(" ")));

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Variable();
}
