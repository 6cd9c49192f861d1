using System.Text.Json;

namespace FlowTracer.EndToEnd.Cli;

/// <summary>What ships, and what the program says of itself.</summary>
public sealed class CatalogueTests
{
    [Fact]
    public async Task The_catalogue_lists_and_shows_its_heists()
    {
        using Program program = new();

        ProgramResult list = (await program.RunAsync(["heists", "list"])).Expect(0);
        ProgramResult show = (await program.RunAsync(["heists", "show", "ronin-bridge-2022"])).Expect(0);

        list.ExpectPlain();
        show.ExpectPlain();
        Assert.Matches(@"(?m)^ronin-bridge-2022 +2022-03-23 +\$625,000,000  Ronin Bridge \(Axie Infinity\)$", list.Output);
        Assert.Contains($"173,600 ETH to {Record.Thief}\n  {Record.Theft}\n", show.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_catalogue_prints_json()
    {
        using Program program = new();

        using JsonDocument list = JsonDocument.Parse((await program.RunAsync(["heists", "list", "--json"])).Expect(0).Output);
        using JsonDocument show = JsonDocument.Parse((await program.RunAsync(["heists", "show", "ronin-bridge-2022", "--json"])).Expect(0).Output);

        Assert.Equal(
            ["bitfinex-2016", "ronin-bridge-2022"],
            list.RootElement.GetProperty("heists").EnumerateArray().Select(static heist => heist.GetProperty("id").GetString()));
        Assert.Equal("173600000000000000000000", show.RootElement.GetProperty("seeds")[0].GetProperty("amount").GetString());
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("trace --help")]
    [InlineData("compare --help")]
    [InlineData("heists --help")]
    [InlineData("labels import --help")]
    public async Task It_explains_itself(string command)
    {
        using Program program = new();

        ProgramResult result = (await program.RunAsync(command.Split(' '))).Expect(0);

        Assert.NotEmpty(result.Output);
        Assert.Empty(result.Error);
    }
}
