using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace FlowTracer.Tests.Scenarios;

/// <summary>A scenario file that cannot be read; the message begins with file and line.</summary>
internal sealed class ScenarioFormatException(string file, int line, string problem)
    : Exception($"{file}:{line}: {problem}")
{
    public int Line { get; } = line;
}

/// <summary>
/// Reads the scenario format of <c>fixtures/scenarios/README.md</c>. Indented lines belong to the section above them;
/// <c>#</c> starts a comment at the beginning of a line or after a space.
/// </summary>
internal sealed partial class ScenarioParser
{
    private static readonly string[] KnownPolicies = ["fifo", "lifo", "pifo", "libr", "tiho", "haircut", "poison"];
    private static readonly string[] StopKinds = ["mixer", "exchange", "bridge", "service", "burn"];
    private static readonly string[] CutNames =
        ["hops", "addresses", "smallest-lot", "time-window", "degree", "unresolved", "dust"];

    private readonly string _file;
    private readonly List<string> _sources = [];
    private readonly List<ScenarioRow> _rows = [];
    private readonly List<ScenarioSeed> _seeds = [];
    private readonly Dictionary<string, ScenarioStop> _stops = [];
    private readonly List<(string Text, int Line)> _covered = [];
    private readonly Dictionary<string, BigInteger> _smallestLot = [];
    private readonly List<ExpectBlock> _expectations = [];
    private readonly HashSet<string> _seenOnce = [];
    private string? _title;
    private string? _question;
    private bool _backward;
    private bool _followFees;
    private int? _hops;
    private int? _addresses;
    private int? _degree;
    private ScenarioRow? _until;
    private string _section = "";
    private int _line;

    private ScenarioParser(string file) => _file = file;

    /// <exception cref="ScenarioFormatException">A line is not in the format.</exception>
    public static Scenario Parse(string file, string text) => new ScenarioParser(file).Read(text);

    private Scenario Read(string text)
    {
        foreach (string raw in text.ReplaceLineEndings("\n").Split('\n'))
        {
            _line++;
            string line = Comment().Replace(raw, "").TrimEnd();
            if (line.Length == 0)
            {
                continue;
            }

            if (line.Contains('\t'))
            {
                throw Error("a tab: indent with spaces");
            }

            if (line[0] == ' ')
            {
                ReadInSection(line.Trim());
            }
            else
            {
                ReadHeading(line);
            }
        }

        return Finish();
    }

    private void ReadHeading(string line)
    {
        (string word, string rest) = SplitFirst(line);
        _section = word;
        switch (word)
        {
            case "title:":
                Once(word);
                _title = Needed(rest, "a title");
                break;
            case "question:":
                Once(word);
                _question = Needed(rest, "a question");
                break;
            case "source:":
                _sources.Add(Needed(rest, "a source"));
                break;
            case "direction:":
                Once(word);
                _backward = rest switch
                {
                    "forward" => false,
                    "backward" => true,
                    _ => throw Error($"direction is forward or backward, not '{rest}'"),
                };
                break;
            case "fees:":
                Once(word);
                _followFees = rest == "followed" ? true : throw Error($"fees are followed or not spoken of, not '{rest}'");
                break;
            case "ledger" or "seeds" or "stops" or "covered" or "limits" when rest.Length == 0:
                Once(word);
                break;
            case "expect":
                StartExpectation(Needed(rest, "one or more policies"));
                break;
            default:
                throw Error($"unknown heading '{line}'");
        }
    }

    private void ReadInSection(string line)
    {
        switch (_section)
        {
            case "title:":
                _title += " " + line;
                break;
            case "question:":
                _question += " " + line;
                break;
            case "source:":
                _sources[^1] += " " + line;
                break;
            case "ledger":
                ReadRow(line);
                break;
            case "seeds":
                ReadSeed(line);
                break;
            case "stops":
                ReadStop(line);
                break;
            case "covered":
                _covered.AddRange(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => (w, _line)));
                break;
            case "limits":
                ReadLimit(line);
                break;
            case "expect":
                ReadFact(line);
                break;
            default:
                throw Error("an indented line belongs to no section");
        }
    }

    // --- ledger: label block/index time kind from -> to ----------------------------------------------------------------

    private void ReadRow(string line)
    {
        Match m = Row().Match(line);
        if (!m.Success)
        {
            throw Error($"a row reads 'label block/index time kind movement', not '{line}'");
        }

        string label = m.Groups["label"].Value;
        if (_rows.Exists(r => r.Label == label))
        {
            throw Error($"two rows are called {label}");
        }

        long block = long.Parse(m.Groups["block"].Value, CultureInfo.InvariantCulture);
        int index = int.Parse(m.Groups["index"].Value, CultureInfo.InvariantCulture);
        DateTimeOffset time = Time(m.Groups["time"].Value);
        if (_rows.Count > 0 && ((_rows[^1].Block, _rows[^1].TxIndex).CompareTo((block, index)) > 0 || _rows[^1].Time > time))
        {
            throw Error($"{label} comes before {_rows[^1].Label} on the chain: rows stand in chain order");
        }

        (ScenarioRowKind kind, List<ScenarioLeg> inputs, List<ScenarioLeg> outputs) =
            Movement(m.Groups["kind"].Value, m.Groups["movement"].Value.Trim());
        if (_rows.Count > 0 && IsBitcoin(kind) != IsBitcoin(_rows[0].Kind))
        {
            throw Error("transaction and coinbase are rows of Bitcoin, and no other rows stand beside them");
        }

        CheckCoins(inputs, outputs, isBitcoin: IsBitcoin(kind));
        _rows.Add(new ScenarioRow(_rows.Count + 1, label, block, index, time, kind, inputs, outputs));
    }

    internal static bool IsBitcoin(ScenarioRowKind kind) => kind is ScenarioRowKind.Transaction or ScenarioRowKind.Coinbase;

    // A coin is made once and then spent once, as a whole.
    private void CheckCoins(List<ScenarioLeg> inputs, List<ScenarioLeg> outputs, bool isBitcoin)
    {
        foreach (ScenarioLeg leg in isBitcoin ? outputs : [])
        {
            if (_rows.Exists(r => r.Inputs.Concat(r.Outputs).Any(l => l.Holder == leg.Holder)) || inputs.Exists(l => l.Holder == leg.Holder))
            {
                throw Error($"there is a coin {leg.Holder.Address} already: call this one {leg.Holder.OfAddress}.2 or so");
            }
        }

        foreach (ScenarioLeg leg in isBitcoin ? inputs : [])
        {
            ScenarioLeg? made = _rows.SelectMany(r => r.Outputs).FirstOrDefault(l => l.Holder == leg.Holder);
            if (_rows.Exists(r => r.Inputs.Any(l => l.Holder == leg.Holder)) || (made is not null && made.Amount != leg.Amount))
            {
                throw Error($"the coin {leg.Holder.Address} is spent twice or in part");
            }
        }
    }

    private (ScenarioRowKind Kind, List<ScenarioLeg> Inputs, List<ScenarioLeg> Outputs) Movement(string kind, string text)
    {
        Match brief = BriefTransfer().Match(text);
        if (kind == "transfer" && brief.Success)
        {
            BigInteger amount = Amount(brief.Groups["amount"].Value);
            string asset = brief.Groups["asset"].Value;
            return (ScenarioRowKind.Transfer,
                [new ScenarioLeg(new ScenarioHolder(brief.Groups["from"].Value, asset), amount)],
                [new ScenarioLeg(new ScenarioHolder(brief.Groups["to"].Value, asset), amount)]);
        }

        string[] sides = text.Split("->", StringSplitOptions.TrimEntries);
        return kind switch
        {
            "fee" when sides.Length == 1 => (ScenarioRowKind.Fee, [Leg(text)], []),
            "reward" when sides.Length == 1 => (ScenarioRowKind.Reward, [], [Leg(text)]),
            "unresolved" when sides.Length == 2 && sides[1] == "?" => (ScenarioRowKind.Unresolved, [Leg(sides[0])], []),
            "unresolved" when sides.Length == 2 && sides[0] == "?" => (ScenarioRowKind.Unresolved, [], [Leg(sides[1])]),
            "swap" when sides.Length == 2 => Swap(Leg(sides[0]), Leg(sides[1])),
            "transfer" when sides.Length == 2 => Transfer(Legs(sides[0]), Legs(sides[1])),
            "transaction" when sides.Length == 2 => Transaction(Legs(sides[0]), Legs(sides[1])),
            "coinbase" when sides.Length == 1 => (ScenarioRowKind.Coinbase, [], Legs(text)),
            "transaction" or "coinbase" or "fee" or "reward" or "unresolved" or "swap" or "transfer" =>
                throw Error($"'{text}' is not the movement of a {kind}"),
            _ => throw Error($"unknown kind of row '{kind}'"),
        };
    }

    private (ScenarioRowKind Kind, List<ScenarioLeg> Inputs, List<ScenarioLeg> Outputs) Swap(ScenarioLeg given, ScenarioLeg got)
    {
        if (given.Holder.Asset == got.Holder.Asset)
        {
            throw Error("a swap needs two assets");
        }

        return (ScenarioRowKind.Swap, [given], [got]);
    }

    private (ScenarioRowKind Kind, List<ScenarioLeg> Inputs, List<ScenarioLeg> Outputs) Transfer(
        List<ScenarioLeg> inputs, List<ScenarioLeg> outputs)
    {
        if (inputs.Concat(outputs).Select(l => l.Holder.Asset).Distinct().Count() > 1)
        {
            throw Error("a transfer moves one asset; two make a swap");
        }

        BigInteger given = inputs.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);
        BigInteger got = outputs.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);
        if (given != got)
        {
            throw Error($"the inputs hold {given} and the outputs {got}: a fee is a row of its own");
        }

        return (ScenarioRowKind.Transfer, inputs, outputs);
    }

    private (ScenarioRowKind Kind, List<ScenarioLeg> Inputs, List<ScenarioLeg> Outputs) Transaction(
        List<ScenarioLeg> inputs, List<ScenarioLeg> outputs)
    {
        BigInteger given = inputs.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);
        BigInteger got = outputs.Aggregate(BigInteger.Zero, (sum, l) => sum + l.Amount);
        return given < got
            ? throw Error($"the inputs hold {given} and the outputs {got}")
            : (ScenarioRowKind.Transaction, inputs, outputs);
    }

    private List<ScenarioLeg> Legs(string text) => text.Split(" + ", StringSplitOptions.TrimEntries).Select(Leg).ToList();

    private ScenarioLeg Leg(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length != 3)
        {
            throw Error($"one side of a row reads 'name amount asset', not '{text}'");
        }

        return new ScenarioLeg(new ScenarioHolder(Name(words[0]), Name(words[2])), Amount(words[1]));
    }

    // --- seeds, stops, limits ------------------------------------------------------------------------------------------

    private void ReadSeed(string line)
    {
        Match m = SeedLine().Match(line);
        if (!m.Success)
        {
            throw Error("a seed reads 'id transfer row [output n] [amount n]' or 'id address holder from row [amount n]', "
                + $"not '{line}'");
        }

        string id = m.Groups["id"].Value;
        if (_seeds.Exists(s => s.Id == id) || id == ScenarioFacts.Clean)
        {
            throw Error($"the seed name {id} is taken");
        }

        BigInteger? amount = m.Groups["amount"].Success ? Amount(m.Groups["amount"].Value) : null;
        int output = m.Groups["output"].Success ? int.Parse(m.Groups["output"].Value, CultureInfo.InvariantCulture) : 0;
        ScenarioHolder? holder = m.Groups["holder"].Success ? Holder(m.Groups["holder"].Value) : null;
        ScenarioRow row = RowCalled(m.Groups["row"].Value);
        if (holder is null && output >= row.Outputs.Count)
        {
            throw Error($"row {row.Label} has no output {output}");
        }

        _seeds.Add(new ScenarioSeed(id, row, output, holder, amount));
    }

    private void ReadStop(string line)
    {
        List<string> words = Words(line);
        if (words.Count != 3 || !StopKinds.Contains(words[1]))
        {
            throw Error($"a stop reads 'address kind \"name\"' with a kind of {string.Join(", ", StopKinds)}, not '{line}'");
        }

        if (!_stops.TryAdd(Name(words[0]), new ScenarioStop(words[1], words[2])))
        {
            throw Error($"{words[0]} is a stop already");
        }
    }

    private void ReadLimit(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Once("limit " + words[0] + (words.Length == 3 ? words[^1] : ""));
        switch (words)
        {
            case ["hops", string n]:
                _hops = Count(n);
                break;
            case ["addresses", string n]:
                _addresses = Count(n);
                break;
            case ["degree", string n]:
                _degree = Count(n);
                break;
            case ["smallest-lot", string amount, string asset]:
                _smallestLot.Add(Name(asset), Amount(amount));
                break;
            case ["until", string row]:
                _until = RowCalled(row);
                break;
            default:
                throw Error($"unknown limit '{line}'");
        }
    }

    // --- expectations --------------------------------------------------------------------------------------------------

    private void StartExpectation(string rest)
    {
        List<string> policies = Words(rest);
        string? unknown = policies.Find(p => !KnownPolicies.Contains(p) && !OrdersText().IsMatch(p));
        if (unknown is not null)
        {
            throw Error($"unknown policy '{unknown}'; there are {string.Join(", ", KnownPolicies)} and two orders like taint-smallest");
        }

        string? again = policies.Find(p => !_seenOnce.Add("expect " + p));
        if (again is not null)
        {
            throw Error($"{again} has its expectations already");
        }

        if (policies.Contains("poison") && policies.Count > 1)
        {
            throw Error("poison measures reach, not value: give it a section of its own");
        }

        _expectations.Add(new ExpectBlock(policies, [], _line));
    }

    private void ReadFact(string line)
    {
        List<string> words = Words(line);
        string text = words[0] switch
        {
            "gap" => Gap(words),
            "unknown-opening" when words.Count == 2 => ScenarioFacts.UnknownOpening(Holder(words[1])),
            "collision" when words is [_, string later, string earlier, string holder, string amount] =>
                ScenarioFacts.Collision(SeedCalled(later).Id, SeedCalled(earlier).Id, Holder(holder), Amount(amount)),
            "reached" when words.Count >= 2 =>
                ScenarioFacts.Reached(SeedCalled(words[1]).Id, words.Skip(2).Select(Name)),
            "hops" when words.Count == 2 => ScenarioFacts.Hops(Count(words[1])),
            "lots" when words.Count >= 4 => LotsFact(words),
            _ when _seeds.Exists(s => s.Id == words[0]) => SeedFact(words),
            _ => throw Error($"unknown fact '{line}'"),
        };
        _expectations[^1].Facts.Add(new ScenarioFact(text, _line));
    }

    private string Gap(List<string> words) => words.Count == 3
        ? ScenarioFacts.Gap(Holder(words[1]), Amount(words[2]))
        : throw Error("a gap reads 'gap holder amount'");

    private string LotsFact(List<string> words)
    {
        // lots Alice/ETH clean 5 + theft 3 origin 4
        List<ScenarioLot> lots = [];
        foreach (string lot in string.Join(' ', words.Skip(2)).Split(" + "))
        {
            string[] w = lot.Split(' ');
            lots.Add(w switch
            {
                [ScenarioFacts.Clean, string amount] => new ScenarioLot([], Amount(amount), 0),
                [string seeds, string amount, "origin", string origin] =>
                    new ScenarioLot(seeds.Split(',').Select(s => SeedCalled(s).Id).ToList(), Amount(amount), Amount(origin)),
                _ => throw Error($"a lot reads 'clean amount' or 'seed amount origin amount', not '{lot}'"),
            });
        }

        return ScenarioFacts.Lots(Holder(words[1]), lots);
    }

    private string SeedFact(List<string> words)
    {
        ScenarioSeed seed = SeedCalled(words[0]);
        if (words[1..] is ["stolen", string stolen])
        {
            return ScenarioFacts.Seed(seed.Id, Amount(stolen), 0);
        }

        if (words[1..] is ["stolen", string all, "claimed-earlier", string earlier])
        {
            return ScenarioFacts.Seed(seed.Id, Amount(all), Amount(earlier));
        }

        bool hasAsset = !IsAmount(words[^1]);
        bool isPoison = _expectations[^1].Policies[0] == "poison";
        if (hasAsset != isPoison)
        {
            throw Error(isPoison
                ? "under poison a sink ends with its asset: the amount is what moved, not origin"
                : "a sink ends with its amount, which is origin in the seed's asset");
        }

        List<string> sink = hasAsset ? words[1..^1] : words[1..];
        string asset = hasAsset ? words[^1] : (seed.Holder ?? seed.Row.Outputs[seed.Output].Holder).Asset;
        (string kind, string name) = sink switch
        {
            [("held" or "edge" or "fee") and string k, _] => (k, ""),
            ["edge", "issuance", _] => ("edge", "issuance"),
            ["cut", string n, _] when CutNames.Contains(n) => ("cut", n),
            [string k, string n, _] when _stops.ContainsValue(new ScenarioStop(k, n)) => (k, n),
            _ => throw Error($"'{string.Join(' ', words)}' names no sink that can be"),
        };
        return ScenarioFacts.Sink(seed.Id, kind, name, asset, Amount(sink[^1]));
    }

    // --- the end -------------------------------------------------------------------------------------------------------

    private Scenario Finish()
    {
        if (_title is null || _question is null || _rows.Count == 0 || _seeds.Count == 0 || _expectations.Count == 0)
        {
            throw Error("a scenario needs a title, a question, a ledger, seeds and something to expect");
        }

        return new Scenario(
            _title,
            _question,
            _sources,
            _rows,
            _seeds,
            _stops,
            Coverage(),
            new ScenarioLimits(_hops, _addresses, _smallestLot, _until, _degree),
            _backward,
            _followFees,
            _expectations.Select(Complete).ToList());
    }

    private ScenarioExpectation Complete(ExpectBlock block)
    {
        ScenarioSeed? silent = _seeds.Find(seed =>
            !block.Facts.Exists(f => f.Text.StartsWith($"seed {seed.Id} ", StringComparison.Ordinal)));
        if (silent is not null)
        {
            throw new ScenarioFormatException(_file, block.Line, $"what was stolen for seed {silent.Id} is not stated");
        }

        return new ScenarioExpectation(block.Policies, block.Facts, block.Line);
    }

    private HashSet<ScenarioHolder> Coverage()
    {
        List<ScenarioHolder> all = _rows.SelectMany(r => r.Inputs.Concat(r.Outputs)).Select(l => l.Holder).Distinct().ToList();
        HashSet<ScenarioHolder> covered = [];
        foreach ((string text, int line) in _covered)
        {
            List<ScenarioHolder> named = all.Where(h => text == "*" || text == h.ToString()
                || text == (IsBitcoin(_rows[0].Kind) ? h.OfAddress : h.Address)).ToList();
            if (named.Count == 0)
            {
                throw new ScenarioFormatException(_file, line, $"'{text}' holds nothing in this ledger");
            }

            covered.UnionWith(named);
        }

        return covered;
    }

    // --- words ---------------------------------------------------------------------------------------------------------

    private ScenarioRow RowCalled(string label) =>
        _rows.Find(r => r.Label == label) ?? throw Error($"no row is called {label}");

    private ScenarioSeed SeedCalled(string id) =>
        _seeds.Find(s => s.Id == id) ?? throw Error($"no seed is called {id}");

    private ScenarioHolder Holder(string text) => text.Split('/') is [string address, string asset]
        ? new ScenarioHolder(Name(address), Name(asset))
        : throw Error($"a holder reads address/asset, not '{text}'");

    private string Name(string text) =>
        NameText().IsMatch(text) ? text : throw Error($"'{text}' is not a name: letters, digits, '-', '_' and '.'");

    private int Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n)
        ? n
        : throw Error($"'{text}' is not a count");

    private DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParseExact(
            text, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw Error($"'{text}' is not a time like 2024-03-01T12:00:00Z");

    private static bool IsAmount(string text) => AmountText().IsMatch(text);

    /// <summary>Digits with optional underscores between them, or <c>2^n</c> with an optional <c>+k</c> or <c>-k</c>.</summary>
    private BigInteger Amount(string text)
    {
        Match m = AmountText().Match(text);
        if (!m.Success)
        {
            throw Error($"'{text}' is not an amount in base units");
        }

        BigInteger Digits(string group) =>
            BigInteger.Parse(m.Groups[group].Value.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        BigInteger amount = m.Groups["plain"].Success ? Digits("plain") : BigInteger.Pow(2, (int)Digits("power"));
        return m.Groups["sign"].Value switch
        {
            "+" => amount + Digits("offset"),
            "-" => amount - Digits("offset"),
            _ => amount,
        };
    }

    private List<string> Words(string line)
    {
        if (line.Count(c => c == '"') % 2 != 0)
        {
            throw Error("a quote is not closed");
        }

        return Word().Matches(line).Select(m => m.Value.Trim('"')).ToList();
    }

    private static (string Word, string After) SplitFirst(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (line, "") : (line[..space], line[space..].Trim());
    }

    private string Needed(string text, string what) => text.Length > 0 ? text : throw Error($"{what} is missing");

    private void Once(string what)
    {
        if (!_seenOnce.Add(what))
        {
            throw Error($"'{what.TrimEnd(':')}' stands twice");
        }
    }

    private ScenarioFormatException Error(string problem) => new(_file, _line, problem);

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(?<label>[\w.-]+) +(?<block>\d{1,15})/(?<index>\d{1,6}) +(?<time>\S+) +(?<kind>\S+) +(?<movement>.+)$")]
    private static partial Regex Row();

    [GeneratedRegex(@"^(?<from>[\w.-]+) *-> *(?<to>[\w.-]+) +(?<amount>\S+) +(?<asset>[\w.-]+)$")]
    private static partial Regex BriefTransfer();

    [GeneratedRegex(@"^(?<id>[\w-]+) +"
        + @"(transfer +(?<row>[\w.-]+)( +output +(?<output>\d{1,4}))?|address +(?<holder>\S+) +from +(?<row>[\w.-]+))"
        + @"( +amount +(?<amount>\S+))?$")]
    private static partial Regex SeedLine();

    [GeneratedRegex(@"^(?:(?<plain>\d+(_\d+)*)|2\^(?<power>\d{1,3})(?:(?<sign>[+-])(?<offset>\d+(_\d+)*))?)$")]
    private static partial Regex AmountText();

    [GeneratedRegex("^(first|last|taint|clean)-(first|last|highest|smallest)$")]
    private static partial Regex OrdersText();

    [GeneratedRegex(@"^[\w.-]+$")]
    private static partial Regex NameText();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Word();

    private sealed record ExpectBlock(List<string> Policies, List<ScenarioFact> Facts, int Line);
}
