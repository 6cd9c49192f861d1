using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Rpc;

/// <summary>Where an Electrum server answers.</summary>
/// <param name="Host">Its name or number; without brackets.</param>
/// <param name="Port">The port, from 1.</param>
/// <param name="IsSecure">Whether it is asked over TLS.</param>
/// <param name="Pinned">
/// The SHA-256 of the one certificate that is trusted, in lower case; null to trust what this machine does.
/// </param>
internal sealed record ElectrumAddress(string Host, int Port, bool IsSecure, string? Pinned)
{
    /// <summary>What such an address starts with; <c>tls</c> is another word for <c>ssl</c>.</summary>
    public static readonly string[] Schemes = ["tcp", "ssl", "tls"];

    private const int PlainPort = 50_001;
    private const int SecurePort = 50_002;
    private const int FingerprintDigits = 64;
    private const string Pin = "?fingerprint=";

    /// <summary>Reads an address that starts with one of <see cref="Schemes"/>. What it refuses it does not quote.</summary>
    /// <exception cref="InputException">There is no host, or more than an address has.</exception>
    public static ElectrumAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.Port == 0)
        {
            throw new InputException(
                "an Electrum server's address names a host, and a port from 1 to 65535 if any, as in ssl://localhost:50002");
        }

        bool isSecure = uri.Scheme != "tcp";
        if (uri.AbsolutePath.Length > 1 || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0
            || (uri.Query.Length > 1 && !(isSecure && uri.Query.StartsWith(Pin, StringComparison.OrdinalIgnoreCase))))
        {
            throw new InputException(
                "an Electrum server's address is a host and a port, as in ssl://localhost:50002, and for ssl:// at most"
                    + $" {Pin}… with its certificate's SHA-256");
        }

        return new ElectrumAddress(
            uri.Host.Trim('[', ']'),
            uri.Port > 0 ? uri.Port : isSecure ? SecurePort : PlainPort,
            isSecure,
            uri.Query.Length > 1 ? FingerprintIn(uri.Query[Pin.Length..]) : null);
    }

    /// <summary>For a person: scheme, host and port.</summary>
    public override string ToString()
    {
        string host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return $"{(IsSecure ? "ssl" : "tcp")}://{host}:{Numbers.Text(Port)}";
    }

    // OpenSSL prints it with colons, others without.
    private static string FingerprintIn(string text)
    {
        string digits = Uri.UnescapeDataString(text).Replace(":", "", StringComparison.Ordinal);
        return digits.Length == FingerprintDigits && digits.All(char.IsAsciiHexDigit)
            ? digits.ToLowerInvariant()
            : throw new InputException(
                $"the fingerprint in an Electrum server's address is the SHA-256 of its certificate, {FingerprintDigits} hexadecimal digits");
    }
}
