using System.IO.Compression;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>Files into a store, and traces from it.</summary>
public sealed class ImportTests
{
    private const string Header =
        "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"\n";

    private const string TokenHeader =
        "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"TokenValue\",\"USDValueDayOfTx\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"\n";

    private const string Usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";

    [Fact]
    public async Task A_record_traced_from_the_store_it_was_imported_into_gives_the_bytes_of_the_record()
    {
        using Program program = new();
        string record = program.Folder.Write("record.csv", Record.ByHand);
        using (GZipStream packed = new(File.Create(program.Folder.PathOf("record.csv.gz")), CompressionLevel.Optimal))
        {
            packed.Write(Encoding.UTF8.GetBytes(Record.ByHand));
        }

        ProgramResult added = (await program.RunAsync(["import", record, "--store", "case.db", "--json"])).Expect(0);
        ProgramResult again = (await program.RunAsync(["import", "record.csv", "--store", "case.db"])).Expect(0);
        (await program.RunAsync(["import", "record.csv.gz", "--store", "packed.db"])).Expect(0);

        Assert.Equal((7, 0), Changed(added));
        Assert.EndsWith("0 movements added, 7 known already: case.db\n", again.Output, StringComparison.Ordinal);
        again.ExpectPlain();
        string told = (await program.RunAsync(["trace", Record.Tx(1), "--data", "record.csv", "--json"])).Expect(0).Output;
        foreach (string store in new[] { "case.db", "packed.db" })
        {
            Assert.Equal(told, (await program.RunAsync(["trace", Record.Tx(1), "--store", store, "--json"])).Expect(0).Output);
        }
    }

    // One gets ten ETH from the first address, changes four of them for USDC, and the USDC goes on to address five.
    [Fact]
    public async Task Exports_of_one_address_are_traced_through_the_swap_that_only_they_together_show()
    {
        using Program program = new();
        program.Folder.Write("export.csv", Header
            + Own(Record.Tx(1), 100, 1, 2, "10", "0") + Own(Record.Tx(2), 110, 2, 3, "0", "4"));
        program.Folder.Write("export-token.csv", TokenHeader
            + Token(Record.Tx(2), 110, 3, 2, "8,000.5") + Token(Record.Tx(3), 120, 2, 5, "8,000.5"));

        (await program.RunAsync(["import", "export.csv", "export-token.csv", "--store", "case.db"])).Expect(0);
        ProgramResult trace = (await program.RunAsync(["trace", Record.Tx(1), "--asset", "ETH", "--to", Record.Address(2), "--store", "case.db", "--json"])).Expect(0);

        Assert.Equal(BigInteger.Parse("10000000000000000000", null), Assert.Single(Answer.Sheets(trace.Output)).Values.Aggregate(BigInteger.Add));
        using JsonDocument document = JsonDocument.Parse(trace.Output);
        JsonElement last = document.RootElement.GetProperty("nodes").EnumerateArray()
            .Single(static node => node.GetProperty("address").GetString() == Record.Address(5));
        // 8,000.5 USDC of six digits, which stand for 4 of the 10 ETH.
        JsonElement held = Assert.Single(last.GetProperty("holdings").EnumerateArray());
        Assert.Equal(("8000500000", "4000000000000000000"), (held.GetProperty("amount").GetString(), held.GetProperty("origin").GetString()));
    }

    [Fact]
    public async Task A_dry_run_lists_every_problem_and_an_import_refuses_with_the_first_and_writes_nothing()
    {
        using Program program = new();
        program.Folder.Write("export.csv", Header + Own(Record.Tx(1), 100, 1, 2, "1", "0") + Own(Record.Tx(2), 110, 2, 3, "x", "0") + Own("0x1", 110, 2, 3, "1", "0"));

        ProgramResult dry = (await program.RunAsync(["import", "export.csv", "--dry-run"])).Expect(2);
        ProgramResult json = (await program.RunAsync(["import", "export.csv", "--dry-run", "--json"])).Expect(2);
        ProgramResult real = await program.RunAsync(["import", "export.csv", "--store", "case.db"]);

        Assert.Contains("- export.csv:3: Value_IN(ETH) 'x'", dry.Output, StringComparison.Ordinal);
        Assert.Contains("- export.csv:4: Txhash '0x1'", dry.Output, StringComparison.Ordinal);
        dry.ExpectPlain();
        Assert.Equal(2, JsonDocument.Parse(json.Output).RootElement.GetProperty("problem_count").GetInt32());
        real.ExpectRefused("export.csv:3: Value_IN(ETH) 'x'", "(and 1 more: --dry-run lists them)");
        Assert.False(File.Exists(program.Folder.PathOf("case.db")));
    }

    [Fact]
    public async Task What_contradicts_a_store_is_refused_with_both_origins()
    {
        using Program program = new();
        program.Folder.Write("one.csv", Record.ByHand);
        program.Folder.Write("other.csv", Record.Header + Record.Row(100, 1, 1, Record.Address(2), "11000000000000000000"));

        (await program.RunAsync(["import", "one.csv", "--store", "case.db"])).Expect(0);

        (await program.RunAsync(["import", "other.csv", "--store", "case.db"])).ExpectRefused(Record.Tx(1), "file one.csv", "file other.csv");
    }

    [Theory]
    [InlineData("'gone.csv'", "gone.csv")]
    [InlineData("--format 'xls'", "one.csv", "--format", "xls")]
    [InlineData("--chain 'solana'", "one.csv", "--chain", "solana")]
    [InlineData("--decimals 'x'", "one.csv", "--decimals", "x")]
    [InlineData("'files'")]
    public async Task What_cannot_be_used_is_refused(string mention, params string[] arguments)
    {
        using Program program = new();
        program.Folder.Write("one.csv", Record.ByHand);
        (await program.RunAsync(["import", .. arguments, "--store", "case.db"])).ExpectRefused(mention);
    }

    private static (long Added, long Known) Changed(ProgramResult result)
    {
        using JsonDocument document = JsonDocument.Parse(result.Output);
        return (document.RootElement.GetProperty("added").GetInt64(), document.RootElement.GetProperty("known").GetInt64());
    }

    private static string Own(string tx, int block, int from, int to, string received, string given) =>
        $"\"{tx}\",\"{block}\",\"{1_704_000_000 + block}\",\"x\",\"{Record.Address(from)}\",\"{Record.Address(to)}\",\"\",\"{received}\",\"{given}\",\"0\",\"0\",\"0\",\"0\",\"\",\"\",\"Transfer\"\n";

    private static string Token(string tx, int block, int from, int to, string amount) =>
        $"\"{tx}\",\"{block}\",\"{1_704_000_000 + block}\",\"x\",\"{Record.Address(from)}\",\"{Record.Address(to)}\",\"{amount}\",\"0\",\"{Usdc}\",\"USD Coin\",\"USDC\"\n";
}
