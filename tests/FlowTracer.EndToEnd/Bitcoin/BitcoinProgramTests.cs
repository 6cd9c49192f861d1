using System.Text.Json;
using FlowTracer.EndToEnd.Ethereum;

namespace FlowTracer.EndToEnd.Bitcoin;

/// <summary>The program on Bitcoin, as a user runs it.</summary>
public sealed class BitcoinProgramTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    private const string Nobody = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";

    [BcoinFact]
    public async Task A_theft_is_traced_and_shown()
    {
        using LiveProgram program = new();
        ProgramResult result = (await program.RunAsync(Trace(program, told.Sources["files"]))).Expect(0);
        Assert.Contains("mixer   CoinJoin (JoinMarket)", result.Output, StringComparison.Ordinal);
        Assert.Contains("residual 0", result.Output, StringComparison.Ordinal);
        Assert.Contains("peel chain of 4 steps: 7 BTC", result.Output, StringComparison.Ordinal);
        foreach (TestTx peel in told.Peels)
        {
            Assert.Contains(peel.Outputs[0].Owner!.Address, result.Output, StringComparison.Ordinal);
        }
    }

    [BcoinFact]
    public async Task Every_kind_of_source_says_what_it_is()
    {
        using LiveProgram program = new();
        string[] kinds = ["bitcoin-node", "esplora", "electrum", "block-files"];
        ProgramResult result = (await program.RunAsync(["sources", "check", .. told.Sources.Values, "--json"])).Expect(0);
        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement[] reports = [.. document.RootElement.GetProperty("sources").EnumerateArray()];
        Assert.Equal(kinds, reports.Select(static report => report.GetProperty("kind").GetString()));
        Assert.All(reports, report =>
        {
            Assert.Equal("bitcoin-regtest", report.GetProperty("chain").GetString());
            Assert.Equal(told.Chain.Height, report.GetProperty("newest_block").GetInt32());
            Assert.NotEmpty(report.GetProperty("method").GetString()!);
        });

        // And in words.
        result = (await program.RunAsync(["sources", "check", .. told.Sources.Values])).Expect(0);
        Assert.All(new[] { "Bitcoin Core (", "Esplora", "Electrum", "block files" }, kind => Assert.Contains(kind, result.Output, StringComparison.Ordinal));
        Assert.DoesNotContain(BcoinNode.Password, result.Output + result.Error, StringComparison.Ordinal);
    }

    [BcoinFact]
    public async Task No_password_is_printed_exported_or_kept()
    {
        using LiveProgram program = new();
        string folder = program.Program.Folder.PathOf("out");
        ProgramResult result = (await program.RunAsync(
            [.. Trace(program, told.Sources["node"]), "--out", folder, "--format", "json,graphml,gexf,csv,dot"])).Expect(0);
        string written = string.Concat(Directory.GetFiles(folder).Select(File.ReadAllText));
        Assert.Contains(told.Merge.Id, written, StringComparison.Ordinal);
        Assert.DoesNotContain(BcoinNode.Password, result.Output + result.Error + written + program.EverythingKept(), StringComparison.Ordinal);
    }

    // A folder that another machine copied, or one that must not be written to, is enough to repeat a trace.
    [BcoinFact]
    public async Task A_trace_is_repeated_from_answers_that_cannot_be_written_to()
    {
        using LiveProgram program = new();
        ProgramResult first = (await program.RunAsync([.. Trace(program, told.Sources["esplora"]), "--json"])).Expect(0);
        foreach (string file in program.Kept)
        {
            File.SetAttributes(file, FileAttributes.ReadOnly);
        }

        DateTime[] written = [.. program.Kept.Select(File.GetLastWriteTimeUtc)];
        ProgramResult again = (await program.RunAsync([.. Trace(program, told.Sources["esplora"]), "--json", "--offline"])).Expect(0);
        Assert.Equal(first.Output, again.Output);
        Assert.Equal(written, program.Kept.Select(File.GetLastWriteTimeUtc));
    }

    public static TheoryData<int, string, string> CommandLines => new()
    {
        { 2, "has no output 9", "THEFT:9 --source FILES --chain bitcoin-regtest" },
        { 2, "expected the output's index", "THEFT:x --source FILES --chain bitcoin-regtest" },
        { 2, "is not in", new string('0', 63) + "1 --source FILES --chain bitcoin-regtest" },
        { 2, "hexadecimal digits, not 62", new string('0', 62) + " --source FILES --chain bitcoin-regtest" },
        { 2, "begins with 0x, and nothing on bitcoin does", "0xabc --source FILES --chain bitcoin" },
        { 2, "on bitcoin-regtest, and the trace is on bitcoin", "THEFT:0 --source FILES" },
        { 2, "on bitcoin-regtest, and the trace is on bitcoin", "THEFT:0 --source NODE" },
        { 2, "is a source of Bitcoin", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source FILES" },
        { 2, "is a source of Bitcoin", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source ELECTRUM" },
        { 2, "neither an Ethereum node nor an explorer", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source NODE" },
        { 2, "--follow-fees is for Bitcoin", "0x098B716B8Aaf21512996dC57EB0615e2383E2f96 --source NODE --follow-fees" },
        { 2, "--allow-contract is for Ethereum", "THEFT:0 --source FILES --chain bitcoin-regtest --allow-contract" },
        { 2, "coinjoin-wasabi-1", "THEFT:0 --source FILES --chain bitcoin-regtest --heuristics coinjoins" },
        { 2, "has blocks up to", "THEFT:0 --source FILES --chain bitcoin-regtest --as-of 99999" },
        { 2, "looks no further than block", "THEFT:0 --source FILES --chain bitcoin-regtest --as-of 5" },
        { 2, "is not in", Nobody + " --source FILES --chain bitcoin-regtest" },
        { 2, "needs facts", "THEFT:0" },
        { 2, "give a live source with --source", "bitfinex-2016" },
        { 2, "expected ethereum, bitcoin", "THEFT:0 --source FILES --chain litecoin" },
        { 2, "there is no block file", "THEFT:0 --source EMPTY --chain bitcoin-regtest" },
        { 2, "there is no source", "THEFT:0 --source nowhere --chain bitcoin-regtest" },
        { 3, "index", "ADDRESS --source PLAIN --chain bitcoin-regtest" },
    };

    [BcoinTheory]
    [MemberData(nameof(CommandLines))]
    public async Task Command_lines_that_cannot_be_used(int code, string mention, string line)
    {
        using LiveProgram program = new();
        program.Set("Reach__MostScannedBlocks", "50");
        using TemporaryFolder empty = new();
        string[] arguments = [.. line.Split(' ').Select(word => word
            .Replace("THEFT", told.Theft.Id, StringComparison.Ordinal)
            .Replace("ADDRESS", told.Theft.Outputs[0].Owner!.Address, StringComparison.Ordinal)
            .Replace("FILES", told.Sources["files"], StringComparison.Ordinal)
            .Replace("NODE", told.Sources["node"], StringComparison.Ordinal)
            .Replace("PLAIN", told.Sources["node"], StringComparison.Ordinal)
            .Replace("ELECTRUM", told.Sources["electrum"], StringComparison.Ordinal)
            .Replace("EMPTY", empty.Path, StringComparison.Ordinal))];
        string[] confirmations = line.Contains("--source", StringComparison.Ordinal) && !line.Contains("--as-of", StringComparison.Ordinal)
            ? ["--confirmations", "0"] : [];
        ProgramResult result = await program.RunAsync(["trace", .. arguments, .. confirmations]);
        result.ExpectLine(code, mention);
        Assert.DoesNotContain(BcoinNode.Password, result.Error, StringComparison.Ordinal);
    }

    private string[] Trace(LiveProgram program, string source) =>
    [
        "trace", $"{told.Theft.Id}:0", "--chain", "bitcoin-regtest", "--source", source, "--confirmations", "0", "--cache", program.Cache,
    ];
}
