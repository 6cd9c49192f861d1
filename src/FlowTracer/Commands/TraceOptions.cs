using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using FlowTracer.App.Sources;
using FlowTracer.App.Traces;
using FlowTracer.Core.Clustering;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;
using ParseError = FlowTracer.Core.Model.ParseError;

namespace FlowTracer.Commands;

/// <summary>What <c>trace</c> and <c>compare</c> have in common on the command line.</summary>
internal sealed class TraceOptions
{
    private readonly Argument<string> _subject = new("subject")
    {
        Description = "A heist of the catalogue, an address, a transaction (0x…, or a txid) or a coin (txid:index).",
    };

    private readonly Option<string?> _data = new("--data", "-d")
    {
        Description = "Your own record, a transfers CSV (docs/formats.md); - reads standard input.",
    };

    private readonly Option<string?> _store = new("--store")
    {
        Description = "A store that import or ingest has filled (docs/store.md); without FILE, the user's own.",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "FILE",
    };

    private readonly SourceOptions _sources = new();

    private readonly Option<bool> _allowContract = new("--allow-contract")
    {
        Description = "Trace an address of a live source even if it is a contract.",
    };

    private readonly Option<string?> _chain = new("--chain")
    {
        Description = "The chain of an address or transaction: ethereum, bitcoin, or a test network (ethereum-N, bitcoin-regtest …). Its form tells the main networks apart.",
    };

    private readonly Option<bool> _backward = new("--backward")
    {
        Description = "Where did the money come from, instead of where it went.",
    };

    private readonly Option<bool> _followFees = new("--follow-fees")
    {
        Description = "On Bitcoin, follow fees into the coinbase of their block, in the order of its transactions.",
    };

    private readonly Option<string?> _heuristics = new("--heuristics")
    {
        Description = "On Bitcoin, which heuristics may speak: default, all, none, or names separated by commas, -name to leave one out (docs/heuristics.md).",
    };

    private readonly Option<bool> _throughCoinJoin = new("--through-coinjoin")
    {
        Description = "On Bitcoin, go on through CoinJoins instead of ending there; what follows is a hypothesis.",
    };

    private readonly Option<string?> _asset = new("--asset")
    {
        Description = "Only this asset of an address or transaction: ETH or a token's contract.",
    };

    private readonly Option<string?> _to = new("--to") { Description = "Only what this address received in a transaction." };

    private readonly Option<string?> _amount = new("--amount")
    {
        Description = "How much of it, in whole units: 1,700 or 0.25.",
    };

    private readonly Option<string?> _from = new("--from")
    {
        Description = "From where on an address' money is traced: a block, a day (2022-03-23) or a time (2022-03-23T13:00:00Z).",
    };

    private readonly Option<string?> _until = new("--until")
    {
        Description = "Follow nothing past this block, day or time; what moves later is cut as 'time-window'.",
    };

    private readonly Option<int?> _hops = new("--max-hops") { Description = "Follow at most this many hops." };

    private readonly Option<int?> _addresses = new("--max-addresses") { Description = "Follow at most this many addresses." };

    private readonly Option<int?> _degree = new("--max-degree")
    {
        Description = "An unlabelled address with more counterparties counts as a service and is cut.",
    };

    private readonly Option<string[]> _smallest = new("--min-lot")
    {
        Description = "Follow no smaller lot: ETH=0.01 or a token's contract=100. May be repeated.",
    };

    private readonly Option<int?> _requests = new("--max-requests")
    {
        Description = "Ask for at most this many histories, where most value is first; what is not followed is cut as 'requests'.",
    };

    private readonly Option<string?> _time = new("--max-time")
    {
        Description = "Ask for histories no longer than this, where most value is first: 30s, 5m, 2h (a number alone: seconds).",
    };

    public TraceOptions()
    {
        _requests.Validators.Add(static result => Whole(result, least: 0));
        foreach (Option<int?> option in (Option<int?>[])[_hops, _addresses, _degree])
        {
            option.Validators.Add(static result => Whole(result, least: 1));
        }
    }

    public void AddTo(Command command)
    {
        command.Arguments.Add(_subject);
        foreach (Option option in (Option[])[_data, _store, _chain, _backward, _asset, _to, _amount, _from, _until, _hops, _addresses, _degree, _smallest, _requests, _time, _followFees, _heuristics, _throughCoinJoin, _allowContract])
        {
            command.Options.Add(option);
        }

        _sources.AddTo(command);
    }

    /// <summary>What was asked.</summary>
    /// <exception cref="InputException">An option cannot be used, or its file cannot be read.</exception>
    public async Task<TraceRequest> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ChainId? chain = parsed.GetValue(_chain) is not string text ? null
            : ChainId.TryParse(text, out ChainId named) ? named
            : throw new InputException(
                $"--chain {new ParseError(text, 1, "expected ethereum, bitcoin, or a test network: ethereum-N, bitcoin-testnet, bitcoin-signet, bitcoin-regtest")}");
        SourceRequest? source = _sources.Read(parsed);
        if (source is not null && parsed.GetValue(_data) is not null)
        {
            throw new InputException("--data and --source are two kinds of facts: give one of them");
        }

        bool fromStore = parsed.GetResult(_store) is { Implicit: false };
        if (fromStore && (source is not null || parsed.GetValue(_data) is not null))
        {
            throw new InputException("--store, --data and --source are three kinds of facts: give one of them");
        }

        Direction direction = parsed.GetValue(_backward) ? Direction.Backward : Direction.Forward;
        return new TraceRequest
        {
            Subject = parsed.GetValue(_subject)!,
            Chain = chain,
            Data = await DataAsync(parsed.GetValue(_data), cancellationToken).ConfigureAwait(false),
            Source = source,
            Store = fromStore ? parsed.GetValue(_store) ?? string.Empty : null,
            AllowsContract = parsed.GetValue(_allowContract),
            Direction = direction,
            FollowsFees = parsed.GetValue(_followFees),
            Heuristics = parsed.GetValue(_heuristics) is string names ? HeuristicSet.Parse(names) : null,
            ThroughCoinJoins = parsed.GetValue(_throughCoinJoin),
            MaxRequests = parsed.GetValue(_requests),
            MaxTime = parsed.GetValue(_time) is string time ? DurationOf("--max-time", time) : null,
            Asset = parsed.GetValue(_asset),
            To = parsed.GetValue(_to),
            Amount = parsed.GetValue(_amount),
            From = MomentOf("--from", parsed.GetValue(_from), endOfDay: direction == Direction.Backward),
            SmallestLots = parsed.GetValue(_smallest) ?? [],
            Limits = new Limits
            {
                Hops = parsed.GetValue(_hops),
                Addresses = parsed.GetValue(_addresses),
                Degree = parsed.GetValue(_degree),
                Window = MomentOf("--until", parsed.GetValue(_until), endOfDay: direction == Direction.Forward),
            },
        };
    }

    private static void Whole(OptionResult result, int least)
    {
        // The text, since asking for the value of one that is no number throws.
        if (result.Tokens is [{ Value: var text }]
            && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least))
        {
            result.AddError($"{result.Option.Name} {new ParseError(text, 1, $"expected a whole number from {least} to {int.MaxValue}")}");
        }
    }

    private static async Task<(string, byte[])?> DataAsync(string? data, CancellationToken cancellationToken)
    {
        if (data is null)
        {
            return null;
        }

        if (data == "-")
        {
            using MemoryStream whole = new();
            await using Stream input = Console.OpenStandardInput();

            // A read of a console or pipe cannot be called off, so it is left behind when the user gives up.
            await input.CopyToAsync(whole, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            return ("standard input", whole.ToArray());
        }

        if (Directory.Exists(data))
        {
            throw new InputException($"{new ParseError(data, 1, "given with --data, is a folder; a transfers CSV is a file")}");
        }

        return File.Exists(data)
            ? (data, await File.ReadAllBytesAsync(data, cancellationToken).ConfigureAwait(false))
            : throw new InputException($"there is no file {new ParseError(data, 1, "given with --data")}");
    }

    private static TimeSpan DurationOf(string option, string text)
    {
        int secondsPerUnit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        string number = secondsPerUnit == 0 ? text : text[..^1];
        return uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint units)
            ? TimeSpan.FromSeconds((long)units * Math.Max(1, secondsPerUnit))
            : throw new InputException($"{option} {new ParseError(text, 1, "expected a time like 30s, 5m or 2h")}");
    }

    // A day alone is a whole day: --from starts with its first second and --until ends with its last.
    private static Moment? MomentOf(string option, string? text, bool endOfDay)
    {
        if (text is null)
        {
            return null;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong block))
        {
            return new Moment(block, null);
        }

        if (DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset day))
        {
            return new Moment(null, (endOfDay ? day.AddDays(1).AddSeconds(-1) : day).ToUnixTimeSeconds());
        }

        return DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? new Moment(null, time.ToUnixTimeSeconds())
            : throw new InputException($"{option} {new ParseError(text, 1, "expected a block number, a day like 2022-03-23 or a time like 2022-03-23T13:00:00Z")}");
    }
}
