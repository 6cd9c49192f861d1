using System.Text;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FsCheck;
using FsCheck.Fluent;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Addresses of nodes, and that they keep their secrets.</summary>
public sealed class NodeUrlTests
{
    [Theory]
    [InlineData("http://localhost:8545", "http://localhost:8545")]
    [InlineData("  HTTPS://Eth.Example.Org/ ", "https://eth.example.org")]
    [InlineData("https://eth.example.org:443", "https://eth.example.org")]
    [InlineData("http://eth.example.org:443", "http://eth.example.org:443")]
    [InlineData("https://mainnet.example.org/v3/0123456789abcdef", "https://mainnet.example.org/…")]
    [InlineData("https://eth.example.org?key=secret", "https://eth.example.org/…")]
    [InlineData("https://eth.example.org/#secret", "https://eth.example.org")]
    [InlineData("https://me:secret@eth.example.org", "https://eth.example.org")]
    [InlineData("http://[::1]:8545/x", "http://[::1]:8545/…")]
    [InlineData("tcp://Electrum.Example.org", "tcp://electrum.example.org:50001")]
    [InlineData(" ssl://electrum.example.org ", "ssl://electrum.example.org:50002")]
    [InlineData("TLS://electrum.example.org:443/", "ssl://electrum.example.org:443")]
    [InlineData("ssl://[::1]:50002", "ssl://[::1]:50002")]
    [InlineData("ssl://h?fingerprint=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "ssl://h:50002")]
    public void What_is_shown_is_scheme_host_and_port(string given, string shown)
    {
        NodeUrl url = NodeUrl.Parse(given);

        Assert.Equal(shown, url.Display);
        Assert.Equal(shown, url.ToString());
        Assert.Equal(shown, $"{url}");
    }

    [Theory]
    [InlineData("ftp://example.org/secret", "http:// or https://, not ftp://")]
    [InlineData("wss://example.org/secret", "http:// or https://, not wss://")]
    [InlineData("localhost:8545", "http:// or https://, as in")]
    [InlineData("", "http:// or https://, as in")]
    [InlineData("secret", "http:// or https://, as in")]
    [InlineData("http://", "names a host")]
    [InlineData("http:///secret", "names a host")]
    [InlineData("https://example.org:99999/secret", "port from 1 to 65535")]
    [InlineData("https://example.org:0/secret", "port from 1 to 65535")]
    [InlineData("https://secret@", "names a host")]
    [InlineData("gopher://secret", "an Electrum server's with tcp:// or ssl://")]
    [InlineData("ssl://", "names a host")]
    [InlineData("tcp://example.org:0", "port from 1 to 65535")]
    [InlineData("tcp://example.org:70000/secret", "port from 1 to 65535")]
    [InlineData("ssl://secret@example.org", "is a host and a port")]
    [InlineData("ssl://example.org/secret", "is a host and a port")]
    [InlineData("ssl://example.org?key=secret", "is a host and a port")]
    [InlineData("tcp://example.org?fingerprint=secret", "is a host and a port")]
    [InlineData("ssl://example.org?fingerprint=secret", "64 hexadecimal digits")]
    public void What_is_no_address_is_refused_in_one_line_that_quotes_nothing(string given, string expected)
    {
        InputException fault = Assert.Throws<InputException>(() => NodeUrl.Parse(given));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void The_user_part_becomes_Basic_authorization()
    {
        NodeUrl url = NodeUrl.Parse("http://bitcoin:p%40ss:w@localhost:8332/");

        // RFC 7617: base64 of user, colon, password.
        Assert.Equal("Basic", url.Authorization!.Scheme);
        Assert.Equal("bitcoin:p@ss:w", Encoding.UTF8.GetString(Convert.FromBase64String(url.Authorization.Parameter!)));
        Assert.Equal("http://localhost:8332/", url.Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("http://localhost", false, null)]
    [InlineData("tcp://localhost", true, null)]
    [InlineData("ssl://localhost?fingerprint=ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789", true, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789")]
    [InlineData(
        "ssl://localhost?fingerprint=AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89",
        true, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789")]
    public void An_Electrum_server_s_address_may_name_its_certificate(string given, bool isElectrum, string? pinned)
    {
        NodeUrl url = NodeUrl.Parse(given);

        Assert.Equal(isElectrum, url.IsElectrum);
        Assert.Equal(pinned, url.Electrum?.Pinned);
    }

    [Theory]
    [InlineData("http://localhost:8332/?cookie=/data/.cookie", "http://localhost:8332/", "/data/.cookie")]
    [InlineData("http://localhost:8332?a=1&cookie=%2Fmy%20data%2F.cookie&b=2", "http://localhost:8332/?a=1&b=2", "/my data/.cookie")]
    [InlineData("http://localhost:8332/?cookies=/data/.cookie", "http://localhost:8332/?cookies=/data/.cookie", null)]
    [InlineData("http://localhost:8332/?cookie=", "http://localhost:8332/?cookie=", null)]
    public void A_cookie_file_is_no_part_of_what_is_sent(string given, string sent, string? file)
    {
        NodeUrl url = NodeUrl.Parse(given);

        Assert.Equal(sent, url.Uri.AbsoluteUri);
        Assert.Equal(file, url.CookieFile);
    }

    [Fact]
    public void A_cookie_file_may_be_named_from_the_home_folder() => Assert.Equal(
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".bitcoin/.cookie"),
        NodeUrl.Parse("http://localhost:8332/?cookie=~/.bitcoin/.cookie").CookieFile);

    [Theory]
    [InlineData("https://h/api", "tx/00", "https://h/api/tx/00")]
    [InlineData("https://h/api/", "/tx/00", "https://h/api/tx/00")]
    [InlineData("https://h", "tx", "https://h/tx")]
    [InlineData("https://h/api?apikey=k", "?module=account", "https://h/api?apikey=k&module=account")]
    [InlineData("https://h/v2/api?chainid=1", "x?a=b", "https://h/v2/api/x?chainid=1&a=b")]
    public void What_lies_below_keeps_path_and_key(string given, string relative, string expected) =>
        Assert.Equal(expected, NodeUrl.Parse(given).Below(relative).AbsoluteUri);

    [Fact]
    public void No_key_is_ever_shown() => Prop.ForAll<Guid[]>(guids => HidesAll(guids)).QuickCheckThrowOnFailure();

    private static void HidesAll(Guid[] guids)
    {
        string[] secrets = [.. Enumerable.Range(0, 4).Select(at => $"{guids.ElementAtOrDefault(at):N}")];
        NodeUrl url = NodeUrl.Parse(
            $"https://{secrets[0]}:{secrets[1]}@eth.example.org/v3/{secrets[2]}/rpc?apikey={secrets[3]}&x=1");

        string shown = url.Display + url + url.Redact($"Unknown {string.Join(' ', secrets)} for {url.Uri}");

        Assert.All(secrets, secret => Assert.DoesNotContain(secret, shown, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void A_word_in_the_path_is_no_key()
    {
        NodeUrl url = NodeUrl.Parse("https://eth.example.org/v3/rpc/eth?x=1");

        Assert.Equal("eth_call is not in v3", url.Redact("eth_call is not in v3"));
    }
}
