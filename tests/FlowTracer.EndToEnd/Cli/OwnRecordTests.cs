using System.Globalization;
using System.Numerics;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>An address or a transaction, traced in a record of the user's own, narrowed and limited.</summary>
public sealed class OwnRecordTests
{
    // Of ten ETH, three reach the pool; the others rest where nobody recorded what came next.
    public static TheoryData<string, string> Limited => new()
    {
        { "", "mixer tornado-cash 3; edge 7" },
        { "--max-hops 2", "mixer tornado-cash 3; edge 7" },
        { "--max-hops 1", "edge 6.8; cut hops 3.2" },
        { "--max-addresses 2", "edge 6.5; cut addresses 3.5" },
        { "--max-degree 1", "mixer tornado-cash 3; edge 6.5; cut degree 0.5" },
        { "--min-lot ETH=1", "mixer tornado-cash 3; edge 6.5; cut smallest-lot 0.5" },
        { "--until 125", "edge 1; cut time-window 9" },
        { "--until 2024-01-03T13:00:00Z", "edge 1; cut time-window 9" },
        { "--amount 4.5", "mixer tornado-cash 3; edge 1.5" },
        { "--asset ETH --to 0x2222222222222222222222222222222222222222 --amount 10", "mixer tornado-cash 3; edge 7" },
    };

    [Theory]
    [MemberData(nameof(Limited))]
    public async Task What_a_limit_cuts_is_a_row_and_the_sheet_still_adds_up(string options, string expected)
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);
        string[] command = ["trace", Record.Tx(1), "--data", "record.csv", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        Dictionary<string, BigInteger> sheet = Assert.Single(Answer.Sheets((await program.RunAsync([.. command, "--json"])).Expect(0).Output));
        ProgramResult text = (await program.RunAsync(command)).Expect(0);

        Assert.Equal(Wei(expected), sheet);
        text.ExpectPlain();
        Assert.Equal(expected.Contains("cut", StringComparison.Ordinal), text.Output.Contains("cut: a limit", StringComparison.Ordinal));
        bool isLimited = options.StartsWith("--m", StringComparison.Ordinal) || options.StartsWith("--until", StringComparison.Ordinal);
        Assert.Equal(isLimited, text.Output.Contains("Limits: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_is_traced_from_a_place_on()
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);

        foreach (string from in new[] { "101", "2024-01-02" })
        {
            ProgramResult result = await program.RunAsync(["trace", Record.Address(2), "--data", "record.csv", "--from", from, "--json"]);

            // What it had received before is what it has there.
            Assert.Equal(Wei("mixer tornado-cash 3; edge 7"), Assert.Single(Answer.Sheets(result.Expect(0).Output)));
        }
    }

    [Fact]
    public async Task Backward_says_where_it_came_from()
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);
        string[] command = ["trace", Record.Tx(5), "--data", "record.csv", "--backward"];

        ProgramResult text = (await program.RunAsync(command)).Expect(0);
        ProgramResult json = (await program.RunAsync([.. command, "--json"])).Expect(0);

        Assert.Equal(Wei("edge 3"), Assert.Single(Answer.Sheets(json.Output)));
        Assert.Contains("where the money came from", text.Output, StringComparison.Ordinal);
        Assert.Contains(Record.Address(1), text.Output, StringComparison.Ordinal);
        Assert.Contains("earlier history not recorded", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("later", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("still hold", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_on_standard_input_gives_the_answer_of_the_file()
    {
        using Program program = new();
        string[] command = ["trace", Record.Theft, "--to", Record.Thief, "--asset", "ETH", "--json", "--data"];

        ProgramResult file = await program.RunAsync([.. command, Record.Ronin]);
        ProgramResult input = await program.RunAsync([.. command, "-"], await File.ReadAllTextAsync(Record.Ronin));

        Assert.Equal(file.Expect(0).OutputBytes, input.Expect(0).OutputBytes);
        Dictionary<string, BigInteger> sheet = Assert.Single(Answer.Sheets(file.Output));
        Assert.Equal(BigInteger.Parse("164930043970000000000000", CultureInfo.InvariantCulture), sheet["mixer tornado-cash"]);
    }

    [Fact]
    public async Task A_heist_can_be_traced_in_another_copy_of_its_record()
    {
        using Program program = new();

        ProgramResult own = await program.RunAsync(["trace", "ronin-bridge-2022", "--data", Record.Ronin, "--json"]);
        ProgramResult shipped = await program.RunAsync(["trace", "ronin-bridge-2022", "--json"]);

        Assert.Equal(shipped.Expect(0).OutputBytes, own.Expect(0).OutputBytes);
    }

    [Fact]
    public async Task An_address_of_the_shipped_record_adds_up_too()
    {
        using Program program = new();

        ProgramResult result = await program.RunAsync(["trace", Record.Thief, "--data", Record.Ronin, "--max-hops", "3", "--max-addresses", "20", "--json"]);

        Assert.Equal(2, Answer.Sheets(result.Expect(0).Output).Length);
    }

    private static Dictionary<string, BigInteger> Wei(string sinks) => sinks.Split("; ").ToDictionary(
        static sink => sink[..sink.LastIndexOf(' ')],
        static sink => new BigInteger(decimal.Parse(sink[(sink.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture) * 1_000_000_000_000_000_000m));
}
