using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.App.Stores;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Bitcoin;
using FlowTracer.EndToEnd.Stores;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>Imports that take several loads, and records of a real chain.</summary>
public sealed class ImportStoreTests(BitcoinTheft told) : IClassFixture<BitcoinTheft>
{
    // Killed after a time that grows from run to run: 110,000 rows are three loads. Once a run comes through, a new store is begun.
    [Fact]
    public async Task Killed_again_and_again_an_import_ends_with_the_facts_of_an_undisturbed_one()
    {
        const int rows = 110_000;
        using Program program = new();
        string file = program.Folder.Write("record.csv", Record.Header + string.Concat(Enumerable.Range(0, rows).Select(Row)));
        Stopwatch clock = Stopwatch.StartNew();
        (await program.RunAsync(["import", "record.csv", "--store", "whole.db"])).Expect(0);
        TimeSpan whole = clock.Elapsed;
        const int kills = 6;
        int killed = 0;
        int unfinished = 0;
        for (int i = 1; i <= kills; i++)
        {
            if (await program.KilledAsync(whole * i / kills, "import", "record.csv", "--store", "killed.db"))
            {
                killed++;
            }
            else if (i < kills)
            {
                Array.ForEach(Directory.GetFiles(program.Folder.Path, "killed.db*"), File.Delete);
            }

            if (File.Exists(program.Folder.PathOf("killed.db")))
            {
                ProgramResult trace = await program.RunAsync(["trace", Tx(0), "--store", "killed.db", "--max-hops", "9", "--json"]);
                unfinished += trace.Error.Contains("was not finished", StringComparison.Ordinal) ? 1 : 0;
                Assert.True(
                    trace.ExitCode == 0 || trace.Error.Contains("nothing", StringComparison.Ordinal) || trace.Error.Contains("was not finished", StringComparison.Ordinal),
                    trace.Error);
            }
        }

        Assert.True(killed > 1 && unfinished > 0, $"killed {killed} times, {unfinished} times in the middle");
        (await program.RunAsync(["import", "record.csv", "--store", "killed.db"])).Expect(0);
        await using IFlowStore one = await StoreOpener.OpenAsync(program.Folder.PathOf("whole.db"), create: false, CancellationToken.None);
        await using IFlowStore other = await StoreOpener.OpenAsync(program.Folder.PathOf("killed.db"), create: false, CancellationToken.None);
        IReadOnlyList<Movement> movements = TransfersCsv.Read(await File.ReadAllBytesAsync(file), file);
        Assert.Equal(rows, movements.Count);
        await StoreAnswers.AssertSameStoresAsync(one, other, movements, every: 97);
        string[] last = ["trace", Tx(rows - 50), "--json", "--store"];
        Assert.Equal((await program.RunAsync([.. last, "whole.db"])).Expect(0).Output, (await program.RunAsync([.. last, "killed.db"])).Expect(0).Output);
    }

    // The thief's 7 BTC: 0.5, 0.7, 1.1 and 0.2 are peeled off for 0.0001 each, and 4.4996 are left, of which these lines say no more.
    [BcoinFact]
    public async Task Transactions_of_an_explorer_are_traced_from_the_store_they_were_imported_into()
    {
        using HttpClient http = new();
        List<string> lines = [];
        foreach (TestTx tx in (TestTx[])[told.Theft, .. told.Peels])
        {
            lines.Add(await http.GetStringAsync(new Uri($"{told.Sources["esplora"].TrimEnd('/')}/tx/{tx.Id}")));
        }

        // In no order, and one of them twice.
        lines.Reverse();
        lines.Add(lines[1]);
        using Program program = new();
        program.Folder.Write("transactions.jsonl", string.Join('\n', lines.Select(static line => line.ReplaceLineEndings(" "))) + "\n");

        (await program.RunAsync(["import", "transactions.jsonl", "--chain", "bitcoin-regtest", "--store", "case.db"])).Expect(0);
        ProgramResult trace = (await program.RunAsync(
            ["trace", $"{told.Theft.Id}:0", "--chain", "bitcoin-regtest", "--store", "case.db", "--json"])).Expect(0);

        Assert.Equal(
            new Dictionary<string, BigInteger> { ["edge"] = 699_960_000, ["fee"] = 40_000 }.OrderBy(static sink => sink.Key),
            Assert.Single(Answer.Sheets(trace.Output)).OrderBy(static sink => sink.Key));
        Assert.All(
            (string[])["50000000", "70000000", "110000000", "20000000", "449960000"],
            sats => Assert.Contains($"\"amount\": \"{sats}\"", trace.Output, StringComparison.Ordinal));
        (await program.RunAsync(["store", "check", "--store", "case.db"])).Expect(0);
    }

    // Account n pays one ETH to account n + 1 in block n, in a transaction whose hash is as scattered as any.
    private static string Row(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $"ethereum,{number},,{DateTimeOffset.FromUnixTimeSeconds(1_600_000_000 + (12L * number)):yyyy-MM-ddTHH:mm:ssZ},{Tx(number)},0,,external,0x{number + 1:x40},0x{number + 2:x40},ETH,1000000000000000000,recorded,made up,\n");

    private static string Tx(int number) =>
        $"0x{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))))}";
}
