using FlowTracer.Chains.Bitcoin.Scripts;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

public sealed class ScriptTests
{
    private const string Key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    private const string LongKey =
        "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

    private const string Hash20 = "751e76e8199196d454941c45d1b3a323f1433bd6";
    private const string Hash32 = "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262";

    [Theory]
    [InlineData("", ScriptKind.NonStandard)]
    [InlineData("76a914" + Hash20 + "88ac", ScriptKind.PubKeyHash)]
    [InlineData("76a914" + Hash20 + "88ac00", ScriptKind.NonStandard)]
    [InlineData("a914" + Hash20 + "87", ScriptKind.ScriptHash)]
    [InlineData("a914" + Hash20 + "88", ScriptKind.NonStandard)]
    [InlineData("21" + Key + "ac", ScriptKind.PubKey)]
    [InlineData("41" + LongKey + "ac", ScriptKind.PubKey)]
    [InlineData("2104be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f8179800ac", ScriptKind.NonStandard)]
    [InlineData("5121" + Key + "51ae", ScriptKind.Multisig)]
    [InlineData("5121" + Key + "41" + LongKey + "52ae", ScriptKind.Multisig)]
    [InlineData("5221" + Key + "51ae", ScriptKind.NonStandard)] // two of one
    [InlineData("5121" + Key + "52ae", ScriptKind.NonStandard)] // two keys said, one there
    [InlineData("5152ae", ScriptKind.NonStandard)]
    [InlineData("0021" + Key + "51ae", ScriptKind.NonStandard)] // no signature wanted
    [InlineData("6a", ScriptKind.NullData)]
    [InlineData("6a0568656c6c6f", ScriptKind.NullData)]
    [InlineData("6a4c", ScriptKind.NullData)]
    [InlineData("0014" + Hash20, ScriptKind.WitnessPubKeyHash)]
    [InlineData("0020" + Hash32, ScriptKind.WitnessScriptHash)]
    [InlineData("00100102030405060708090a0b0c0d0e0f10", ScriptKind.NonStandard)] // version 0, 16 bytes
    [InlineData("5120" + Hash32, ScriptKind.Taproot)]
    [InlineData("5220" + Hash32, ScriptKind.WitnessUnknown)]
    [InlineData("5114" + Hash20, ScriptKind.WitnessUnknown)]
    [InlineData("51024e73", ScriptKind.Anchor)]
    [InlineData("51024e74", ScriptKind.WitnessUnknown)]
    [InlineData("510101", ScriptKind.NonStandard)] // a program of one byte
    [InlineData("51", ScriptKind.NonStandard)]
    [InlineData("ac", ScriptKind.NonStandard)]
    [InlineData("ae", ScriptKind.NonStandard)]
    public void A_script_is_known_by_its_form(string hex, ScriptKind expected) =>
        Assert.Equal(expected, ScriptClassifier.Classify(Convert.FromHexString(hex)));

    // The key is the generator of secp256k1, that is of private key 1, whose addresses BIP 173 and wallets' tests print;
    // the others are the examples of BIP 173 and BIP 350, and the address of the anchor output.
    [Theory]
    [InlineData("76a914" + Hash20 + "88ac", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH")]
    [InlineData("0014" + Hash20, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")]
    [InlineData("0020" + Hash32, "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3")]
    [InlineData(
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")]
    [InlineData("6002751e", "bc1sw50qgdz25j")]
    [InlineData("51024e73", "bc1pfeessrawgf")]
    public void A_script_has_the_address_that_stands_for_it(string hex, string expected)
    {
        Assert.True(ScriptAddress.TryGet(ChainId.Bitcoin, Convert.FromHexString(hex), out Address address));
        Assert.Equal(expected, address.ToString());
    }

    // The Bitcoin Foundation's address in Core's own tests: a script hash.
    [Fact]
    public void A_script_hash_has_its_address()
    {
        byte[] script = Convert.FromHexString("a914" + "8f55563b9a19f321c211e9b9f38cdf686ea07845" + "87");
        Assert.True(ScriptAddress.TryGet(ChainId.Bitcoin, script, out Address address));
        Assert.Equal(AddressKind.ScriptHash, address.Kind);
        Assert.Equal("3EktnHQD7RiAE6uzMj2ZifT9YgRrkSgzQX", address.ToString());
    }

    [Theory]
    [InlineData("21" + Key + "ac", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH")]
    [InlineData("41" + LongKey + "ac", "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm")]
    public void A_public_key_has_no_address_but_its_owner_has(string hex, string expected)
    {
        byte[] script = Convert.FromHexString(hex);
        Assert.False(ScriptAddress.TryGet(ChainId.Bitcoin, script, out Address none));
        Assert.True(none.IsNone);
        Assert.True(ScriptAddress.TryGetKeyAddress(ChainId.Bitcoin, script, out Address owner));
        Assert.Equal(expected, owner.ToString());
    }

    [Theory]
    [InlineData("5121" + Key + "51ae")]
    [InlineData("6a0568656c6c6f")]
    [InlineData("00100102030405060708090a0b0c0d0e0f10")]
    [InlineData("")]
    public void Other_scripts_have_no_address(string hex)
    {
        byte[] script = Convert.FromHexString(hex);
        Assert.False(ScriptAddress.TryGet(ChainId.Bitcoin, script, out _));
        Assert.False(ScriptAddress.TryGetKeyAddress(ChainId.Bitcoin, script, out _));
    }

    [Fact]
    public void The_keys_of_a_multisig_are_walked()
    {
        byte[] script = Convert.FromHexString("5121" + Key + "41" + LongKey + "52ae");
        Assert.True(MultisigScript.TryRead(script, out MultisigScript multisig));
        List<string> keys = [];
        foreach (ReadOnlySpan<byte> key in multisig)
        {
            keys.Add(Convert.ToHexStringLower(key));
        }

        Assert.Equal((1, 2), (multisig.Required, multisig.KeyCount));
        Assert.Equal([Key, LongKey], keys);
    }

    [Theory]
    [InlineData("6a", true)]
    [InlineData("51", false)]
    [InlineData("", false)]
    public void What_nobody_can_spend(string hex, bool expected) =>
        Assert.Equal(expected, ScriptClassifier.IsUnspendable(Convert.FromHexString(hex)));

    [Fact]
    public void Too_long_a_script_cannot_be_spent()
    {
        Assert.False(ScriptClassifier.IsUnspendable(new byte[10_000]));
        Assert.True(ScriptClassifier.IsUnspendable(new byte[10_001]));
    }

    [Fact]
    public void No_bytes_break_the_classifier()
    {
        Random random = new(7);
        byte[] operations = [0, 1, 2, 20, 32, 33, 65, 0x4C, 0x51, 0x52, 0x60, 0x6A, 0x76, 0x87, 0x88, 0xA9, 0xAC, 0xAE];
        for (int i = 0; i < 200_000; i++)
        {
            byte[] script = new byte[random.Next(72)];
            for (int k = 0; k < script.Length; k++)
            {
                script[k] = random.Next(4) == 0 ? (byte)random.Next(256) : operations[random.Next(operations.Length)];
            }

            bool hasAddress = ScriptAddress.TryGet(ChainId.Bitcoin, script, out Address address);
            Assert.Equal(hasAddress, !address.IsNone);
        }
    }
}
