using System.Text.Json;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>Traces that must stop early, and the strategies of the literature beside ours.</summary>
public sealed class BudgetTests
{
    private static readonly string[] Trace = ["trace", "ronin-bridge-2022"];
    private static readonly string[] Strategies = ["compare", "ronin-bridge-2022", "--strategies"];

    [Fact]
    public async Task It_says_how_much_is_not_followed()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync([.. Trace, "--max-requests", "20"])).Expect(0);

        result.ExpectPlain();
        Assert.Matches(@"(?m)^NOT FOLLOWED", result.Output);
        Assert.Matches(@"(?m)^It stopped after 20 requests; --max-requests 20 gives this answer again", result.Output);
        Assert.Matches(@"(?m)^cut +requests +", result.Output);
        Assert.Equal(2, result.Output.Split("residual 0").Length - 1);
    }

    [Fact]
    public async Task No_time_is_no_request_and_more_than_enough_of_either_changes_nothing()
    {
        using Program program = new();
        string none = (await program.RunAsync([.. Trace, "--json", "--max-requests", "0"])).Expect(0).Output;
        string all = (await program.RunAsync([.. Trace, "--json"])).Expect(0).Output;

        Assert.Equal(none, (await program.RunAsync([.. Trace, "--json", "--max-time", "0s"])).Expect(0).Output);
        Assert.Equal(all, (await program.RunAsync([.. Trace, "--json", "--max-time", "2h", "--max-requests", "1000"])).Expect(0).Output);
        Assert.NotEqual(none, all);
    }

    [Fact]
    public async Task What_time_stopped_is_repeated_by_the_number_it_states()
    {
        using Program program = new();
        string stopped = (await program.RunAsync([.. Trace, "--json", "--max-time", "0"])).Expect(0).Output;
        using JsonDocument json = JsonDocument.Parse(stopped);
        string requests = json.RootElement.GetProperty("certificate").GetProperty("requests").ToString();

        Assert.Equal(stopped, (await program.RunAsync([.. Trace, "--json", "--max-requests", requests])).Expect(0).Output);
    }

    [Fact]
    public async Task A_comparison_says_which_policies_it_stopped()
    {
        using Program program = new();

        string output = (await program.RunAsync(["compare", "ronin-bridge-2022", "--policies", "fifo,poison", "--max-requests", "5"])).Expect(0).Output;

        Assert.Contains("fifo stopped after 5 requests", output, StringComparison.Ordinal);
        Assert.Contains("poison stopped after 5 requests", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strategies_stand_in_one_table()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync([.. Strategies, "--max-requests", "30"])).Expect(0);

        result.ExpectPlain();
        foreach (string name in new[] { "value", "bfs", "poison", "haircut", "appr", "ttr-base", "ttr-weight", "ttr-time", "ttr-redirect" })
        {
            Assert.Matches($@"(?m)^{name} +[0-9]+ +[0-9.]+% +[0-9.]+% .* (?:30|[12]?[0-9])$", result.Output);
        }
    }

    [Fact]
    public async Task Their_json_agrees_with_the_table_s_definitions()
    {
        using Program program = new();

        using JsonDocument json = JsonDocument.Parse((await program.RunAsync([.. Strategies, "--json", "--max-requests", "1000"])).Expect(0).Output);

        // 73 known addresses less the thief's own, who holds both seeds; one of them, with 1,700 ETH, no path leads to.
        JsonElement root = json.RootElement;
        Assert.Equal(72, root.GetProperty("labelled").GetInt32());
        JsonElement ours = root.GetProperty("strategies")[0];
        Assert.Equal("value", ours.GetProperty("name").GetString());
        Assert.True(ours.GetProperty("found").GetInt32() < 72);
        Assert.Equal("ETH", root.GetProperty("labelled_value")[0].GetProperty("symbol").GetString());
    }

    [Theory]
    [InlineData("--policies has no place", "--policies", "fifo")]
    [InlineData("--amounts has no place", "--amounts")]
    [InlineData("a limit (--max-hops", "--max-hops", "3")]
    [InlineData("a limit (--max-hops", "--min-lot", "ETH=1")]
    [InlineData("--max-time has no place", "--max-time", "5s")]
    [InlineData("--backward has no place", "--backward")]
    public async Task Options_that_make_no_sense_beside_strategies(string mention, params string[] options)
    {
        using Program program = new();
        ExpectRefused((await program.RunAsync([.. Strategies, .. options])).Expect(2), mention);
    }

    [Fact]
    public async Task A_case_without_known_addresses_has_nothing_to_recall()
    {
        using Program program = new();
        program.Folder.Write("record.csv", Record.ByHand);
        ExpectRefused((await program.RunAsync(["compare", Record.Tx(1), "--data", "record.csv", "--strategies"])).Expect(2), "has none");
    }

    private static void ExpectRefused(ProgramResult result, string mention)
    {
        Assert.Empty(result.Output);
        Assert.Contains(mention, Assert.Single(result.Error.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }
}
