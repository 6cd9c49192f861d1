using System.CommandLine;
using System.Globalization;
using FlowTracer.App.Sources;
using FlowTracer.Core.Model;
using FlowTracer.Views;
using ParseError = FlowTracer.Core.Model.ParseError;

namespace FlowTracer.Commands;

/// <summary>What is said about live sources on the command line.</summary>
internal sealed class SourceOptions
{
    private readonly Option<string[]> _source = new("--source", "-s")
    {
        Description = "A live node, explorer or Electrum server: a URL, a folder of Bitcoin's block files, or a name from the settings (docs/sources.md). Repeated, the next answers where one does not.",
    };

    private readonly Option<bool> _crossCheck = new("--cross-check")
    {
        Description = "Ask two sources everything and report where they disagree (exit code 4).",
    };

    private readonly Option<bool> _offline = new("--offline") { Description = "Ask nobody: repeat a trace from the answers kept." };

    private readonly Option<bool> _refresh = new("--refresh")
    {
        Description = "Look at the blocks that came since this was first traced.",
    };

    private readonly Option<int?> _confirmations = new("--confirmations")
    {
        Description = "End this many blocks before the newest, instead of with the newest final block (on Bitcoin: one with six confirmations).",
    };

    private readonly Option<string?> _asOf = new("--as-of") { Description = "End with this block." };

    private readonly Option<string?> _cache = new("--cache")
    {
        Description = "The folder that keeps the answers (default: flowtracer/answers in the user's cache folder).",
    };

    public SourceOptions()
    {
        _confirmations.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--confirmations {new ParseError(text, 1, "expected a whole number of blocks, 0 or more")}");
            }
        });
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_source, _crossCheck, _offline, _refresh, _confirmations, _asOf, _cache])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What was said; null when no source was named.</summary>
    /// <exception cref="InputException">An option cannot be used.</exception>
    public SourceRequest? Read(ParseResult parsed)
    {
        string[] sources = parsed.GetValue(_source) ?? [];
        Option? needing = Array.Find<Option>(
            [_crossCheck, _offline, _refresh, _confirmations, _asOf, _cache], option => parsed.GetResult(option) is { Implicit: false });
        if (sources.Length == 0)
        {
            return needing is null ? null : throw new InputException($"{needing.Name} is about live sources: it needs --source");
        }

        if (parsed.GetValue(_offline) && parsed.GetValue(_refresh))
        {
            throw new InputException("--offline asks nobody and --refresh asks anew: give one of them");
        }

        if (parsed.GetValue(_asOf) is not null && parsed.GetValue(_confirmations) is not null)
        {
            throw new InputException("--as-of names the last block and --confirmations counts back to it: give one of them");
        }

        if (parsed.GetValue(_cache) is "")
        {
            throw new InputException("--cache names no folder");
        }

        return new SourceRequest
        {
            Sources = sources,
            CrossCheck = parsed.GetValue(_crossCheck),
            Offline = parsed.GetValue(_offline),
            Refresh = parsed.GetValue(_refresh),
            Confirmations = parsed.GetValue(_confirmations),
            AsOf = BlockOf(parsed.GetValue(_asOf)),
            CacheFolder = parsed.GetValue(_cache),
            Reading = new ReadingLine(),
        };
    }

    private static ulong? BlockOf(string? text) => text is null ? null
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong block) ? block
        : throw new InputException($"--as-of {new ParseError(text, 1, "expected a block number")}");
}
