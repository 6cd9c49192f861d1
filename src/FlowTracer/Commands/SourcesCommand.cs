using System.CommandLine;
using FlowTracer.App.Sources;
using FlowTracer.Core.Model;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer sources</c>.</summary>
internal static class SourcesCommand
{
    public static Command Create() =>
        new("sources", "Live nodes and explorers: what they can do, and which have names.") { Check(), List() };

    private static Command Check()
    {
        Argument<string[]> sources = new("sources")
        {
            Description = "URLs, or names from the settings.", Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("check", "Asks sources what they are, what they can do, how fast they answer and where their limits are.")
        {
            sources, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            SourceChecker checker = new(SourceSettings.Load(), TimeProvider.System);
            List<SourceReport> reports = [];
            foreach (string source in parsed.GetValue(sources)!)
            {
                reports.AddRange(await checker.CheckAsync(source, cancellationToken).ConfigureAwait(false));
            }

            SourceView.WriteReports(reports, parsed.GetValue(json));
            return reports.TrueForAll(static report => report.Fault is null) ? ExitCode.Done
                : reports.Exists(static report => report.Fault is InputException) ? ExitCode.BadInput
                : ExitCode.NoAnswer;
        });
        return command.WithExamples("sources check http://127.0.0.1:8545", "sources check my-node my-explorer --json");
    }

    private static Command List()
    {
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("list", "The sources that have names in the settings (without their keys), and where the settings are.") { json };
        command.SetAction(parsed =>
        {
            SourceView.WriteList(SourceSettings.Load(), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }
}
