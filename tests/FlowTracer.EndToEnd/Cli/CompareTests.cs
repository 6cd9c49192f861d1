using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>Several policies in one table.</summary>
public sealed class CompareTests
{
    private static readonly string[] Compare = ["compare", "ronin-bridge-2022", "--policies", "fifo,lifo,pifo,libr,haircut,poison"];

    // Base units that reach the pool; agreed on by the engine and the slow reference of the other test project.
    private static readonly string[][] AtTornadoCash =
    [
        ["164930043970000000000000", "171112587199178156984950", "164930043970000000000000", "164931098327540913275450", "165248098412601647970733"],
        ["25219856095991", "6801243995743", "25223009248027", "25219360950769", "24272803806696"],
    ];

    [Fact]
    public async Task It_prints_one_table_that_fits()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(Compare)).Expect(0);

        result.ExpectPlain();

        // Poison reaches 48 known depositors less the one that no recorded transfer funds.
        Assert.Matches(@"(?m)^ +fifo +lifo +pifo +libr +haircut +poison +spread$", result.Output);
        Assert.Matches(@"(?m)^ mixer tornado-cash +95\.00% +98\.56% +95\.00% +95\.00% +95\.18% +@47 +6,182$", result.Output);
        Assert.Matches(@"(?m)^ mixer tornado-cash +98\.90% +26\.67% +98\.91% +98\.89% +95\.18% +@47 +18,421,765$", result.Output);
    }

    [Fact]
    public async Task Its_json_has_the_exact_figures_and_the_spread_of_each_row()
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync([.. Compare, "--json"])).Expect(0);

        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement[] seeds = [.. document.RootElement.GetProperty("seeds").EnumerateArray()];
        Assert.Equal(2, seeds.Length);
        for (int seed = 0; seed < seeds.Length; seed++)
        {
            foreach (JsonElement row in seeds[seed].GetProperty("sinks").EnumerateArray())
            {
                // Poison is the last and takes no part; a policy without that sink puts nothing there.
                BigInteger[] amounts = [.. row.GetProperty("cells").EnumerateArray().Take(5).Select(AmountOf)];
                Assert.Equal((amounts.Max() - amounts.Min()).ToString(CultureInfo.InvariantCulture), row.GetProperty("spread").GetString());
                if (row.GetProperty("name").GetString() == "tornado-cash")
                {
                    Assert.Equal(AtTornadoCash[seed], amounts.Select(static amount => amount.ToString(CultureInfo.InvariantCulture)));
                }
            }
        }
    }

    [Fact]
    public async Task Compare_and_trace_agree()
    {
        using Program program = new();
        using JsonDocument compared = JsonDocument.Parse((await program.RunAsync(["compare", "ronin-bridge-2022", "--policies", "haircut", "--json"])).Expect(0).Output);
        var traced = Answer.Sheets((await program.RunAsync(["trace", "ronin-bridge-2022", "--policy", "haircut", "--json"])).Expect(0).Output);

        JsonElement[] seeds = [.. compared.RootElement.GetProperty("seeds").EnumerateArray()];
        for (int seed = 0; seed < 2; seed++)
        {
            Assert.Equal(
                traced[seed].Values.Order(),
                seeds[seed].GetProperty("sinks").EnumerateArray().Select(static row => AmountOf(row.GetProperty("cells")[0])).Order());
        }
    }

    private static BigInteger AmountOf(JsonElement cell) =>
        cell.ValueKind == JsonValueKind.Null ? 0 : BigInteger.Parse(cell.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture);
}
