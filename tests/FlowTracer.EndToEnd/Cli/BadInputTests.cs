using System.Text;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>What cannot be used is refused in one line that says where and what, and nothing is written.</summary>
public sealed class BadInputTests
{
    private static readonly string Good = Record.Row(100, 1, 1, Record.Address(2), "5");

    // What the line must mention, then the command line.
    public static TheoryData<string, string[]> CommandLines => new()
    {
        { "--help", [] },
        { "'nonsense'", ["nonsense"] },
        { "'nonsense'", ["labels", "nonsense"] },
        { "heists --help", ["heists"] },
        { "'subject'", ["trace"] },
        { "'address'", ["labels", "lookup"] },
        { "'files'", ["labels", "import"] },
        { "'--bogus'", ["trace", "ronin-bridge-2022", "--bogus"] },
        { "'extra'", ["trace", "ronin-bridge-2022", "extra"] },
        { "'--policy'", ["trace", "ronin-bridge-2022", "--policy", "fifo", "--policy", "lifo"] },
        { "'--max-hops'", ["trace", "ronin-bridge-2022", "--max-hops"] },
        { "--max-hops '0'", ["trace", "ronin-bridge-2022", "--max-hops", "0"] },
        { "--max-hops '-1'", ["trace", "ronin-bridge-2022", "--max-hops", "-1"] },
        { "--max-hops 'abc'", ["trace", "ronin-bridge-2022", "--max-hops", "abc"] },
        { "--max-addresses '1.5'", ["trace", "ronin-bridge-2022", "--max-addresses", "1.5"] },
        { "--max-degree '99999999999'", ["trace", "ronin-bridge-2022", "--max-degree", "99999999999"] },
        { "--max-requests '-1'", ["trace", "ronin-bridge-2022", "--max-requests", "-1"] },
        { "--max-requests 'many'", ["compare", "ronin-bridge-2022", "--max-requests", "many"] },
        { "--max-time '5d': expected a time like 30s, 5m or 2h", ["trace", "ronin-bridge-2022", "--max-time", "5d"] },
        { "--max-time ''", ["trace", "ronin-bridge-2022", "--max-time", ""] },
        { "'ronin': the catalogue has bitfinex-2016, ronin-bridge-2022", ["trace", "ronin"] },
        { "unknown heist ''", ["trace", ""] },
        { "'@args.txt'", ["trace", "@args.txt"] },
        { "'../../secret'", ["heists", "show", "../../secret"] },
        { "'a?b?[31m'", ["trace", "a\nb\u001b[31m"] },
        { "not 2", ["trace", "0x12"] },
        { "'0x098B716B8Aaf21512996dC57EB0615e2383E2f9z'", ["trace", "0x098B716B8Aaf21512996dC57EB0615e2383E2f9z"] },
        { "0x098B716B8Aaf21512996dC57EB0615e2383E2f69", ["trace", "0x098B716B8Aaf21512996dC57EB0615e2383E2f69"] },
        { "transaction '0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b", ["trace", "0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b"] },
        { "--data", ["trace", Record.Thief] },
        { "'fif0'", ["trace", "ronin-bridge-2022", "--policy", "fif0"] },
        { "'fif0'", ["compare", "ronin-bridge-2022", "--policies", "lifo,fif0"] },
        { "--policies", ["compare", "ronin-bridge-2022", "--policies", ","] },
        { "'xml'", ["trace", "ronin-bridge-2022", "--format", "json,xml"] },
        { "--until 'soon'", ["trace", "ronin-bridge-2022", "--until", "soon"] },
        { "--until '2022-02-30'", ["trace", "ronin-bridge-2022", "--until", "2022-02-30"] },
        { "--until leaves out the seed", ["trace", "ronin-bridge-2022", "--until", "1"] },
        { "--from", ["trace", "ronin-bridge-2022", "--from", "1"] },
        { "--asset", ["trace", "ronin-bridge-2022", "--asset", "ETH"] },
        { "--chain 'solana'", ["trace", "ronin-bridge-2022", "--chain", "solana"] },
        { "'gone.csv'", ["trace", Record.Thief, "--data", "gone.csv"] },
        { "'/'", ["trace", Record.Thief, "--data", "/"] },
        { "address 'x'", ["labels", "lookup", "x"] },
    };

    public static TheoryData<string, string[]> Narrowings => new()
    {
        { "--amount '0'", ["--amount", "0"] },
        { "--amount '-1'", ["--amount", "-1"] },
        { "--amount '1e3'", ["--amount", "1e3"] },
        { "--amount '0.0000000000000000001': ETH has 18 digits", ["--amount", "0.0000000000000000001"] },
        { "at most 10 ETH", ["--amount", "10.000000000000000001"] },
        { "--min-lot 'nonsense'", ["--min-lot", "nonsense"] },
        { "--min-lot 'USDC=1'", ["--min-lot", "USDC=1"] },
        { "--min-lot 'x'", ["--min-lot", "ETH=x"] },
        { "--asset 'USDC'", ["--asset", "USDC"] },
        { "--to 'x'", ["--to", "x"] },
        { "fits --to", ["--to", Record.Address(9)] },
    };

    // What the line must mention behind the file's name, then the file.
    public static TheoryData<string, string> Records => new()
    {
        { "record.csv:1: the file is empty", "" },
        { "record.csv:1: column 'note' is missing", Record.Header.Replace(",note", "", StringComparison.Ordinal) },
        { "record.csv:1: unknown column 'nota'", Record.Header.Replace("note", "nota", StringComparison.Ordinal) },
        { "record.csv:1: column 'note' appears twice", Record.Header.Replace("source", "note", StringComparison.Ordinal) },
        { "record.csv:3: amount '-1'", Record.Header + Good + Record.Row(101, 2, 1, Record.Address(2), "-1") },
        { "record.csv:3: amount '1.5'", Record.Header + Good + Record.Row(101, 2, 1, Record.Address(2), "1.5") },
        { "record.csv:3: amount ''", Record.Header + Good + Record.Row(101, 2, 1, Record.Address(2), "") },
        // 2^256
        { "record.csv:3: amount '1157920892373161954235709850086879078532699846656405640394575840079131", Record.Header + Good + Record.Row(101, 2, 1, Record.Address(2), "115792089237316195423570985008687907853269984665640564039457584007913129639936") },
        { "record.csv:3: ", Record.Header + Good + Record.Row(99, 2, 1, Record.Address(2), "1") },
        { "record.csv:3: the last line has no line end", (Record.Header + Good + Good)[..^9] },
        { "record.csv:2: to ", Record.Header + Record.Row(100, 1, 1, Record.Thief[..^2] + "69", "5") },
        { "record.csv:2: not valid CSV", Record.Header + "ethereum,\"1\n" },
    };

    [Theory]
    [MemberData(nameof(CommandLines))]
    public async Task A_command_line_that_cannot_be_used(string mention, string[] arguments)
    {
        using Program program = new();
        program.Folder.Write("args.txt", "ronin-bridge-2022");

        bool exports = arguments.Length > 1 && arguments[0] == "trace" && arguments[^1] != "--max-hops";
        await ExpectRefusedAsync(program, [mention], exports ? [.. arguments, "--out", "out"] : arguments);
    }

    [Theory]
    [MemberData(nameof(Narrowings))]
    public async Task A_seed_or_limit_that_cannot_be(string mention, string[] options)
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);

        await ExpectRefusedAsync(program, [mention], ["trace", Record.Tx(1), "--data", "record.csv", "--out", "out", .. options]);
    }

    [Fact]
    public async Task More_than_an_address_ever_had()
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);

        await ExpectRefusedAsync(
            program, ["--amount '11'", "only 10 ETH"], ["trace", Record.Address(2), "--data", "record.csv", "--amount", "11", "--out", "out"]);
    }

    [Theory]
    [MemberData(nameof(Records))]
    public async Task A_record_that_is_not_whole_or_not_right(string mention, string content)
    {
        using Program program = new();
        program.Folder.Write("record.csv", content);

        await ExpectRefusedAsync(program, [mention], ["trace", Record.Address(2), "--data", "record.csv", "--out", "out"]);
    }

    [Fact]
    public async Task A_bad_record_on_standard_input()
    {
        using Program program = new();
        string content = Record.Header + Good + Record.Row(101, 2, 1, Record.Address(2), "-1");

        ProgramResult result = await program.RunAsync(["trace", Record.Address(2), "--data", "-", "--out", "out"], content);

        result.ExpectRefused("standard input:3: amount '-1'");
        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Folder.Path));
    }

    [Fact]
    public async Task A_record_that_is_no_text()
    {
        using Program program = new();
        await File.WriteAllBytesAsync(program.Folder.PathOf("a.png"), [0x89, .. "PNG\r\n\u001a\n\0\0\0\rIHDR"u8]);
        await File.WriteAllTextAsync(program.Folder.PathOf("utf-16.csv"), Record.ByHand, Encoding.Unicode);
        await File.WriteAllTextAsync(program.Folder.PathOf("zeros.csv"), Record.Header + "\0\n");

        await ExpectRefusedAsync(program, ["a.png: not UTF-8 text"], ["trace", Record.Thief, "--data", "a.png", "--out", "out"]);
        await ExpectRefusedAsync(program, ["utf-16.csv: not UTF-8 text"], ["trace", Record.Thief, "--data", "utf-16.csv", "--out", "out"]);
        await ExpectRefusedAsync(program, ["zeros.csv: not text"], ["trace", Record.Thief, "--data", "zeros.csv", "--out", "out"]);
    }

    [Fact]
    public async Task A_place_to_write_that_is_none()
    {
        using Program program = new();
        string file = program.Folder.Write("file", "mine");

        (await program.RunAsync(["trace", "ronin-bridge-2022", "--out", "file"])).ExpectRefused("cannot write to file");
        (await program.RunAsync(["trace", "ronin-bridge-2022", "--out", "file/in"])).ExpectRefused("cannot write to file/in");
        (await program.RunAsync(["trace", "ronin-bridge-2022", "--out", ""])).ExpectRefused("--out names no folder");
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
        Assert.Single(Directory.EnumerateFileSystemEntries(program.Folder.Path));
    }

    private static async Task ExpectRefusedAsync(Program program, string[] mentions, string[] arguments)
    {
        string[] before = [.. Directory.EnumerateFileSystemEntries(program.Folder.Path)];

        (await program.RunAsync(arguments)).ExpectRefused(mentions);

        Assert.Equal(before.Order(), Directory.EnumerateFileSystemEntries(program.Folder.Path).Order());
        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Home.Path));
    }
}
