using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Model;

public sealed class AddressTests
{
    // A private key of Bitcoin Core's key_io_valid.json: public, and never to be shown back.
    private const string PublishedPrivateKey = "5JuW2AMDYu4xVwRG9DZW18VbzQrGcd5RCgb99sS6ehJsNQXu5b9";

    private const string MainAddress = "1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2mo";
    private const string RegtestAddress = "bcrt1qdavt4j2sd7dlhqsavtnfxvzppw6k7qy97tmnu9";
    private const string EthereumAddress = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    private const int RandomCases = 100;

    // Labels whose source states no address of that chain. They are in the record as stated, and must stay refused.
    private static readonly string[] LabelsThatAreNoAddress =
    [
        "14bwh6gmvol5ntwbvxqjkjdtzv4y5ebtvm", // printed in lower case, which base58 does not survive
        "1MFgcyJ7ZNSknbTBRaih6zWDE6V1A64tRYs", // one character too many for its kind, and no valid checksum
        "TUCsTq7TofTCJRRoHk6RvhMoS2mJLm5Yzq", // an address of Tron: version byte 0x41
    ];

    private static readonly ChainId[] BitcoinChains =
        [ChainId.Bitcoin, ChainId.BitcoinTestnet, ChainId.BitcoinRegtest, ChainId.BitcoinSignet];

    [Fact]
    public void The_default_is_no_address()
    {
        Assert.True(default(Address).IsNone);
        Assert.Equal(0, default(Address).Length);
        Assert.Equal("(no address)", default(Address).ToString());
        Assert.False(Parse("ethereum", EthereumAddress).IsNone);
        Assert.NotEqual(default, Address.FromAccountBytes(ChainId.Ethereum, new byte[20]));
    }

    // EIP-55's own examples: two all capitals, two all lower case, four mixed.
    [Theory]
    [InlineData("0x52908400098527886E0F7030069857D2E4169EE7")]
    [InlineData("0x8617E340B3D01FA5F11F306F4090FD50E238070D")]
    [InlineData("0xde709f2102306220921060314715629080e2fb77")]
    [InlineData("0x27b1fdb04752bbc536007a920d24acb045561c26")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    public void Ethereum_capitals_are_those_of_EIP_55(string text)
    {
        Address address = Parse("ethereum", text);
        Assert.Equal(text, address.ToString());
        Assert.Equal(AddressKind.Account, address.Kind);
        Assert.Equal(Convert.FromHexString(text[2..]), BytesOf(address));
        Assert.Equal(address, Parse("ethereum", text.ToLowerInvariant()));
        Assert.Equal(address, Parse("ethereum", "0x" + text[2..].ToUpperInvariant()));
        Assert.NotEqual(address, Parse("ethereum-31337", text));
        Assert.Equal(text, Parse("ethereum-31337", text).ToString());
    }

    [Theory]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", 1, "EIP-55")] // the last letter's case
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee", 1, "EIP-55")]
    [InlineData("0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", 1, "begins with 0x")]
    [InlineData("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", 1, "begins with 0x")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae", 1, "not 39")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0", 1, "not 41")]
    [InlineData("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae ", 42, "column 42")]
    [InlineData("0xgaaeb6053f3e94c9b9a09f33669435e7ef1beaed", 3, "column 3")]
    [InlineData("0x", 1, "not 0")]
    [InlineData("", 1, "missing")]
    [InlineData(MainAddress, 1, "a Bitcoin address where ethereum was asked for")]
    [InlineData(RegtestAddress, 1, "a Bitcoin address where ethereum was asked for")]
    public void What_is_no_Ethereum_address_is_refused_with_its_reason(string text, int column, string reason) =>
        CheckRefused(ChainId.Ethereum, text, column, reason);

    [Fact]
    public void A_failed_checksum_suggests_no_correction()
    {
        const string mistyped = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";
        Assert.False(Address.TryParse(ChainId.Ethereum, mistyped, out _, out ParseError error));
        Assert.Contains("check it for a typing error", error.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("0x", error.Reason, StringComparison.Ordinal);
    }

    // BIP 350's list of valid addresses with their output scripts.
    [Theory]
    [InlineData(
        "bitcoin",
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "0014751e76e8199196d454941c45d1b3a323f1433bd6")]
    [InlineData(
        "bitcoin-testnet",
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262")]
    [InlineData(
        "bitcoin",
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6")]
    [InlineData("bitcoin", "BC1SW50QGDZ25J", "6002751e")]
    [InlineData("bitcoin", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "5210751e76e8199196d454941c45d1b3a323")]
    [InlineData(
        "bitcoin-testnet",
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433")]
    [InlineData(
        "bitcoin-testnet",
        "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c",
        "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433")]
    [InlineData(
        "bitcoin",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")]
    public void Witness_addresses_of_BIP_350(string chain, string text, string script)
    {
        Address address = Parse(chain, text);
        Assert.Equal(AddressKind.Witness, address.Kind);
        Assert.Equal(script, ScriptOf(address));
        Assert.Equal(text.ToLowerInvariant(), address.ToString());
    }

    // Addresses of Bitcoin Core's key_io_valid.json with their output scripts.
    [Theory]
    [InlineData("bitcoin", "1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2mo", "76a914a31c06bd463e3923bc1aadbde48b16976c08071788ac")]
    [InlineData("bitcoin", "36j4NfKv6Akva9amjWrLG6MuSQym1GuEmm", "a914373b819a068f32b7a6b38b6b38729647cfde01c287")]
    [InlineData(
        "bitcoin-testnet",
        "mzK2FFDEhxqHcmrJw1ysqFkVyhUULo45hZ",
        "76a914ce28b26c57472737f5c3561a1761185bd8589a4388ac")]
    [InlineData(
        "bitcoin-testnet",
        "2NC2hEhe28ULKAJkW5MjZ3jtTMJdvXmByvK",
        "a914ce0bba75891ff9ec60148d4bd4a09ee2dc5c933187")]
    [InlineData(
        "bitcoin-signet",
        "mww4LvqtTMKvmeQvizPz2EQv26xTneWrbg",
        "76a914b4110ba93ac54afc14da3bdd19614774a2d55d2988ac")]
    [InlineData(
        "bitcoin-signet",
        "2N1r7aC69VHeE7yQJPDLi9T1PYq4wnwvjuT",
        "a9145e5a35ab44b3efaea5129ba22b88ba3e2976614587")]
    [InlineData(
        "bitcoin-regtest",
        "n4fajahJrAuKbN7uNsKjLjQkz9Qn5ewJXQ",
        "76a914fdeca3b08e38af53d7c4c60e3ad208ce5066441088ac")]
    [InlineData(
        "bitcoin-regtest",
        "2MxFajLApXpYk4VodBSZSt7rw8y4ryABkfA",
        "a91436e9f191e0b75036a77f65e2eaa4752443233fbe87")]
    [InlineData(
        "bitcoin-regtest",
        "mfhE6jAUwjUDNZhaX1PAsDTKfneQF2Nshc",
        "76a91401f15a4cc063dae4f4d56b89bfbc8bcc9ae5387c88ac")]
    [InlineData(
        "bitcoin",
        "bc1qvyq0cc6rahyvsazfdje0twl7ez82ndmuac2lhv",
        "00146100fc6343edc8c874496cb2f5bbfec88ea9b77c")]
    [InlineData(
        "bitcoin",
        "bc1qyucykdlhp62tezs0hagqury402qwhk589q80tqs5myh3rxq34nwqhkdhv7",
        "002027304b37f70e94bc8a0fbf500e0c957a80ebda87280ef58214d92f119811acdc")]
    [InlineData(
        "bitcoin",
        "bc1p83n3au0rjylefxq2nc2xh2y4jzz4pm6zxj4mw5pagdjjr2a9f36s6jjnnu",
        "51203c671ef1e3913f94980a9e146ba895908550ef4234abb7503d436521aba54c75")]
    [InlineData("bitcoin", "bc1z2rksukkjr8", "520250ed")]
    [InlineData("bitcoin-testnet", "tb1rgv5m6uvdk3kc7qsuz0c79v88ycr5w4wa", "53104329bd718db46d8f021c13f1e2b0e726")]
    [InlineData(
        "bitcoin-signet",
        "tb1rx9n9g37az8mu236e5jpxdt0m67y4fuq8rhs0ss3djnm0kscfrwvq0ntlyg",
        "532031665447dd11f7c54759a48266adfbd78954f0071de0f8422d94f6fb43091b98")]
    [InlineData(
        "bitcoin-regtest",
        "bcrt1qdavt4j2sd7dlhqsavtnfxvzppw6k7qy97tmnu9",
        "00146f58bac9506f9bfb821d62e69330410bb56f0085")]
    [InlineData(
        "bitcoin-regtest",
        "bcrt1qan8gntac7z7me2ejt4hpru42ad2f759fmy0m3ejvs98656znv7eqga4uhv",
        "0020ecce89afb8f0bdbcab325d6e11f2aaeb549f50a9d91fb8e64c814faa685367b2")]
    [InlineData(
        "bitcoin-regtest",
        "bcrt1sx6p8njlx7h9mc2agz4yg82dzne23050ncq72cneeecez2pst8mahn8xecsf8g6hzx94420",
        "6028368279cbe6f5cbbc2ba8154883a9a29e5517d1f3c03cac4f39ce3225060b3efb799cd9c412746ae2")]
    public void Addresses_of_Bitcoin_Core(string chain, string text, string script)
    {
        Address address = Parse(chain, text);
        Assert.Equal(script, ScriptOf(address));
        Assert.Equal(text, address.ToString());
        Assert.Equal(chain, address.Chain.ToString());
    }

    // BIP 350's and BIP 173's lists of invalid addresses; the reason is ours, for the fault that they name.
    [Theory]
    [InlineData("bitcoin", "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut", "no Bitcoin network")]
    [InlineData(
        "bitcoin",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "needs a Bech32m checksum")]
    [InlineData(
        "bitcoin-testnet",
        "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
        "needs a Bech32m checksum")]
    [InlineData(
        "bitcoin",
        "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
        "needs a Bech32m checksum")]
    [InlineData("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "needs a Bech32 checksum")]
    [InlineData(
        "bitcoin-testnet",
        "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
        "needs a Bech32 checksum")]
    [InlineData("bitcoin", "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "column 60")]
    [InlineData(
        "bitcoin",
        "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
        "witness version is 0 to 16")]
    [InlineData("bitcoin", "bc1pw5dgrnzv", "2 to 40 bytes, not 1")]
    [InlineData(
        "bitcoin",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
        "2 to 40 bytes, not 41")]
    [InlineData("bitcoin", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "20 or 32 bytes")]
    [InlineData(
        "bitcoin-testnet",
        "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
        "mixes upper and lower")]
    [InlineData("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "padding")]
    [InlineData("bitcoin-testnet", "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", "padding")]
    [InlineData("bitcoin", "bc1gmk9yu", "holds no witness")]
    [InlineData("bitcoin", "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty", "no Bitcoin network")]
    [InlineData("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "checksum does not match")]
    [InlineData("bitcoin", "BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2", "witness version is 0 to 16")]
    [InlineData("bitcoin", "bc1rw5uspcuh", "2 to 40 bytes")]
    [InlineData(
        "bitcoin",
        "bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
        "2 to 40 bytes")]
    [InlineData(
        "bitcoin-testnet",
        "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7",
        "mixes upper and lower")]
    [InlineData("bitcoin", "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du", "padding")]
    [InlineData("bitcoin-testnet", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3pjxtptv", "padding")]
    public void Invalid_witness_addresses_are_refused_with_their_reason(string chain, string text, string reason)
    {
        CheckRefused(ParseChain(chain), text, null, reason);
        CheckRefusedEverywhere(text);
    }

    // BIP 173 called these valid; BIP 350 asks for another checksum from version 1 on.
    [Theory]
    [InlineData("bitcoin", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx")]
    [InlineData("bitcoin", "BC1SW50QA3JX3S")]
    [InlineData("bitcoin", "bc1zw508d6qejxtdg4y5r3zarvaryvg6kdaj")]
    public void BIP_350_replaces_BIP_173_from_version_1_on(string chain, string text) =>
        CheckRefused(ParseChain(chain), text, 1, "needs a Bech32m checksum");

    // From Bitcoin Core's key_io_invalid.json; valid on no network.
    [Theory]
    [InlineData("x")]
    [InlineData("1GAdfviErV2Ew95FPtZyikz2qGP3gyCB6Hyu94sedAkPpA523m3fQwps9YKUZkKgQckGPKhRsFR")]
    [InlineData("37G2kMDLpmWVhimxRdzwNfE8JFvWXnJYnVcXeeGrek2qumdJuK7XArcVVpRtLLjRra3t64BEPF2")]
    [InlineData("8iVk9nLM3nYwRuwypjy9NK5rsuZH7BbrQRZ1pgcQmvMnjAgRXD")]
    [InlineData("2UVPFpGYnLHJezFzjUo42our6PMEoozzRdM")]
    [InlineData("2MygHQjE1U33q3LSC53p69YqFjP8PihumJAF")]
    [InlineData("KzNbAQ4mexfAxa6RKBzHQqfoTycaeWpv2p")]
    [InlineData("2jDPrDfAKihCGPbPD9ztY8TswAia4V8Bc6vx")]
    [InlineData("39TKsUQ5QpEL1wowc6GMUqak94ijirPuP69ooV3xsFmiKQX2dau")]
    [InlineData("AZEah8d1EK362okRBS66e8SvdtYkrE8tsX")]
    [InlineData("2NDNP7GY59tTJPZTpbkprhM9SR99Nn5rUs7")]
    [InlineData("tc1qeul5g2xfkvdkrhcfmdursv73ad64jnkjl9c40f")]
    [InlineData("bt1pq65rzej5glw3ra79gav6fqnx4haa0z257qr3mc8cggkefahmgvyseufhc0")]
    [InlineData("tb13hty4qmumlwpp6chxjvcyzza4duqgtmxw3xhm3u9ahj4nyhtwz8eq7ynrj4")]
    [InlineData("bcrt1r2qxpwuge")]
    [InlineData("bc10uexgzna2dpfk0vjt35srz6a27ps6m0l89jweznt83n2sqn2fx4hvn9ym5af8wut34sfrqhk3")]
    [InlineData("tb1qum6uh0pt4q253qaf520929737v63w5gf")]
    [InlineData("bcrt1q888ryfgxpvl0k7vum8zpyar2u2sexvdhkf38ue37yknmqq0ycrwpl3w48y")]
    [InlineData("bc1qdsuzmn04k2z8vryw8l4dj8m5ygqgnne5n")]
    [InlineData("tb1qlj8es50nc8j8r8xshrjgzmw5azx89efghmw8ju6zcqla0g6xcnrstsjz7k")]
    [InlineData("bcrt1qzwmyj0z924g7fzs5yvnrkc43y76RVyr2lh5t4r")]
    [InlineData("bc1qpu6d26mrulzetu4jqhd7rsunv9aqru26f5c4j8")]
    [InlineData("tb1qun6d26ufh77ghny6u5u8cwz9da7qwc6k4wkuceae9tth06eqlw0syupl4w")]
    [InlineData("bcrt1qj7g2jps453kj9htk9cxyyc2nxe69x4kzzmth7v")]
    [InlineData("bc1p702xksx4z3uqf0u2phllxkfe5cgu0adxptqs0uelx0tqt8e885sqryes2l")]
    [InlineData("tb1z7gmh0v6pc30z4xum76lmw8w86yswrlmw")]
    [InlineData("bcrt1sjsrw6nun4h502cr97xmnyyuhkr22q0s6efrgtu")]
    [InlineData("TB1QFDFM763VXVSUNZHQLPWC0Q8FG5LJX6ZN")]
    [InlineData("tb1ly0q7p")]
    [InlineData(
        "sp1qq22l5s6l9460ww6t4tkzsy2a7zejurcmzz35pt0ffrzk5erlaykdcqugecjjnjqf7ggq39vl6wexjlm00n66z94v675n7wcux6d2krr68gcwu9kg")]
    public void Invalid_texts_of_Bitcoin_Core_are_refused(string text) => CheckRefusedEverywhere(text);

    [Theory]
    [InlineData("bitcoin-regtest", MainAddress, "a mainnet address where bitcoin-regtest was asked for")]
    [InlineData("bitcoin", "mzK2FFDEhxqHcmrJw1ysqFkVyhUULo45hZ", "a test network address where bitcoin was asked for")]
    [InlineData("bitcoin", RegtestAddress, "a regtest address where bitcoin was asked for")]
    [InlineData("bitcoin-testnet", RegtestAddress, "a regtest address where bitcoin-testnet was asked for")]
    [InlineData(
        "bitcoin-regtest",
        "tb1rgv5m6uvdk3kc7qsuz0c79v88ycr5w4wa",
        "a testnet or signet address where bitcoin-regtest was asked for")]
    [InlineData(
        "bitcoin-signet", "bc1z2rksukkjr8", "a mainnet address where bitcoin-signet was asked for")]
    [InlineData("bitcoin", EthereumAddress, "an Ethereum address where bitcoin was asked for")]
    public void Another_networks_address_is_named_as_such(string chain, string text, string reason) =>
        CheckRefused(ParseChain(chain), text, 1, reason);

    [Theory]
    [InlineData("1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2mp", 1, "base58 checksum")]
    [InlineData("1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN20o", 33, "column 33")] // 0, O, I and l are no base58
    [InlineData("1FsSia9rv4NeEwvJ2GvXrX7LyxYspbN2m ", 34, "column 34")]
    [InlineData("1", 1, "too short")]
    [InlineData("1111111111111111111111111111111111", 1, "checksum")]
    [InlineData("bc1qvyq0cc6rahyvsazfdje0twl7ez82ndmu\u0430c2lhv", 37, "column 37")] // a Cyrillic a
    public void What_is_no_Bitcoin_address_is_refused_with_its_reason(string text, int column, string reason) =>
        CheckRefused(ChainId.Bitcoin, text, column, reason);

    [Fact]
    public void A_private_key_is_recognised_and_never_shown()
    {
        foreach (ChainId chain in BitcoinChains.Append(ChainId.Ethereum))
        {
            Assert.False(Address.TryParse(chain, PublishedPrivateKey, out _, out ParseError error));
            Assert.DoesNotContain(PublishedPrivateKey, error.ToString(), StringComparison.Ordinal);
            Assert.Contains("private key", error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Overlong_text_is_refused_unread()
    {
        string text = new('1', 10_000_000);
        foreach (ChainId chain in BitcoinChains.Append(ChainId.Ethereum))
        {
            Assert.False(Address.TryParse(chain, text, out _, out ParseError error));
            Assert.Contains("longer than any address", error.Reason, StringComparison.Ordinal);
            Assert.Equal(120, error.Text.Length);
        }
    }

    [Fact]
    public void The_chain_is_recognised_by_the_form()
    {
        Assert.Equal(ChainId.Ethereum, ParseAny(EthereumAddress).Chain);
        Assert.Equal(ChainId.Bitcoin, ParseAny(MainAddress).Chain);
        Assert.Equal(ChainId.Bitcoin, ParseAny("36j4NfKv6Akva9amjWrLG6MuSQym1GuEmm").Chain);
        Assert.Equal(ChainId.Bitcoin, ParseAny("bc1z2rksukkjr8").Chain);
        Assert.Equal(ChainId.Bitcoin, ParseAny("BC1Z2RKSUKKJR8").Chain);
        Assert.False(Address.TryParseAny(RegtestAddress, out _));
        Assert.False(Address.TryParseAny("mzK2FFDEhxqHcmrJw1ysqFkVyhUULo45hZ", out _));
        Assert.False(Address.TryParseAny("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", out _));
        Assert.False(Address.TryParseAny("", out _));
        Assert.False(Address.TryParseAny("Binance 14", out _));
    }

    [Fact]
    public void Every_recorded_label_is_an_address_and_comes_back_as_it_was()
    {
        int seen = 0;
        List<string> refused = [];
        foreach ((string chain, string text) in RecordedLabels())
        {
            seen++;
            if (!Address.TryParse(ParseChain(chain), text, out Address address, out _))
            {
                refused.Add(text);
                continue;
            }

            Assert.Equal(text, address.ToString(), ignoreCase: address.Kind == AddressKind.Account);
            Assert.Equal(address, Parse(chain, address.ToString()));
            Assert.Equal(address, ParseAny(text));
        }

        Assert.True(seen > 1_700, $"only {seen} labels were read");
        Assert.Empty(refused);
    }

    /// <summary>Why three rows of the facts were left out of the packs.</summary>
    [Fact]
    public void The_labels_left_out_are_no_addresses() =>
        Assert.All(LabelsThatAreNoAddress, text => Assert.False(Address.TryParse(ChainId.Bitcoin, text, out _, out _)));

    [Fact]
    public void Text_and_bytes_of_random_addresses_return_the_same_address()
    {
        Random random = new(8);
        foreach (Address address in SomeAddresses(random))
        {
            string text = address.ToString();
            Assert.True(Address.TryParse(address.Chain, text, out Address again, out ParseError error), error.Reason);
            Assert.Equal(address, again);
            Assert.Equal(address.GetHashCode(), again.GetHashCode());
            Assert.Equal(0, address.CompareTo(again));
            Assert.Equal(BytesOf(address), BytesOf(again));
        }
    }

    [Fact]
    public void A_substituted_character_never_passes_a_checksum()
    {
        const string typed = "023456789abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ1";
        Random random = new(9);
        foreach (Address address in SomeAddresses(random).Where(a => a.Kind != AddressKind.Account).Take(120))
        {
            char[] text = address.ToString().ToCharArray();
            for (int i = 0; i < text.Length; i++)
            {
                char original = text[i];
                do
                {
                    text[i] = typed[random.Next(typed.Length)];
                }
                while (text[i] == original);

                foreach (ChainId chain in BitcoinChains)
                {
                    Assert.False(Address.TryParse(chain, text, out _, out _), $"{new string(text)} for {address}");
                }

                text[i] = original;
            }
        }
    }

    // EIP-55 says that 0.0247 % of mistyped addresses pass on average; a few of those below may.
    [Fact]
    public void A_substituted_digit_hardly_ever_passes_EIP_55()
    {
        Random random = new(10);
        int passed = 0;
        int tried = 0;
        byte[] bytes = new byte[20];
        for (int n = 0; n < RandomCases; n++)
        {
            random.NextBytes(bytes);
            Address address = Address.FromAccountBytes(ChainId.Ethereum, bytes);
            char[] text = address.ToString().ToCharArray();
            for (int i = 2; i < text.Length; i++, tried++)
            {
                char original = text[i];
                do
                {
                    text[i] = "0123456789abcdefABCDEF"[random.Next(22)];
                }
                while (text[i] == original);

                passed += Address.TryParse(address.Chain, text, out Address other, out _) ? 1 : 0;
                Assert.NotEqual(address, other);
                text[i] = original;
            }
        }

        Assert.True(passed < tried / 500, $"{passed} of {tried} passed");
    }

    [Fact]
    public void Builders_refuse_what_no_address_can_be()
    {
        byte[] hash = new byte[20];
        Assert.Throws<ArgumentException>(() => Address.FromAccountBytes(ChainId.Bitcoin, hash));
        Assert.Throws<ArgumentException>(() => Address.FromAccountBytes(ChainId.Ethereum, new byte[19]));
        Assert.Throws<ArgumentException>(() => Address.FromAccountBytes(default, hash));
        Assert.Throws<ArgumentException>(() => Address.FromPubKeyHash(ChainId.Ethereum, hash));
        Assert.Throws<ArgumentException>(() => Address.FromScriptHash(ChainId.Bitcoin, new byte[21]));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Ethereum, 0, hash));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Bitcoin, 0, new byte[21]));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Bitcoin, 17, hash));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Bitcoin, -1, hash));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Bitcoin, 1, new byte[1]));
        Assert.Throws<ArgumentException>(() => Address.FromWitness(ChainId.Bitcoin, 1, new byte[41]));
        Assert.Throws<InvalidOperationException>(() => Parse("bitcoin", MainAddress).WitnessVersion);
        Assert.Throws<ArgumentException>(() => Parse("bitcoin", MainAddress).CopyTo(new byte[19]));
    }

    [Fact]
    public void Addresses_differ_when_any_part_does()
    {
        byte[] hash = new byte[20];
        byte[] otherHash = [.. new byte[19], 1];
        byte[] longer = new byte[21];
        Address[] inOrder =
        [
            Address.FromAccountBytes(ChainId.Ethereum, hash),
            Address.FromAccountBytes(ChainId.Ethereum, otherHash),
            Address.FromAccountBytes(ChainId.Account(2), hash),
            Address.FromPubKeyHash(ChainId.Bitcoin, hash),
            Address.FromPubKeyHash(ChainId.Bitcoin, otherHash),
            Address.FromScriptHash(ChainId.Bitcoin, hash),
            Address.FromWitness(ChainId.Bitcoin, 0, hash),
            Address.FromWitness(ChainId.Bitcoin, 1, hash),
            Address.FromWitness(ChainId.Bitcoin, 1, longer),
            Address.FromPubKeyHash(ChainId.BitcoinRegtest, hash),
        ];
        Assert.Equal(inOrder.Length, inOrder.Distinct().Count());
        Assert.Equal(inOrder.Length, inOrder.Select(a => a.GetHashCode()).Distinct().Count());
        Assert.Equal(inOrder, inOrder.Reverse().Order());
    }

    private static void CheckRefused(ChainId chain, string text, int? column, string reason)
    {
        Assert.False(Address.TryParse(chain, text, out Address address, out ParseError error), text);
        Assert.True(address.IsNone);
        Assert.Equal(text, error.Text);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
        Assert.Equal(column ?? error.Column, error.Column);
    }

    private static void CheckRefusedEverywhere(string text)
    {
        foreach (ChainId chain in BitcoinChains.Append(ChainId.Ethereum))
        {
            Assert.False(Address.TryParse(chain, text, out _, out _), $"{text} on {chain}");
        }
    }

    private static Address Parse(string chain, string text)
    {
        Assert.True(Address.TryParse(ParseChain(chain), text, out Address address, out ParseError error), error.Reason);
        return address;
    }

    private static Address ParseAny(string text)
    {
        Assert.True(Address.TryParseAny(text, out Address address), text);
        return address;
    }

    private static ChainId ParseChain(string text)
    {
        Assert.True(ChainId.TryParse(text, out ChainId chain), text);
        return chain;
    }

    private static byte[] BytesOf(Address address)
    {
        byte[] bytes = new byte[address.Length];
        address.CopyTo(bytes);
        return bytes;
    }

    // The output script that pays to an address: standard forms of BIP 13, BIP 16 and BIP 141.
    private static string ScriptOf(Address address)
    {
        string hex = Convert.ToHexStringLower(BytesOf(address));
        return address.Kind switch
        {
            AddressKind.PubKeyHash => $"76a914{hex}88ac",
            AddressKind.ScriptHash => $"a914{hex}87",
            AddressKind.Witness when address.WitnessVersion == 0 => $"00{address.Length:x2}{hex}",
            AddressKind.Witness => $"{0x50 + address.WitnessVersion:x2}{address.Length:x2}{hex}",
            _ => throw new ArgumentException($"{address} has no output script"),
        };
    }

    private static List<Address> SomeAddresses(Random random)
    {
        List<Address> addresses = [];
        for (int i = 0; i < RandomCases; i++)
        {
            ChainId bitcoin = BitcoinChains[random.Next(BitcoinChains.Length)];
            int version = random.Next(17);
            int length = version > 0 ? random.Next(2, 41) : random.Next(2) == 0 ? 20 : 32;
            addresses.Add(Address.FromAccountBytes(ChainId.Account((ulong)random.Next(1, 4)), NextBytes(random, 20)));
            addresses.Add(Address.FromPubKeyHash(bitcoin, NextBytes(random, 20)));
            addresses.Add(Address.FromScriptHash(bitcoin, NextBytes(random, 20)));
            addresses.Add(Address.FromWitness(bitcoin, version, NextBytes(random, length)));
        }

        return addresses;
    }

    // Now and then with zeros in front, where base58 changes its length.
    private static byte[] NextBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(length + 1) : 0).Clear();
        return bytes;
    }

    // Neither a chain nor an address holds a comma or a quote, so the first two fields need no CSV reader.
    private static IEnumerable<(string Chain, string Text)> RecordedLabels() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), "fixtures", "labels"), "*.csv")
            .SelectMany(file => File.ReadLines(file).Skip(1))
            .Select(line => line.Split(',', 3))
            .Select(fields => (fields[0], fields[1]));

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlowTracer.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("No folder above the tests holds FlowTracer.sln.");
    }
}
