using FlowTracer.App.Labels;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Labels;

public sealed class RealTagPackTests
{
    private const string Folder = "labels/tagpacks";

    // Read independently with PyYAML 6.0.3, from the folder:
    //   python3 -c "import yaml,glob,collections
    //   for f in sorted(glob.glob('*.yaml')):
    //     d=yaml.load(open(f,'rb'),Loader=yaml.BaseLoader); h={k:v for k,v in d.items() if k!='tags'}
    //     c=collections.Counter({**h,**t}['currency'] for t in d['tags'])
    //     print(f,len(d['tags']),c['BTC'],c['ETH'],sum(len(t) for t in d['tags']))"
    private static readonly (string File, int Tags, int Bitcoin, int Ethereum, int OwnFields)[] Expected =
    [
        ("africrypt-hack.yaml", 1, 1, 0, 2),
        ("binance.yaml", 2, 2, 0, 2),
        ("binance_hack.yaml", 44, 44, 0, 88),
        ("blender_io.yaml", 45, 45, 0, 45),
        ("chaininfo.yaml", 122, 122, 0, 366),
        ("coinjoin_bounty.yaml", 1, 1, 0, 1),
        ("defi-protocols-csh.yaml", 1407, 0, 1407, 5627),
        ("etherscan-wordcloud-exchange.yaml", 646, 0, 646, 2325),
        ("etherscan-wordcloud-mixing_service.yaml", 61, 0, 61, 122),
        ("exchange-wallets-binance.yaml", 86, 4, 32, 258),
        ("exchange-wallets-bitfinexcom.yaml", 135, 3, 6, 405),
        ("exchange-wallets-bybit.yaml", 8, 4, 4, 17),
        ("exchange-wallets-cryptocom.yaml", 10, 6, 4, 24),
        ("exchange-wallets-deribit.yaml", 18, 7, 9, 36),
        ("exchange-wallets-huobi.yaml", 58, 3, 18, 174),
        ("exchange-wallets-kucoin.yaml", 59, 4, 14, 133),
        ("exchange-wallets-okx.yaml", 36, 23, 13, 85),
        ("exchange-wallets-swissborg.yaml", 14, 6, 8, 28),
        ("hacks.yaml", 608, 608, 0, 2830),
        ("hydra.yaml", 117, 117, 0, 117),
        ("interpol-real_services.yaml", 10, 7, 3, 50),
        ("lazarus.yaml", 21, 20, 1, 42),
        ("lazarus2.yaml", 6, 6, 0, 12),
        ("mixing_fc2021.yaml", 66, 66, 0, 132),
        ("ofac.yaml", 572, 385, 147, 1144),
        ("plustoken.yaml", 12, 12, 0, 24),
        ("ransomware.yaml", 7178, 7178, 0, 21534),
        ("ransomwhere.yaml", 7457, 7457, 0, 22371),
        ("richest_addresses.yaml", 36, 36, 0, 179),
        ("ronin_bridge.yaml", 6, 0, 6, 13),
        ("samourai.yaml", 36548, 36548, 0, 36548),
        ("sinbad_io.yaml", 2, 2, 0, 2),
        ("tornado_cash.yaml", 39, 0, 39, 39),
        ("twitter_hack_scam.yaml", 3, 3, 0, 6),
        ("usdt_blacklist.yaml", 774, 0, 774, 1548),
        ("walletexplorer.yaml", 386, 386, 0, 1928),
        ("wasabi_collector.yaml", 2, 2, 0, 4),
    ];

    [NeedsDataFact(Folder)]
    public void Every_pack_reads_whole_and_reads_back_equal_from_its_written_form()
    {
        string[] files = [.. Directory.EnumerateFiles(SharedData.Folder(Folder), "*.yaml").Order(StringComparer.Ordinal)];
        Assert.Equal(Expected.Select(pack => pack.File), files.Select(file => Path.GetFileName(file)));
        foreach ((string file, (string name, int tags, int bitcoin, int ethereum, int ownFields)) in files.Zip(Expected))
        {
            LabelPack pack = TagPackFile.Read(File.ReadAllText(file), name);

            Assert.Equal((name, tags, ownFields), (name, pack.Tags.Count, pack.Tags.Sum(tag => tag.Own.Items.Count)));
            Assert.Equal((name, bitcoin), (name, pack.Tags.Count(tag => pack.EffectiveText(tag, "currency") == "BTC")));
            Assert.Equal((name, ethereum), (name, pack.Tags.Count(tag => pack.EffectiveText(tag, "currency") == "ETH")));
            Assert.Equal(pack, TagPackFile.Read(TagPackWriter.Write(pack), name));
        }
    }

    // Each line number is where `grep -n` finds the address.
    [NeedsDataFact(Folder)]
    public void Inherited_and_overridden_fields_are_as_an_independent_reader_has_them()
    {
        LabelPack okx = Read("exchange-wallets-okx.yaml");
        Assert.Equal(("okx reserves wallets", "BTC", "okex"), Of(okx, 0));
        Assert.Equal(("okx ERC20 reserves", "ETH", "okex"), Of(okx, 23));

        LabelPack bybit = Read("exchange-wallets-bybit.yaml");
        Assert.Equal(
            "https://blog.bybit.com/en-US/post/statement-from-ben-on-bybit-s-wallets-bltfb7a70c50462875b/",
            bybit.EffectiveText(bybit.Tags[0], "source"));
        Assert.Equal(
            "https://www.bybithelp.com/bybitHC_Article?id=000001880", bybit.EffectiveText(bybit.Tags[3], "source"));

        // Multi-line quoted text is folded to one line by YAML's rules.
        LabelPack blacklist = Read("usdt_blacklist.yaml");
        Assert.Equal(
            "{\"transaction\": \"0x348a042dfedaf64400bf6660fe0ed523b373f172b7914985600d882ac09e0631\", \"token\": \"USDT\"}",
            blacklist.EffectiveText(blacklist.Tags[0], "context"));

        // 'currency: BTC ' with a space behind it.
        LabelPack ransomwhere = Read("ransomwhere.yaml");
        Assert.Equal("BTC", ransomwhere.EffectiveText(ransomwhere.Tags[0], "currency"));

        LabelPack exchanges = Read("etherscan-wordcloud-exchange.yaml");
        Assert.Equal(new LabelList([new LabelText("exchange")]), exchanges.Effective(exchanges.Tags[0], "concepts"));
        Assert.Equal(new LabelText("2023-08-16 12:18:52.619444", IsTyped: true), exchanges.Effective(exchanges.Tags[0], "lastmod"));

        static (string, string, string) Of(LabelPack pack, int tag) => (
            pack.EffectiveText(pack.Tags[tag], "label"), pack.EffectiveText(pack.Tags[tag], "currency"),
            pack.EffectiveText(pack.Tags[tag], "actor"));
    }

    // Of the 56,300 Bitcoin and Ethereum tags three are no such addresses (checked with a Base58Check decoder in Python):
    // in plustoken.yaml one fails its checksum and one lost its upper case; in ofac.yaml one is a Tron address. 296 are
    // on other chains.
    [NeedsDataFact(Folder)]
    public void Every_bitcoin_and_ethereum_tag_becomes_a_claim()
    {
        var notAddresses = new List<string>();
        (int indexed, int elsewhere) = (0, 0);
        foreach ((string file, int tags, _, _, _) in Expected)
        {
            LoadedPack pack = Load(file);
            indexed += pack.Tags.Count;
            elsewhere += pack.NotIndexed.Sum(entry => entry.Value);
            Assert.Equal(tags, pack.Tags.Count + pack.NotIndexed.Sum(entry => entry.Value));
            notAddresses.AddRange(pack.Warnings.Select(warning => $"{file}: {warning.Line}"));
        }

        Assert.Equal(["ofac.yaml: 1069", "plustoken.yaml: 11", "plustoken.yaml: 31"], notAddresses);
        Assert.Equal((56_297, 299), (indexed, elsewhere));
    }

    [NeedsDataFact(Folder)]
    public void A_sanctioned_person_is_a_claim_that_does_not_stop_and_a_sanctioned_mixer_one_that_does()
    {
        LoadedPack lazarus = Load("lazarus2.yaml");
        Assert.Equal(("sanction", "category: user", "lazarusgroup"),
            (lazarus.Tags[0].Category, lazarus.Tags[0].Note, lazarus.Tags[0].Actor));
        Assert.Null(AttributionRules.Conclude([lazarus.Tags[0]]).Stop);

        LabelIndex index = LabelIndex.Of([Load("blender_io.yaml"), Load("ofac.yaml"), lazarus]);
        LabelLookup blender = LabelLookup.Of(index, index.Packs[0].Tags.First(
            tag => tag.Address.ToString() == "3LhnVMcBq4gsR7aDaRr9XmUo17CuYBV4FN").Address);
        Assert.NotNull(blender.Attribution);
        Assert.Equal(SinkKind.Mixer, blender.Attribution.Stop);
        Assert.Equal(["blender_io", "ofac"], blender.Attribution.Claims.Select(claim => claim.Pack));
    }

    [NeedsDataFact(Folder)]
    public void Every_word_in_the_public_packs_is_in_the_tables()
    {
        foreach ((string file, _, _, _, _) in Expected)
        {
            Assert.DoesNotContain(Load(file).Warnings, warning => warning.Line == 0);
        }
    }

    private static LabelPack Read(string file) =>
        TagPackFile.Read(File.ReadAllText(Path.Combine(SharedData.Folder(Folder), file)), file);

    private static LoadedPack Load(string file)
    {
        byte[] content = File.ReadAllBytes(Path.Combine(SharedData.Folder(Folder), file));
        Assert.True(LoadedPack.TryRead(content, file, out LoadedPack? pack, out LabelError? error), error?.ToString());
        return pack;
    }
}
