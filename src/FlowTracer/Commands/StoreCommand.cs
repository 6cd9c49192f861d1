using System.CommandLine;
using FlowTracer.App.Stores;
using FlowTracer.Core.Ports;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer store</c>.</summary>
internal static class StoreCommand
{
    public static Command Create() => new("store", "A store of facts: what it has, and whether it is sound.") { Info(), Check() };

    /// <summary>The option that names a store.</summary>
    public static Option<string?> StoreOption() => new("--store")
    {
        Description = "The store (docs/store.md); without it, or without FILE, the user's own.",
        Arity = ArgumentArity.ZeroOrOne,
        HelpName = "FILE",
    };

    private static Command Info()
    {
        Option<string?> location = StoreOption();
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("info", "What a store has of each chain, and which imports are unfinished.") { location, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using IFlowStore store = await StoreOpener
                .OpenAsync(parsed.GetValue(location), create: false, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<FlowCoverage> coverage = await store.CoverageAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                StoreView.WriteJson(store, coverage);
            }
            else
            {
                StoreView.Write(Terminal.Out(), store, coverage);
            }

            return ExitCode.Done;
        });
        return command.WithExamples("store info", "store info --store bitcoin.db --json");
    }

    private static Command Check()
    {
        Option<string?> location = StoreOption();
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("check", "Looks at everything in a store: digests, references, order, counts (exit code 4 for a fault).") { location, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using IFlowStore store = await StoreOpener
                .OpenAsync(parsed.GetValue(location), create: false, cancellationToken).ConfigureAwait(false);
            using ShareLine line = new("checking");
            IReadOnlyList<string> faults = await store.CheckAsync(line, cancellationToken).ConfigureAwait(false);
            line.Dispose();
            if (parsed.GetValue(json))
            {
                StoreView.WriteJson(store, faults);
            }
            else
            {
                StoreView.Write(Terminal.Out(), store, faults);
            }

            return faults.Count > 0 ? ExitCode.CheckFailed : ExitCode.Done;
        });
        return command.WithExamples("store check", "store check --store bitcoin.db");
    }
}
