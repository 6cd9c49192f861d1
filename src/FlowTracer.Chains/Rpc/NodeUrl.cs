using System.Security.Cryptography;
using System.Net.Http.Headers;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Rpc;

/// <summary>
/// Where a node or an index answers. Its path, query and user part may hold a key, so none of them is ever in what it
/// prints: a key cannot reach a log, an export or a record by way of this type.
/// </summary>
public sealed class NodeUrl
{
    private const string Hidden = "…";
    private const int ShortestPathSecret = 8;
    private const int ShortestOtherSecret = 4;
    private const string CookieName = "cookie=";
    private readonly string[] _secrets;

    private NodeUrl(Uri given)
    {
        (given, CookieFile) = WithoutCookie(given);
        Uri = new UriBuilder(given) { UserName = "", Password = "", Fragment = "" }.Uri;
        Authorization = given.UserInfo.Length == 0 ? null : Basic(given.UserInfo);
        bool hides = given.AbsolutePath != "/" || given.Query.Length > 1;
        string port = given.IsDefaultPort ? "" : ":" + Numbers.Text(given.Port);
        Display = $"{given.Scheme}://{given.Host}{port}{(hides ? "/" + Hidden : "")}";
        _secrets = Secrets(given).Distinct(StringComparer.Ordinal).OrderByDescending(secret => secret.Length).ToArray();
    }

    private NodeUrl(ElectrumAddress electrum)
    {
        Display = electrum.ToString();
        Uri = new Uri(Display);
        Electrum = electrum;
        _secrets = [];
    }

    private NodeUrl(string folder)
    {
        Folder = folder;
        Display = folder;
        Uri = new Uri(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar);
        _secrets = [];
    }

    /// <summary>The folder, where it is one of a node's block files and nothing on the network; else null.</summary>
    public string? Folder { get; }

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => Folder is not null;

    /// <summary>A folder as the address of a source.</summary>
    public static NodeUrl OfFolder(string path) => new(Path.GetFullPath(path));

    /// <summary>Tells this address from others, and nothing of it: its SHA-256.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Uri.AbsoluteUri)));

    /// <summary>
    /// For a person: scheme, host and a port that is not the scheme's own; <c>…</c> for whatever follows.
    /// </summary>
    public string Display { get; }

    /// <summary>The address to connect to, without its user part. It may hold a key: never print it.</summary>
    internal Uri Uri { get; }

    /// <summary>Whether an Electrum server answers there (tcp or ssl); otherwise it is asked over HTTP.</summary>
    public bool IsElectrum => Electrum is not null;

    /// <summary>What the address of an Electrum server says; null for any other.</summary>
    internal ElectrumAddress? Electrum { get; }

    /// <summary>The user part as Basic authorization (RFC 7617), or null.</summary>
    internal AuthenticationHeaderValue? Authorization { get; }

    /// <summary>
    /// The file in which a node on this machine leaves its user and password (Bitcoin Core's <c>.cookie</c>), or null. It
    /// is read for each request, since the node writes another each time it starts.
    /// </summary>
    internal string? CookieFile { get; }

    /// <summary>
    /// Reads an address: of http or https, or an Electrum server's, <c>tcp://host</c> or <c>ssl://host</c>, with a port if
    /// it is not 50001 or 50002, and with <c>?fingerprint=</c> for a certificate that is to be trusted alone (its SHA-256).
    /// <c>?cookie=FILE</c> over HTTP names a cookie file and is not sent; <c>~/</c> is the home folder.
    /// </summary>
    /// <exception cref="InputException">It is none of these, or names no host.</exception>
    public static NodeUrl Parse(string text)
    {
        string trimmed = text.Trim();
        int colon = trimmed.IndexOf("://", StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : trimmed[..colon];
        if (ElectrumAddress.Schemes.Contains(scheme, StringComparer.OrdinalIgnoreCase))
        {
            return new NodeUrl(ElectrumAddress.Parse(trimmed));
        }

        if (!scheme.Equals("http", StringComparison.OrdinalIgnoreCase)
            && !scheme.Equals("https", StringComparison.OrdinalIgnoreCase))
        {
            string given = scheme.Length > 0 && scheme.All(char.IsAsciiLetterOrDigit) ? $", not {scheme}://" : "";
            throw new InputException(
                $"a node's address starts with http:// or https://{given}, as in http://localhost:8545;"
                    + " an Electrum server's with tcp:// or ssl://");
        }

        // What it quotes could be the key, so it quotes nothing.
        if (!Uri.TryCreate(trimmed, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.Port <= 0)
        {
            throw new InputException(
                $"a node's address names a host, and a port from 1 to 65535 if any, as in {scheme}://localhost:8545");
        }

        return new NodeUrl(uri);
    }

    /// <summary>A text from outside (a node's own words) without what of this address may be a key.</summary>
    public string Redact(string text) => _secrets.Aggregate(
        text, (shown, secret) => shown.Replace(secret, Hidden, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override string ToString() => Display;

    /// <summary>The address of something below this one; its own query (a key) stays.</summary>
    /// <param name="relative">Path and query, e.g. <c>block-height/0</c> or <c>?module=account</c>.</param>
    internal Uri Below(string relative)
    {
        string[] parts = relative.Split('?', 2);
        string path = parts[0].Length == 0
            ? Uri.AbsolutePath
            : $"{Uri.AbsolutePath.TrimEnd('/')}/{parts[0].TrimStart('/')}";
        string[] queries = [Uri.Query.TrimStart('?'), parts.Length > 1 ? parts[1] : ""];
        string query = string.Join('&', queries.Where(part => part.Length > 0));
        return new Uri(Uri.GetLeftPart(UriPartial.Authority) + path + (query.Length > 0 ? "?" + query : ""));
    }

    /// <summary>What authorises a request now; null where nothing does.</summary>
    /// <exception cref="HttpFault">There is a cookie file, and it cannot be read.</exception>
    internal async ValueTask<AuthenticationHeaderValue?> AuthorizationNowAsync(CancellationToken cancellationToken)
    {
        if (CookieFile is null)
        {
            return Authorization;
        }

        try
        {
            string cookie = (await File.ReadAllTextAsync(CookieFile, cancellationToken).ConfigureAwait(false)).Trim();
            return cookie.Contains(':', StringComparison.Ordinal) && !cookie.Any(char.IsControl)
                ? Encoded(cookie)
                : throw new HttpFault(FaultKind.Cookie, $"its cookie file {CookieFile} holds no user and password");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            string reason = fault is FileNotFoundException or DirectoryNotFoundException ? "is not there" : "cannot be read";
            throw new HttpFault(FaultKind.Cookie, $"its cookie file {CookieFile} {reason}", fault);
        }
    }

    private static AuthenticationHeaderValue Basic(string userInfo) => Encoded(Uri.UnescapeDataString(userInfo));

    private static AuthenticationHeaderValue Encoded(string userAndPassword) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword)));

    private static (Uri Address, string? CookieFile) WithoutCookie(Uri given)
    {
        string[] pairs = given.Query.TrimStart('?').Split('&');
        string? named = pairs.FirstOrDefault(static pair => pair.StartsWith(CookieName, StringComparison.Ordinal));
        if (named is null || named.Length == CookieName.Length)
        {
            return (given, null);
        }

        string file = Uri.UnescapeDataString(named[CookieName.Length..]);
        if (file.StartsWith("~/", StringComparison.Ordinal))
        {
            file = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), file[2..]);
        }

        return (new UriBuilder(given) { Query = string.Join('&', pairs.Where(pair => pair != named)) }.Uri, Path.GetFullPath(file));
    }

    /// <summary>
    /// What may be a key, as written and unescaped. Short path segments (v3, rpc, eth) are words, not keys.
    /// </summary>
    private static IEnumerable<string> Secrets(Uri uri)
    {
        IEnumerable<string> path = uri.AbsolutePath.Split('/').Where(part => part.Length >= ShortestPathSecret);
        IEnumerable<string> others = uri.Query.TrimStart('?').Split('&')
            .Select(pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..])
            .Concat(uri.UserInfo.Split(':', 2))
            .Concat([uri.UserInfo, uri.Query.TrimStart('?')])
            .Where(part => part.Length >= ShortestOtherSecret);
        foreach (string part in path.Concat(others))
        {
            yield return part;
            yield return Uri.UnescapeDataString(part);
        }
    }
}
