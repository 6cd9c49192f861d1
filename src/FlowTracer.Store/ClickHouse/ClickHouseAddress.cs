using System.Globalization;
using System.Text.RegularExpressions;
using FlowTracer.Core.Model;

namespace FlowTracer.Store.ClickHouse;

/// <summary>
/// Where a ClickHouse store is: <c>http(s)://[user:password@]host[:8123]/database[?cluster=NAME]</c>. Options, behind
/// <c>?</c> and between <c>&amp;</c>: <c>cluster</c>, the name in <c>remote_servers</c>; <c>replicated=true</c>, for
/// replicated tables by the servers' macros <c>{shard}</c> and <c>{replica}</c>; <c>timeout</c>, in seconds, for one question.
/// The user part is never in what it prints.
/// </summary>
public sealed partial class ClickHouseAddress
{
    private const int DefaultPort = 8123;
    private const int DefaultSecurePort = 8443;
    private const int DefaultTimeoutSeconds = 300;
    private const int MaxTimeoutSeconds = 86_400;

    private ClickHouseAddress(Uri given, string database)
    {
        Server = new UriBuilder(given.Scheme, given.Host, given.IsDefaultPort ? PortOf(given) : given.Port).Uri;
        string[] user = given.UserInfo.Split(':', 2);
        (User, Password) = (Uri.UnescapeDataString(user[0]), user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "");
        Database = database;
    }

    /// <summary>The server that is asked; scheme, host and port alone.</summary>
    internal Uri Server { get; }

    internal string User { get; }

    internal string Password { get; }

    /// <summary>The database all tables are in.</summary>
    public string Database { get; }

    /// <summary>The cluster's name; null for one server alone.</summary>
    public string? Cluster { get; private init; }

    /// <summary>Whether each shard's tables are replicated.</summary>
    public bool IsReplicated { get; private init; }

    /// <summary>How long one question may take.</summary>
    public int TimeoutSeconds { get; private init; }

    /// <summary>For a person, without user and password.</summary>
    public string Display => Invariant($"{Server.GetLeftPart(UriPartial.Authority)}/{Database}{(Cluster is null ? "" : $"?cluster={Cluster}")}");

    /// <summary>Reads an address.</summary>
    /// <exception cref="InputException">It is not of that form; what it says is not repeated, since it may hold a password.</exception>
    public static ClickHouseAddress Parse(string text)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new InputException("a ClickHouse store is named like http://user:password@host:8123/database?cluster=NAME");
        }

        string database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        Dictionary<string, string> options = Options(uri.Query);
        string? cluster = options.GetValueOrDefault("cluster");
        string replicated = options.GetValueOrDefault("replicated", "false");
        string timeout = options.GetValueOrDefault("timeout", Invariant($"{DefaultTimeoutSeconds}"));
        if (!Name().IsMatch(database) || (cluster is not null && !Name().IsMatch(cluster)))
        {
            throw new InputException("a ClickHouse database or cluster has a name of letters, digits and _ behind the host, as in /flowtracer?cluster=tracing");
        }

        if (replicated is not ("true" or "false") || (replicated == "true" && cluster is null))
        {
            throw new InputException("a ClickHouse store's replicated= is true or false, and true only with cluster=");
        }

        if (!int.TryParse(timeout, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) || seconds is 0 or > MaxTimeoutSeconds)
        {
            throw new InputException(Invariant($"a ClickHouse store's timeout= is 1 to {MaxTimeoutSeconds} seconds"));
        }

        return new ClickHouseAddress(uri, database) { Cluster = cluster, IsReplicated = replicated == "true", TimeoutSeconds = seconds };
    }

    /// <summary>A text from outside without the password.</summary>
    internal string Redact(string text) => Password.Length == 0 ? text : text.Replace(Password, "…", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Display;

    // A scheme's own port is one only when it is written.
    private static int PortOf(Uri given) =>
        given.OriginalString.Contains(Invariant($"{given.Host}:{given.Port}/"), StringComparison.OrdinalIgnoreCase) ? given.Port
        : given.Scheme == "https" ? DefaultSecurePort
        : DefaultPort;

    private static Dictionary<string, string> Options(string query)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (string pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            if (parts[0] is not ("cluster" or "replicated" or "timeout") || parts.Length != 2 || !options.TryAdd(parts[0], Uri.UnescapeDataString(parts[1])))
            {
                throw new InputException("a ClickHouse store's options are cluster=, replicated= and timeout=, each once");
            }
        }

        return options;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    private static partial Regex Name();
}
