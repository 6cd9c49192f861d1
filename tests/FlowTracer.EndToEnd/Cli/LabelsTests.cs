using System.Text.Json;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>Claims about addresses: looked up, imported, and what they do to a trace.</summary>
public sealed class LabelsTests
{
    private const string CsvHeader = "chain,address,label,category,actor,confidence,source,note\n";
    private const string Blender = "15PggTG7YhJKiE6B16vkKzA1YDTZipXEX4";

    private static readonly string TagPack = $"""
        title: A hand-made pack
        creator: somebody
        label: Corner Exchange
        currency: ETH
        category: exchange
        confidence: ownership
        source: https://example.org/claims
        lastmod: 2024-01-01
        tags:
          - address: "{Record.Address(3)}"
        """ + "\n";

    [Fact]
    public async Task Lookup_shows_who_claims_what_and_what_follows()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(["labels", "lookup", Record.Pool.ToLowerInvariant()])).Expect(0);

        result.ExpectPlain();
        Assert.StartsWith($"{Record.Pool} (ethereum)\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("A trace stops here: mixer.", result.Output, StringComparison.Ordinal);
        Assert.Contains("Why: ", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"source +Tornado Cash instance configuration", result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Lookup_knows_Bitcoin_addresses()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(["labels", "lookup", Blender])).Expect(0);

        result.ExpectPlain();
        Assert.Contains($"{Blender} (bitcoin)\nBlender.io: mixer, blender-io\n", result.Output, StringComparison.Ordinal);
        // Longer than a line.
        Assert.Contains(
            "https://home.treasury.gov/policy-issues/financial-sanctions/recent-actions/20220506",
            string.Concat(result.Output.Where(static c => !char.IsWhiteSpace(c))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lookup_of_an_address_nobody_labelled_says_so()
    {
        using Program program = new();

        Assert.Contains(
            "No pack claims anything about this address.",
            (await program.RunAsync(["labels", "lookup", Record.Address(3)])).Expect(0).Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse((await program.RunAsync(["labels", "lookup", Record.Address(3), "--json"])).Expect(0).Output);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("attribution").ValueKind);
        Assert.Equal(0, json.RootElement.GetProperty("claims").GetArrayLength());
    }

    [Fact]
    public async Task Lookup_prints_json()
    {
        using Program program = new();

        using JsonDocument json = JsonDocument.Parse((await program.RunAsync(["labels", "lookup", Record.Pool, "--json"])).Expect(0).Output);

        Assert.Equal(Record.Pool, json.RootElement.GetProperty("address").GetString());
        Assert.Equal("mixer", json.RootElement.GetProperty("attribution").GetProperty("stop").GetString());
        Assert.Equal("Tornado Cash instance configuration", json.RootElement.GetProperty("claims")[0].GetProperty("source").GetString());
    }

    [Fact]
    public async Task An_imported_claim_stops_a_trace_and_changes_its_digest()
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);
        program.Folder.Write("corner.yaml", TagPack);
        string[] trace = ["trace", Record.Tx(1), "--data", "record.csv", "--json"];
        string before = (await program.RunAsync(trace)).Expect(0).Output;

        ProgramResult first = (await program.RunAsync(["labels", "import", "corner.yaml"])).Expect(0);
        ProgramResult second = (await program.RunAsync(["labels", "import", "corner.yaml"])).Expect(0);
        string after = (await program.RunAsync(trace)).Expect(0).Output;
        string lookup = (await program.RunAsync(["labels", "lookup", Record.Address(3)])).Expect(0).Output;

        Assert.Matches(@"(?m)^corner +1 +1 +0  added$", first.Output);
        Assert.Matches(@"(?m)^corner +1 +1 +0  unchanged$", second.Output);
        Assert.Contains("A trace stops here: exchange.", lookup, StringComparison.Ordinal);
        Assert.Contains("https://example.org/claims", lookup, StringComparison.Ordinal);
        Assert.Contains("pack       corner", lookup, StringComparison.Ordinal);
        // Without it three of the four ETH went on to the pool.
        Assert.Contains("mixer tornado-cash", Assert.Single(Answer.Sheets(before)).Keys);
        var sheet = Assert.Single(Answer.Sheets(after));
        Assert.Equal(4_000_000_000_000_000_000, sheet.Single(static sink => sink.Key.StartsWith("exchange", StringComparison.Ordinal)).Value);
        Assert.DoesNotContain("mixer tornado-cash", sheet.Keys);
        Assert.NotEqual(LabelsDigest(before), LabelsDigest(after));
    }

    [Fact]
    public async Task A_changed_pack_replaces_another_only_when_told()
    {
        using Program program = new();
        program.Folder.Write("corner.yaml", TagPack);
        (await program.RunAsync(["labels", "import", "corner.yaml"])).Expect(0);
        program.Folder.Write("corner.yaml", TagPack.Replace("Corner", "Other", StringComparison.Ordinal));

        (await program.RunAsync(["labels", "import", "corner.yaml"])).ExpectRefused("corner.yaml", "--replace");
        (await program.RunAsync(["labels", "import", "corner.yaml", "--replace"])).Expect(0);

        Assert.Contains("Other Exchange", (await program.RunAsync(["labels", "lookup", Record.Address(3)])).Expect(0).Output, StringComparison.Ordinal);
    }

    [SharedDataFact("labels/tagpacks")]
    public async Task A_folder_of_published_packs_is_imported_whole()
    {
        using Program program = new();
        string folder = Path.Combine(Repository.SharedData, "labels", "tagpacks");
        int files = Directory.EnumerateFiles(folder, "*.yaml").Count();

        ProgramResult first = (await program.RunAsync(["labels", "import", folder])).Expect(0);
        ProgramResult second = (await program.RunAsync(["labels", "import", folder])).Expect(0);

        first.ExpectPlain();
        Assert.Equal(files, first.Output.Split('\n').Count(static line => line.EndsWith("  added", StringComparison.Ordinal)));
        Assert.Equal(files, second.Output.Split('\n').Count(static line => line.EndsWith("  unchanged", StringComparison.Ordinal)));
        Assert.Contains("pack       blender_io", (await program.RunAsync(["labels", "lookup", Blender])).Expect(0).Output, StringComparison.Ordinal);
    }

    // Nine levels of ten references each: a billion entries when expanded.
    private static string Bomb => "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 9).Select(static i =>
        $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

    public static TheoryData<string, string, string> BadPacks => new()
    {
        { "bomb.yaml", "bomb.yaml:", Bomb },
        { "twice.yaml", "twice.yaml:2:", "title: a\ntitle: b\ntags: []\n" },
        { "deep.yaml", "deep.yaml:", "title: " + new string('[', 100_000) + "\n" },
        { "header.csv", "header.csv:1", "chain,address\n" },
        { "row.csv", "row.csv:2", CsvHeader + "ethereum,0x12,l,exchange,,,s,\n" },
        { "quote.csv", "quote.csv:2", CsvHeader + "ethereum,\"0x12\n" },
        { "empty.csv", "empty.csv", "" },
        { "text.txt", "text.txt", "hello\n" },
    };

    [Theory]
    [MemberData(nameof(BadPacks))]
    public async Task A_bad_pack_is_refused_and_nothing_is_kept(string name, string mention, string content)
    {
        using Program program = new();
        program.Folder.Write("good.yaml", TagPack);
        program.Folder.Write(name, content);

        ProgramResult result = await program.RunAsync(["labels", "import", "good.yaml", name], limit: TimeSpan.FromSeconds(30));

        result.ExpectRefused(mention);
        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Home.Path));
    }

    [Fact]
    public async Task A_broken_pack_among_the_users_own_is_named_and_no_answer_given()
    {
        using Program program = new();
        string broken = program.Home.Write("data/flowtracer/labels/broken.csv", CsvHeader + "ethereum,0x12,l,exchange,,,s,\n");

        foreach (string[] command in new string[][] { ["trace", "ronin-bridge-2022", "--out", "out"], ["labels", "list"], ["labels", "lookup", Record.Pool] })
        {
            (await program.RunAsync(command)).ExpectRefused($"{broken}:2");
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Folder.Path));
    }

    [Fact]
    public async Task A_label_that_holds_an_escape_sequence_is_refused()
    {
        using Program program = new();
        program.Folder.Write("hostile.yaml", TagPack.Replace("Corner Exchange", "\"\\e[2J\"", StringComparison.Ordinal));
        program.Folder.Write("hostile.csv", CsvHeader + $"ethereum,{Record.Address(3)},\u001b[2J,exchange,,,s,\n");

        (await program.RunAsync(["labels", "import", "hostile.yaml"])).ExpectRefused("hostile.yaml:3", "U+001B");
        (await program.RunAsync(["labels", "import", "hostile.csv"])).ExpectRefused("hostile.csv:2", "U+001B");
    }

    [Fact]
    public async Task Hostile_text_cannot_steer_the_terminal()
    {
        using Program program = new();
        program.Folder.Write("hostile.yaml", TagPack.Replace(
            "Corner Exchange", "\"evil\\r\\nnew line \\u202E\\u2066\\u200B\\uFEFF\\u061C\\u2028 end\"", StringComparison.Ordinal));
        (await program.RunAsync(["labels", "import", "hostile.yaml"])).Expect(0);
        // The source of an estimate is quoted among the assumptions.
        program.Folder.Write("record.csv", Record.ByHand.Replace(
            "recorded,by hand", "inferred,\u001b]0;gone\u0007\u001b[2J\u009b1m\u202eby hand", StringComparison.Ordinal));

        (await program.RunAsync(["labels", "lookup", Record.Address(3)])).Expect(0).ExpectPlain();
        ProgramResult trace = (await program.RunAsync(["trace", Record.Tx(1), "--data", "record.csv"])).Expect(0);
        trace.ExpectPlain();
        Assert.Contains("by hand", trace.Output, StringComparison.Ordinal);
        (await program.RunAsync(["compare", Record.Tx(1), "--data", "record.csv"])).Expect(0).ExpectPlain();
    }

    private static string? LabelsDigest(string traceJson)
    {
        using JsonDocument json = JsonDocument.Parse(traceJson);
        return json.RootElement.GetProperty("run").GetProperty("digests").GetProperty("labels").GetString();
    }
}
