using System.Text;

namespace FlowTracer.Core.Model;

// How an address is written: see the rules cited at the type.
public readonly partial struct Address
{
    private const int MaxTextLength = 120;
    private const int AccountTextLength = 2 + (2 * HashLength);

    // The version bytes of Base58Check; the test networks share theirs.
    private const byte MainPubKeyHash = 0x00;
    private const byte MainScriptHash = 0x05;
    private const byte TestPubKeyHash = 0x6f;
    private const byte TestScriptHash = 0xc4;
    private const byte MainPrivateKey = 0x80;
    private const byte TestPrivateKey = 0xef;

    // A private key with the mark that its public key is compressed is the longest thing worth telling from an address.
    private const int MaxBase58Payload = 34;

    private static readonly (string Prefix, string Name) MainNetwork = ("bc", "mainnet");
    private static readonly (string Prefix, string Name) TestNetworks = ("tb", "testnet or signet");
    private static readonly (string Prefix, string Name) RegtestNetwork = ("bcrt", "regtest");
    private static readonly (string Prefix, string Name)[] Networks = [MainNetwork, TestNetworks, RegtestNetwork];

    private static TextFault UnknownNetwork => new(1, "its prefix is that of no Bitcoin network known here");

    /// <summary>Reads the text form of an address on <paramref name="chain"/>.</summary>
    /// <returns>False, with fault and column, for all else: other networks' and chains' addresses too.</returns>
    public static bool TryParse(ChainId chain, ReadOnlySpan<char> text, out Address address, out ParseError error)
    {
        address = default;
        if (text.Length is 0 or > MaxTextLength)
        {
            error = new TextFault(1, text.IsEmpty
                ? "an address is missing"
                : $"it is longer than any address ({text.Length} characters)").In(text);
            return false;
        }

        bool valid = chain.Family == ChainFamily.Account
            ? TryParseAccount(chain, text, out address, out TextFault fault)
            : TryParseBitcoin(chain, text, out address, out fault);
        error = valid ? default : fault.In(IsPrivateKey(text) ? "(a private key)" : text);
        return valid;
    }

    /// <summary>
    /// Reads an address whose chain shows in its form: <c>0x</c> and 40 digits are Ethereum; <c>1…</c>, <c>3…</c> and
    /// <c>bc1…</c> are Bitcoin's main network. All others, test networks too, are refused.
    /// </summary>
    public static bool TryParseAny(ReadOnlySpan<char> text, out Address address) =>
        TryParse(text.StartsWith(Hex.Prefix) ? ChainId.Ethereum : ChainId.Bitcoin, text, out address, out _);

    /// <summary>The canonical text: EIP-55 capitals, Base58Check, or lower-case bech32 or bech32m.</summary>
    public override string ToString()
    {
        Span<char> text = stackalloc char[MaxTextLength];
        int length = Kind switch
        {
            AddressKind.Account => WriteAccount(Bytes(in _payload, _length), text),
            AddressKind.PubKeyHash or AddressKind.ScriptHash => WriteBase58(text),
            AddressKind.Witness => WriteBech32(text),
            _ => 0,
        };
        return IsNone ? "(no address)" : text[..length].ToString();
    }

    private static bool TryParseAccount(
        ChainId chain, ReadOnlySpan<char> text, out Address address, out TextFault fault)
    {
        address = default;
        if (FindAccountFault(chain, text) is { } found)
        {
            fault = found;
            return false;
        }

        Span<byte> bytes = stackalloc byte[HashLength];
        bool decoded = Hex.TryDecode(text[Hex.Prefix.Length..], bytes);
        Invariant.Check(decoded, $"checked digits of an address could not be read");
        if (!HasValidCase(text, bytes))
        {
            fault = new TextFault(1, "the EIP-55 checksum in its capitals does not match: check it for a typing error");
            return false;
        }

        address = new Address(chain, AddressKind.Account, bytes);
        fault = default;
        return true;
    }

    private static TextFault? FindAccountFault(ChainId chain, ReadOnlySpan<char> text)
    {
        if (!text.StartsWith(Hex.Prefix))
        {
            return new TextFault(1, LooksLikeBitcoin(text)
                ? $"a Bitcoin address where {chain} was asked for"
                : $"an address on {chain} begins with 0x");
        }

        int bad = text[Hex.Prefix.Length..].IndexOfAnyExcept(Hex.Digits);
        if (bad >= 0)
        {
            int column = Hex.Prefix.Length + bad + 1;
            return new TextFault(column, $"what stands at column {column} is not a hexadecimal digit");
        }

        return text.Length == AccountTextLength
            ? null
            : new TextFault(1, $"an address on {chain} has {2 * HashLength} digits after 0x, not {text.Length - 2}");
    }

    // All of one case carries no checksum; mixed case is one (EIP-55).
    private static bool HasValidCase(ReadOnlySpan<char> text, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<char> digits = text[Hex.Prefix.Length..];
        if (!digits.ContainsAnyInRange('a', 'f') || !digits.ContainsAnyInRange('A', 'F'))
        {
            return true;
        }

        Span<char> canonical = stackalloc char[AccountTextLength];
        WriteAccount(bytes, canonical);
        return text.SequenceEqual(canonical);
    }

    private static int WriteAccount(ReadOnlySpan<byte> bytes, Span<char> text)
    {
        Hex.Prefix.CopyTo(text);
        Span<char> digits = text[Hex.Prefix.Length..AccountTextLength];
        Hex.Encode(bytes, digits);

        // EIP-55: a letter is a capital where the same hexadecimal digit of the hash of the lower-case text is 8 or
        // more.
        Span<byte> ascii = stackalloc byte[2 * HashLength];
        Span<byte> digest = stackalloc byte[Keccak256.DigestLength];
        Encoding.ASCII.GetBytes(digits, ascii);
        Keccak256.Hash(ascii, digest);
        for (int i = 0; i < digits.Length; i++)
        {
            int nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 0x0F;
            digits[i] = nibble >= 8 ? char.ToUpperInvariant(digits[i]) : digits[i];
        }

        return AccountTextLength;
    }

    private static bool TryParseBitcoin(
        ChainId chain, ReadOnlySpan<char> text, out Address address, out TextFault fault)
    {
        if (text.StartsWith(Hex.Prefix, StringComparison.OrdinalIgnoreCase))
        {
            address = default;
            fault = new TextFault(1, $"an Ethereum address where {chain} was asked for");
            return false;
        }

        return HasNetworkPrefix(text)
            ? TryParseBech32(chain, text, out address, out fault)
            : TryParseBase58(chain, text, out address, out fault);
    }

    private static bool TryParseBase58(ChainId chain, ReadOnlySpan<char> text, out Address address, out TextFault fault)
    {
        address = default;
        Span<byte> payload = stackalloc byte[MaxBase58Payload];
        if (!Base58Check.TryDecode(text, payload, out int length, out fault))
        {
            fault = IsBech32(text) ? UnknownNetwork : fault;
            return false;
        }

        bool isMain = payload[0] is MainPubKeyHash or MainScriptHash;
        bool isTest = payload[0] is TestPubKeyHash or TestScriptHash;
        if (length != HashLength + 1 || !(isMain || isTest))
        {
            fault = new TextFault(1, DescribeBase58(payload[0], length));
            return false;
        }

        if (isMain != (chain == ChainId.Bitcoin))
        {
            fault = WrongNetwork(isMain ? MainNetwork.Name : "test network", chain);
            return false;
        }

        AddressKind kind = payload[0] is MainPubKeyHash or TestPubKeyHash
            ? AddressKind.PubKeyHash
            : AddressKind.ScriptHash;
        address = new Address(chain, kind, payload[1..length]);
        return true;
    }

    private static string DescribeBase58(byte version, int length)
    {
        if (IsPrivateKey(version, length))
        {
            return "a private key, not an address: whoever has read it can spend its coins";
        }

        return length == HashLength + 1
            ? $"its version byte 0x{version:x2} is that of no Bitcoin address"
            : $"it holds {length} bytes where an address has {HashLength + 1}";
    }

    private static bool TryParseBech32(ChainId chain, ReadOnlySpan<char> text, out Address address, out TextFault fault)
    {
        address = default;
        Span<byte> values = stackalloc byte[Bech32.MaxTextLength];
        if (!Bech32.TryDecode(text, values, out var parts, out fault))
        {
            return false;
        }

        Span<byte> program = stackalloc byte[Bech32.MaxTextLength];
        if (FindWitnessFault(values[..parts.ValueCount], parts.Variant, program, out int length) is { } reason)
        {
            fault = new TextFault(1, reason);
            return false;
        }

        if (FindNetworkFault(text[..parts.PrefixLength], chain) is { } networkFault)
        {
            fault = networkFault;
            return false;
        }

        address = new Address(chain, AddressKind.Witness, program[..length], values[0]);
        return true;
    }

    private static string? FindWitnessFault(
        ReadOnlySpan<byte> values, Bech32Variant variant, Span<byte> program, out int length)
    {
        length = 0;
        if (values.IsEmpty)
        {
            return "it holds no witness version and program";
        }

        if (!Bech32.TryToBytes(values[1..], program, out length))
        {
            return "the padding behind its witness program is not zero bits, or too many";
        }

        if (FindProgramFault(values[0], length) is { } fault)
        {
            return fault;
        }

        return variant == VariantOf(values[0])
            ? null
            : $"witness version {values[0]} needs a {VariantOf(values[0])} checksum (BIP 350), and this is {variant}";
    }

    private int WriteBase58(Span<char> text)
    {
        bool isMain = Chain == ChainId.Bitcoin;
        Span<byte> payload = stackalloc byte[HashLength + 1];
        payload[0] = Kind == AddressKind.PubKeyHash
            ? (isMain ? MainPubKeyHash : TestPubKeyHash)
            : (isMain ? MainScriptHash : TestScriptHash);
        CopyTo(payload[1..]);
        return Base58Check.Encode(payload, text);
    }

    private int WriteBech32(Span<char> text)
    {
        Span<byte> values = stackalloc byte[Bech32.MaxTextLength];
        values[0] = _witnessVersion;
        int count = 1 + Bech32.ToValues(Bytes(in _payload, _length), values[1..]);
        return Bech32.Encode(NetworkOf(Chain).Prefix, values[..count], VariantOf(_witnessVersion), text);
    }

    private static Bech32Variant VariantOf(int witnessVersion) =>
        witnessVersion == 0 ? Bech32Variant.Bech32 : Bech32Variant.Bech32m;

    private static (string Prefix, string Name) NetworkOf(ChainId chain)
    {
        if (chain == ChainId.Bitcoin)
        {
            return MainNetwork;
        }

        return chain == ChainId.BitcoinRegtest ? RegtestNetwork : TestNetworks;
    }

    // No base58 address begins like this: the version bytes above give 1, 3, m, n and 2.
    private static bool HasNetworkPrefix(ReadOnlySpan<char> text)
    {
        foreach ((string prefix, _) in Networks)
        {
            if (text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
                && text[prefix.Length..].StartsWith(Bech32.Separator))
            {
                return true;
            }
        }

        return false;
    }

    // The prefix ends at the last '1', so a 'bc1' in front does not yet say that the prefix is 'bc'.
    private static TextFault? FindNetworkFault(ReadOnlySpan<char> prefix, ChainId asked)
    {
        foreach ((string Prefix, string Name) network in Networks)
        {
            if (prefix.Equals(network.Prefix, StringComparison.OrdinalIgnoreCase))
            {
                return network == NetworkOf(asked) ? null : WrongNetwork(network.Name, asked);
            }
        }

        return UnknownNetwork;
    }

    private static TextFault WrongNetwork(string network, ChainId asked) =>
        new(1, $"a {network} address where {asked} was asked for");

    private static bool LooksLikeBitcoin(ReadOnlySpan<char> text)
    {
        Span<byte> payload = stackalloc byte[HashLength + 1];
        return HasNetworkPrefix(text) || Base58Check.TryDecode(text, payload, out _, out _);
    }

    private static bool IsBech32(ReadOnlySpan<char> text)
    {
        Span<byte> values = stackalloc byte[Bech32.MaxTextLength];
        return Bech32.TryDecode(text, values, out _, out _);
    }

    // What an error shows may be logged, and a private key must never be.
    private static bool IsPrivateKey(ReadOnlySpan<char> text)
    {
        Span<byte> payload = stackalloc byte[MaxBase58Payload];
        return Base58Check.TryDecode(text, payload, out int length, out _) && IsPrivateKey(payload[0], length);
    }

    private static bool IsPrivateKey(byte version, int length) =>
        version is MainPrivateKey or TestPrivateKey && length is MaxBase58Payload or MaxBase58Payload - 1;
}
