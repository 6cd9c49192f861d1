namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Two sources: the second answers where the first does not, or both are asked and compared.</summary>
public sealed class SeveralSourcesTests(SmallChain small) : IClassFixture<SmallChain>
{
    private Theft Theft => small.Told["fee on transfer"].Theft;

    [AnvilTheory]
    [InlineData("dead")]
    [InlineData("a web page")]
    [InlineData("500")]
    [InlineData("dies half-way")]
    [InlineData("has no old state")]
    public async Task The_second_answers_where_the_first_does_not(string first)
    {
        (string right, int requests) = await small.HealthyAsync("fee on transfer", "trace_filter");
        FaultyNode broken = new(small.Node.Url);
        Uri url = broken.Url;
        switch (first)
        {
            case "dead": await broken.DisposeAsync(); break;
            case "a web page": broken.Add(Fault.HtmlPage()); break;
            case "500": broken.Add(Fault.InternalServerError()); break;
            case "dies half-way": broken.Add(Fault.InternalServerError(), skip: requests / 2); break;
            default: broken.Add(Fault.PrunedState(3)).Add(Fault.DropLastPage(), "eth_getLogs", times: 0); break;
        }

        using LiveProgram program = new();
        program.Set("Fetch__Retries", "1");

        ProgramResult result = (await program.RunAsync(program.Trace(Theft, url, "--source", small.Node.Url.ToString()))).Expect(0);

        Assert.Equal(right, result.Output);
        if (first is "dead" or "a web page" or "500")
        {
            Assert.Contains($"flowtracer: not used: http://{url.Authority}", result.Error, StringComparison.Ordinal);
        }

        if (first != "dead")
        {
            await broken.DisposeAsync();
        }
    }

    [AnvilFact]
    public async Task None_answers()
    {
        using LiveProgram program = new();
        program.Set("Fetch__Retries", "1");
        await using FaultyNode one = new FaultyNode(small.Node.Url).Add(Fault.InternalServerError(), skip: 3);
        await using FaultyNode other = new FaultyNode(small.Node.Url).Add(Fault.TooManyRequests(), skip: 3);

        (await program.RunAsync(program.Trace(Theft, one.Url, "--source", other.Url.ToString())))
            .ExpectLine(3, $"http://{one.Url.Authority}", $"http://{other.Url.Authority}", "500", "429", "none answered");
    }

    [AnvilFact]
    public async Task Two_chains_are_not_mixed()
    {
        using LiveProgram program = new();
        await using FaultyNode other = new FaultyNode(small.Node.Url).Add(Fault.Changes(_ => "0x5"), "eth_chainId");

        (await program.RunAsync(program.Trace(Theft, small.Node.Url, "--source", other.Url.ToString())))
            .ExpectLine(2, $"http://{other.Url.Authority} is on ethereum-5", "the trace is on ethereum", "--chain ethereum-5");
        (await program.RunAsync(program.Trace(Theft, other.Url))).ExpectLine(2, "is on ethereum-5");
    }

    [AnvilFact]
    public async Task Two_that_agree_are_counted_each_time()
    {
        (string right, _) = await small.HealthyAsync("fee on transfer", "trace_filter");
        using LiveProgram program = new();
        await using FaultyNode other = new(small.Node.Url);
        string[] command = program.Trace(Theft, small.Node.Url, "--source", other.Url.ToString(), "--cross-check");

        for (int run = 0; run < 2; run++)
        {
            ProgramResult result = (await program.RunAsync(command)).Expect(0);

            Assert.Equal(right, result.Output);
            Assert.Matches(@"\nCompared [1-9][0-9,]* answers of two sources: 0 differ; 0 only one of them gave\.\n", result.Error);
        }
    }

    [AnvilFact]
    public async Task A_disagreement_is_shown_and_fails_the_check()
    {
        (string right, _) = await small.HealthyAsync("fee on transfer", "trace_filter");
        using LiveProgram program = new();
        await using FaultyNode other = new FaultyNode(small.Node.Url).Add(
            Fault.Changes(block =>
            {
                block!["gasUsed"] = "0x7";
                return block;
            }),
            "eth_getTransactionReceipt");
        string[] command = program.Trace(Theft, small.Node.Url, "--source", other.Url.ToString(), "--cross-check");

        for (int run = 0; run < 2; run++)
        {
            ProgramResult result = (await program.RunAsync(command)).Expect(4);

            Assert.Equal(right, result.Output);
            string line = result.Error.Split('\n').First(one => one.Contains("says", StringComparison.Ordinal));
            Assert.StartsWith("flowtracer: eth_getTransactionReceipt[\"0x", line, StringComparison.Ordinal);
            Assert.Matches(@"\]: \$\.gasUsed: http://[0-9.:]+ says ""0x[0-9a-f]+"", http://[0-9.:]+ says ""0x7""$", line);
        }
    }

    [AnvilFact]
    public async Task A_second_one_that_only_checks_may_fail()
    {
        using LiveProgram program = new();
        program.Set("Fetch__Retries", "0");
        await using FaultyNode other = new FaultyNode(small.Node.Url).Add(Fault.InternalServerError(), "eth_getTransactionReceipt");

        ProgramResult result = (await program.RunAsync(
            program.Trace(Theft, small.Node.Url, "--source", other.Url.ToString(), "--cross-check"))).Expect(0);

        Assert.Matches(@": 0 differ; [1-9][0-9]* only one of them gave", result.Error);
    }
}
