using System.Text.Json;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>What cannot be a source, or not one for this trace, is refused in one line, and no key is ever repeated.</summary>
public sealed class BadSourceTests(SmallChain small) : IClassFixture<SmallChain>
{
    private const string Secret = "sEcReTkEy0123456789";

    private string Node => small.Node.Url.ToString();

    private Scenario Hops => small.Told["plain hops"];

    [AnvilFact]
    public async Task Sources_that_are_none()
    {
        using LiveProgram program = new();
        await using LoopbackServer page = new((_, _) => Task.FromResult(HttpAnswer.Text(200, "<html>Welcome</html>", "text/html")));
        await using LoopbackServer json = new((_, _) => Task.FromResult(HttpAnswer.Text(200, """{"hello":"world"}""")));
        await using LoopbackServer missing = new((_, _) => Task.FromResult(HttpAnswer.Text(404, "Not Found", "text/plain")));
        await using LoopbackServer bitcoin = new((_, _) => Task.FromResult(HttpAnswer.Text(
            404, """{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}""")));
        await using LoopbackServer closed = new((_, _) => Task.FromResult(HttpAnswer.Text(401, "Unauthorized", "text/plain")));
        foreach (LoopbackServer server in new[] { page, json, missing, bitcoin })
        {
            (await program.RunAsync(program.Trace(Hops.Theft, server.Url)))
                .ExpectLine(2, $"http://{server.Url.Authority} is neither an Ethereum node nor an explorer");
        }

        (await program.RunAsync(program.Trace(Hops.Theft, closed.Url))).ExpectLine(3, $"http://{closed.Url.Authority}", "eth_chainId", "check the key");
        Uri nobody;
        await using (LoopbackServer gone = new((_, _) => Task.FromResult(HttpAnswer.Text(200, "{}"))))
        {
            nobody = gone.Url;
        }

        (await program.RunAsync(program.Trace(Hops.Theft, nobody)))
            .ExpectLine(3, $"http://{nobody.Authority}", "eth_chainId", "refused the connection", "check the address");
    }

    public static TheoryData<int, string, string> CommandLines => new()
    {
        { 2, "http:// or https://, not ftp://", "--source ftp://127.0.0.1/" },
        { 2, "names a host", "--source http://" },
        { 2, "a port from 1 to 65535", "--source http://127.0.0.1:99999" },
        { 2, "there is no source 'nonsense'", "--source nonsense" },
        { 2, "the trace is on ethereum-5", "--source NODE --chain ethereum-5" },
        { 2, "give --source twice", "--source NODE --cross-check" },
        { 2, "--offline asks nobody", "--source NODE --offline --refresh" },
        { 2, "--offline asks nobody", "--source NODE --source NODE --offline --cross-check" },
        { 2, "give one of them", "--source NODE --data x.csv" },
        { 2, "give one of them", "--source NODE --as-of 1 --confirmations 1" },
        { 2, "--offline is about live sources", "--offline" },
        { 2, "block 99999 is not there yet", "--source NODE --as-of 99999" },
        { 2, "--as-of 'x'", "--source NODE --as-of x" },
        { 2, "--confirmations '-1'", "--source NODE --confirmations -1" },
        { 2, "looks no further than block 0", "--source NODE --confirmations 9999" },
        { 2, "looks no further than block 1", "--source NODE --as-of 1" },
    };

    [AnvilTheory]
    [MemberData(nameof(CommandLines))]
    public async Task Command_lines_that_cannot_be_used(int code, string mention, string options)
    {
        using LiveProgram program = new();

        string[] more = [.. options.Split(' ').Select(option => option.Replace("NODE", Node, StringComparison.Ordinal))];
        (await program.RunAsync(["trace", Hops.Theft.Transaction, .. more])).ExpectLine(code, mention);
    }

    [AnvilFact]
    public async Task Subjects_that_are_not_there()
    {
        using LiveProgram program = new();
        string[] up = ["--source", Node, "--confirmations", "0"];
        string nobody = TestChain.Account("nobody at all");
        string contract = TestChain.Account("a contract that has something");
        await small.Node.Chain.FundAsync(contract, TestChain.Ether);
        await small.Node.Chain.PlaceAsync("Splitter", contract);
        string unknown = "0x" + new string('7', 64);

        (await program.RunAsync(["trace", nobody, .. up])).ExpectLine(2, "is not in http://", "up to block");
        (await program.RunAsync(["trace", contract, .. up])).ExpectLine(2, "is a contract", "--allow-contract");
        (await program.RunAsync(["trace", contract, "--allow-contract", .. up])).Expect(0);
        (await program.RunAsync(["trace", unknown, .. up])).ExpectLine(2, $"transaction {unknown} is not in http://");
    }

    [AnvilFact]
    public async Task A_transaction_that_waits_is_found_once_it_is_mined()
    {
        await using AnvilNode node = await AnvilNode.StartAsync();
        string thief = TestChain.Account("a thief in waiting");
        await node.Chain.MineAsync(2);
        await node.Chain.ImpersonateAsync(TestChain.Faucet);
        JsonElement hash = await node.Chain.Rpc.CallAsync("eth_sendTransaction", new Dictionary<string, string>
        {
            ["from"] = TestChain.Faucet, ["to"] = thief, ["value"] = TestRpc.Hex(5), ["gas"] = "0x186a0",
            ["maxFeePerGas"] = "0x0", ["maxPriorityFeePerGas"] = "0x0",
        });
        using LiveProgram program = new();
        string[] command = program.Trace(new Theft(hash.GetString()!, TestChain.Faucet, thief, null, 5), node.Url);

        (await program.RunAsync(command)).ExpectLine(2, $"transaction {hash.GetString()} is not in http://");
        await node.Chain.Rpc.CallAsync("evm_mine");

        Assert.Contains(thief, (await program.RunAsync(command)).Expect(0).Output, StringComparison.OrdinalIgnoreCase);
    }

    // In the path, the query and the user part; with answers, without, and with a node that repeats it.
    [AnvilFact]
    public async Task A_key_is_never_repeated()
    {
        await using FaultyNode chatty = new FaultyNode(small.Node.Url).Add(Fault.Answers(-32000, $"project {Secret} has no access"), "trace_*");
        await using FaultyNode broken = new FaultyNode(small.Node.Url).Add(Fault.Answers(-32000, $"key {Secret} used up"), skip: 30);
        await using LoopbackServer page = new((asked, _) => Task.FromResult(HttpAnswer.Text(200, $"<html>{asked.Target} {Secret}</html>", "text/html")));
        foreach (Uri node in new[] { chatty.Url, broken.Url, page.Url, new Uri("http://127.0.0.1:1") })
        {
            string at = node.Authority;
            string[] urls = [$"http://{at}/v3/{Secret}", $"http://{at}/?apikey={Secret}", $"http://user:{Secret}@{at}/", $"http://{Secret}@{at}/"];
            foreach (string[] given in node == chatty.Url ? urls.Select(url => new[] { url }) : [urls])
            {
                await ExpectSecretAsync(given);
            }
        }

        foreach (string url in new[] { $"ftp://{Secret}@127.0.0.1/", $"http://127.0.0.1:99999/{Secret}", $"127.0.0.1:8545/{Secret}", $"http:/127.0.0.1/{Secret}" })
        {
            await ExpectSecretAsync([url]);
        }

        using LiveProgram other = new();
        string whole = $"http://127.0.0.1:1/{Secret}";
        foreach (string[] arguments in new string[][] { ["trace", whole], ["trace", Hops.Theft.Transaction, whole, "--source", Node], [whole], ["sources", "check", whole], ["sources", "check", whole, "--json"] })
        {
            ExpectSecret(await other.RunAsync(arguments), other);
        }
    }

    [AnvilFact]
    public async Task Named_sources_hide_their_keys()
    {
        using LiveProgram program = new();
        await using FaultyNode node = new(small.Node.Url);
        string at = node.Url.Authority;
        string file = program.Program.Home.Write(
            "config/flowtracer/appsettings.json",
            $$"""
            {
              "Sources": {
                "mine": { "Urls": ["http://{{at}}/?key=${MY_KEY}"] },
                "bare": { "Urls": ["http://me:{{Secret}}@{{at}}/v3/{{Secret}}?key={{Secret}}"] }
              }
            }
            """);
        string[] command = ["trace", Hops.Theft.Transaction, "--to", Hops.Theft.To, "--confirmations", "0", "--cache", program.Cache, "--source", "mine"];

        (await program.RunAsync(command)).ExpectLine(2, "source 'mine'", "MY_KEY", "not set");
        (await program.RunAsync(["trace", Hops.Theft.Transaction, "--source", "their"])).ExpectLine(2, "'their'", "bare, mine");
        program.Program.Variables["MY_KEY"] = Secret;
        ProgramResult result = (await program.RunAsync(command)).Expect(0);
        ExpectSecret(result, program);
        foreach (string[] list in new string[][] { ["sources", "list"], ["sources", "list", "--json"], ["sources", "check", "mine", "bare"] })
        {
            ProgramResult listed = (await program.RunAsync(list)).Expect(0);
            ExpectSecret(listed, program);
            Assert.Contains($"http://{at}", listed.Output, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(file));
    }

    public static TheoryData<string, string> SettingsFiles => new()
    {
        { "", "{\"Sources\":" },
        { "", "nonsense" },
        { "Fetchh", """{"Fetchh":{"TimeoutMs":1}}""" },
        { "TimeoutMS2", """{"Fetch":{"TimeoutMS2":1}}""" },
        { "TimeoutMs is 0: it must be from 1", """{"Fetch":{"TimeoutMs":0}}""" },
        { "'soon'", """{"Fetch":{"TimeoutMs":"soon"}}""" },
        { "Reach:MostTransactions is 0", """{"Reach":{"MostTransactions":0}}""" },
    };

    [Theory]
    [MemberData(nameof(SettingsFiles))]
    public async Task Settings_that_cannot_be_used(string mention, string content)
    {
        using Program program = new();
        program.Home.Write("config/flowtracer/appsettings.json", content);
        foreach (string[] command in new string[][] { ["sources", "list"], ["trace", "0x" + new string('7', 64), "--source", "http://127.0.0.1:1"] })
        {
            (await program.RunAsync(command)).ExpectLine(2, mention, "appsettings.json");
        }
    }

    [Fact]
    public async Task A_variable_that_cannot_be_used()
    {
        using Program program = new();
        program.Variables["FLOWTRACER_Fetch__Retries"] = "1000";

        (await program.RunAsync(["sources", "list"])).ExpectLine(2, "Retries is 1000: it must be from 0 to 100");
    }

    private async Task ExpectSecretAsync(string[] urls)
    {
        using LiveProgram program = new();
        program.Set("Fetch__Retries", "0");
        string[] command =
        [
            "trace", Hops.Theft.Transaction, "--to", Hops.Theft.To, "--confirmations", "0", "--cache", program.Cache, "--json",
            .. urls.SelectMany(url => new[] { "--source", url }),
        ];
        ProgramResult result = await program.RunAsync(command);
        Assert.True(result.ExitCode is 0 or 2 or 3, result.Error);
        ExpectSecret(result, program);
    }

    private static void ExpectSecret(ProgramResult result, LiveProgram program)
    {
        Assert.DoesNotContain(Secret, result.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Secret, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Secret, program.EverythingKept(), StringComparison.OrdinalIgnoreCase);
    }
}
