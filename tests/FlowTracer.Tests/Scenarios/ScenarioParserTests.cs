using System.Numerics;

namespace FlowTracer.Tests.Scenarios;

/// <summary>The scenario format: what is read, and on which line what is wrong is reported.</summary>
public sealed class ScenarioParserTests
{
    private const string Good = """
        title: A title
        question: A question
          that goes on   # with a comment

        ledger
          t1 100/0 2024-03-01T12:00:00Z transfer Victim -> Thief 2^10+1 ETH
          t2 101/3 2024-03-01T12:01:00Z transfer Ann 6 BTC + Bob 4 BTC -> Carl 1_0 BTC
        seeds
          theft transfer t1 amount 7
          wallet address Ann/BTC from t2
        stops
          Carl mixer "Tornado Cash"
        limits
          smallest-lot 5 ETH
          until t2
        covered
          Thief
        expect fifo lifo
          theft stolen 7
          theft held 7
          wallet stolen 0
          gap Ann/BTC 6
        """;

    [Fact]
    public void A_file_is_read_as_it_stands()
    {
        Scenario scenario = ScenarioParser.Parse("good.txt", Good);
        Assert.Equal("A question that goes on", scenario.Question);
        Assert.Equal(new BigInteger(1025), scenario.Rows[0].Outputs[0].Amount);
        Assert.Equal([6, 4], scenario.Rows[1].Inputs.Select(i => (int)i.Amount));
        Assert.Equal((101L, 3), (scenario.Rows[1].Block, scenario.Rows[1].TxIndex));
        Assert.Equal(new DateTimeOffset(2024, 3, 1, 12, 1, 0, TimeSpan.Zero), scenario.Rows[1].Time);
        Assert.Equal(new ScenarioHolder("Ann", "BTC"), scenario.Seeds[1].Holder);
        Assert.Equal(new ScenarioStop("mixer", "Tornado Cash"), scenario.Stops["Carl"]);
        Assert.Equal("t2", scenario.Limits.Until!.Label);
        Assert.False(scenario.FollowFees || scenario.IsBitcoin);
        Assert.Equal([new ScenarioHolder("Thief", "ETH")], scenario.Covered);
        Assert.Equal(["fifo", "lifo"], scenario.Policies);
        Assert.Contains("sink theft held \"\" 7 ETH", scenario.Expectations[0].Facts.Select(f => f.Text));
    }

    [Theory]
    [InlineData("2^10+1", "2^+1", 6, "not an amount")]
    [InlineData("2^10+1", "-5", 6, "not an amount")]
    [InlineData("1_0 BTC", "9 BTC", 7, "the inputs hold 10 and the outputs 9")]
    [InlineData("Bob 4 BTC", "Bob 4 DOGE", 7, "a transfer moves one asset")]
    [InlineData("t2 101/3", "t2 99/3", 7, "chain order")]
    [InlineData("t2 101/3", "t1 101/3", 7, "two rows are called t1")]
    [InlineData("12:01:00Z", "12:61:00Z", 7, "not a time")]
    [InlineData("theft transfer t1", "theft transfer t9", 9, "no row is called t9")]
    [InlineData("theft transfer t1", "theft transfer t1 output 2", 9, "has no output 2")]
    [InlineData("Carl mixer", "Carl laundry", 12, "a stop reads")]
    [InlineData("\"Tornado Cash\"", "\"Tornado Cash", 12, "a quote is not closed")]
    [InlineData("smallest-lot 5 ETH", "smallest-lot ETH", 14, "unknown limit")]
    [InlineData("  Thief\n", "  Nobody\n", 17, "holds nothing")]
    [InlineData("expect fifo lifo", "expect fifo filo", 18, "unknown policy 'filo'")]
    [InlineData("expect fifo lifo", "expect fifo poison", 18, "a section of its own")]
    [InlineData("  wallet stolen 0", "", 18, "what was stolen for seed wallet")]
    [InlineData("theft held 7", "theft hold 7", 20, "names no sink")]
    [InlineData("theft held 7", "thief held 7", 20, "unknown fact")]
    [InlineData("theft held 7", "theft held 7 ETH", 20, "a sink ends with its amount")]
    [InlineData("limits", "limit", 13, "unknown heading")]
    public void A_mistake_is_reported_with_its_line(string right, string wrong, int line, string problem)
    {
        string text = Good.ReplaceLineEndings("\n");
        Assert.Contains(right, text);
        ScenarioFormatException error = Assert.Throws<ScenarioFormatException>(
            () => ScenarioParser.Parse("bad.txt", text.Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"bad.txt:{line}: ", error.Message);
        Assert.Contains(problem, error.Message);
    }

    [Theory]
    [InlineData("theft held 7", "theft held 6", "expected 'sink theft held \"\" 6 ETH', found 'sink theft held \"\" 7 ETH'")]
    [InlineData("  theft held 7\n", "", "not expected: 'sink theft held")]
    [InlineData("theft held 7", "theft held 7\n  gap Thief/ETH 1", "expected 'gap Thief/ETH 1'")]
    [InlineData("wallet stolen 0", "wallet stolen 1", "expected 'seed wallet stolen 1 claimed-earlier 0'")]
    public void The_runner_notices_a_wrong_answer(string right, string wrong, string problem)
    {
        string text = Good.ReplaceLineEndings("\n").Replace(right, wrong, StringComparison.Ordinal);
        List<string> problems = ScenarioRunner.Problems("x.txt", ScenarioParser.Parse("x.txt", text), new SlowTraceEngine());
        Assert.Contains(problems, p => p.Contains(problem, StringComparison.Ordinal));
        Assert.Empty(ScenarioRunner.Problems("x.txt", ScenarioParser.Parse("x.txt", Good), new SlowTraceEngine()));
    }
}
