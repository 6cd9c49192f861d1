using FlowTracer.App.Labels;
using FlowTracer.Tests.Attributions;

namespace FlowTracer.Tests.Labels;

public sealed class LabelStoreTests : IDisposable
{
    private const string Yaml = TagPackFile.Header + """
        category: exchange
        tags:
        - address: 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2
        - address: 0xA160cdAB225685dA1d56aa342Ad8841c3b53f291
          currency: ETH
          category: invented
        - address: TRYL7PKCG4b4xRCM554Q5J6o8f1UjUmfnY
          currency: TRX
        - address: 0xA160cdAB225685dA1d56aa342Ad8841c3b53f291
          currency: USDT
        - address: 0xA160cdAB225685dA1d56aa342Ad8841c3b53f291
          currency: USDT
          network: ETH
        - address: 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3

        """;

    private const string Csv = "chain,address,label,source\nethereum,0xA160cdAB225685dA1d56aa342Ad8841c3b53f291,l,s\n";

    private readonly string _root = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly LabelStore _store;

    public LabelStoreTests()
    {
        _store = new LabelStore(Path.Combine(_root, "built-in"), Path.Combine(_root, "user"));
        Write("built-in/mixer.csv", Csv);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void An_imported_pack_is_kept_as_the_bytes_it_had_and_can_be_looked_up()
    {
        LabelImport import = Assert.Single(Import(Write("in/packs.yml", Yaml)));

        Assert.Equal((LabelImportOutcome.Added, "packs", 6, 3, 3),
            (import.Outcome, import.Name, import.TagCount, import.IndexedCount, import.NotIndexedCount));
        Assert.Equal(
            [new("BTC (not an address)", 1), new("TRX", 1), new KeyValuePair<string, int>("USDT", 1)], import.Pack.NotIndexed);
        Assert.Equal([19, 0], import.Pack.Warnings.Select(warning => warning.Line));
        Assert.Equal("'invented': this category of 1 tag is not known: it never stops a trace", import.Pack.Warnings[1].Reason);
        Assert.Equal(["packs.yaml"], UserFiles());
        Assert.Equal(Yaml, File.ReadAllText(import.Path));
        Assert.Equal(["mixer", "packs", "packs"], Load().TagsOf(Some.Account).Select(tag => tag.Pack).Order());
    }

    [Fact]
    public void Importing_the_same_again_changes_nothing()
    {
        string file = Write("in/pack.yaml", Yaml);
        string digest = Load().Digest;
        string kept = Assert.Single(Import(file)).Path;
        DateTime written = File.GetLastWriteTimeUtc(kept);
        string digestWithPack = Load().Digest;

        Assert.Equal(LabelImportOutcome.Unchanged, Assert.Single(Import(file)).Outcome);

        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
        Assert.Equal(digestWithPack, Load().Digest);
        Assert.NotEqual(digest, digestWithPack);
    }

    [Fact]
    public void Other_content_under_the_same_name_needs_replace()
    {
        Import(Write("in/pack.csv", Csv));
        string file = Write("in/pack.csv", Csv.Replace(",l,", ",other,", StringComparison.Ordinal));

        LabelError error = Refused([file]);
        Assert.Equal("a pack named 'pack' with other content is already there; use --replace to put this one in its place", error.Reason);
        Assert.Equal("l", Assert.Single(Load().TagsOf(Some.Account), tag => tag.Pack == "pack").Label);

        Assert.True(_store.TryImport([file], replace: true, out IReadOnlyList<LabelImport>? imports, out _, default));
        Assert.Equal(LabelImportOutcome.Replaced, Assert.Single(imports).Outcome);
        Assert.Equal("other", Assert.Single(Load().TagsOf(Some.Account), tag => tag.Pack == "pack").Label);
        Assert.Equal(["pack.csv"], UserFiles());
    }

    [Theory]
    [InlineData("in/mixer.csv")]
    [InlineData("in/MIXER.yaml")]
    public void The_name_of_a_built_in_pack_is_taken_even_with_replace(string name)
    {
        string file = Write(name, name.EndsWith("yaml", StringComparison.Ordinal) ? Yaml : Csv + "\n");

        Assert.False(_store.TryImport([file], replace: true, out _, out LabelError? error, default));

        Assert.EndsWith("rename the file", error.Reason, StringComparison.Ordinal);
        Assert.Empty(UserFiles());
    }

    [Fact]
    public void One_bad_file_and_nothing_is_written()
    {
        Write("in/a.csv", Csv);
        Write("in/b.yaml", "title: [");
        Write("in/LICENSE", "not a label file");

        LabelError error = Refused([Path.Combine(_root, "in")]);

        Assert.EndsWith("b.yaml", error.File, StringComparison.Ordinal);
        Assert.Empty(UserFiles());
    }

    [Fact]
    public void A_folder_stands_for_its_label_files()
    {
        Write("in/b.yaml", Yaml);
        Write("in/a.csv", Csv);
        Write("in/README.md", "no labels");

        Assert.Equal(["a", "b"], Import(Path.Combine(_root, "in")).Select(import => import.Name));
        Assert.Equal(["a.csv", "b.yaml"], UserFiles());
    }

    [Theory]
    [InlineData("in/pack.txt", "a label file ends in .csv, .yaml or .yml")]
    [InlineData("in/-.csv", "a pack's name has at most 100 letters, digits, dots, dashes and underscores, and begins with a letter or digit; rename the file")]
    public void A_file_must_say_what_it_is(string name, string reason) =>
        Assert.Equal(reason, Refused([Write(name, Csv)]).Reason);

    [Fact]
    public void What_is_not_there_is_said()
    {
        Assert.Equal("there is no such file", Refused([Path.Combine(_root, "nothing.csv")]).Reason);
        Directory.CreateDirectory(Path.Combine(_root, "empty"));
        Assert.Equal("there is no label file (.csv, .yaml, .yml) in this folder", Refused([Path.Combine(_root, "empty")]).Reason);
    }

    [Fact]
    public void Two_files_of_one_name_are_refused()
    {
        string[] files = [Write("in/a/pack.csv", Csv), Write("in/b/pack.yaml", Yaml)];

        Assert.Equal("another file of this import is named 'pack' too; rename one of them", Refused(files).Reason);
    }

    [Fact]
    public void What_a_crash_left_behind_is_not_a_pack()
    {
        Write("user/.pack.csv.1234.tmp", "half a fi");
        Write("user/.hidden.csv", "half a fi");

        Assert.Equal(["mixer"], Load().Packs.Select(pack => pack.Name));
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing_behind()
    {
        // A folder where the pack should go: the last step, the move, fails.
        Directory.CreateDirectory(Path.Combine(_store.UserDirectory, "pack.csv"));

        LabelError error = Refused([Write("in/pack.csv", Csv)]);

        Assert.StartsWith("cannot be written: ", error.Reason, StringComparison.Ordinal);
        Assert.Empty(UserFiles());
    }

    [Fact]
    public void The_index_does_not_depend_on_the_order_of_packs()
    {
        Assert.True(LoadedPack.TryRead("chain,address,label,source\n"u8, "b.csv", out LoadedPack? b, out _));
        Assert.True(LoadedPack.TryRead(File.ReadAllBytes(Path.Combine(_root, "built-in", "mixer.csv")), "a.csv", out LoadedPack? a, out _));

        Assert.Equal(LabelIndex.Of([a, b]).Digest, LabelIndex.Of([b, a]).Digest);
        Assert.Throws<ArgumentException>(() => LabelIndex.Of([a, a]));
    }

    // printf 'chain,address,label,source\n' | sha256sum, then printf 'b.csv\t<that>\n' | sha256sum
    [Fact]
    public void The_digest_is_what_anyone_can_compute()
    {
        Assert.True(LoadedPack.TryRead("chain,address,label,source\n"u8, "b.csv", out LoadedPack? pack, out _));

        Assert.Equal("f6749c5afc140827becfc21427ce00e270d713f2b52058a90c51b37a658b91ce", pack.Sha256);
        Assert.Equal("dce070063f0f798d5eed1ec1d4dfc6597052ed61516fbef034c53533e5c61649", LabelIndex.Of([pack]).Digest);
    }

    private LabelIndex Load()
    {
        Assert.True(_store.TryLoad(out LabelIndex? index, out LabelError? error, default), error?.ToString());
        return index;
    }

    private IReadOnlyList<LabelImport> Import(string path)
    {
        Assert.True(_store.TryImport([path], replace: false, out IReadOnlyList<LabelImport>? imports, out LabelError? error, default),
            error?.ToString());
        return imports;
    }

    private LabelError Refused(string[] paths)
    {
        Assert.False(_store.TryImport(paths, replace: false, out IReadOnlyList<LabelImport>? imports, out LabelError? error, default));
        Assert.Null(imports);
        return error;
    }

    private string[] UserFiles() => Directory.Exists(_store.UserDirectory)
        ? [.. Directory.GetFiles(_store.UserDirectory).Select(file => Path.GetFileName(file)).Order()]
        : [];

    private string Write(string path, string content)
    {
        string full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return full;
    }
}
