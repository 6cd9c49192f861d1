using System.CommandLine;
using FlowTracer.App.Import;
using FlowTracer.App.Stores;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer import</c>.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        Argument<string[]> files = new("files")
        {
            Description = "Transfers CSVs, Etherscan's CSV exports, Esplora's JSON one transaction a line; plain or gzip (docs/import.md).",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> store = new("--store")
        {
            Description = "The store (docs/store.md), made when it is not there; without FILE, the user's own.", Arity = ArgumentArity.ZeroOrOne, HelpName = "FILE",
        };
        Option<string?> format = new("--format") { Description = $"What all files are, instead of what they look like: {string.Join(", ", ImportFormats.Names)}." };
        Option<string?> chain = new("--chain") { Description = "The chain of exports that do not state it: ethereum-N, bitcoin-testnet …" };
        Option<string[]> decimals = new("--decimals") { Description = "How many digits a token has behind the point, CONTRACT=N. May be repeated." };
        Option<bool> dryRun = new("--dry-run") { Description = "Only check: list what is in the files and what is wrong with them, and write nothing." };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("import", "Puts what you have already into a store: all of it, or nothing where a file has a fault.")
        {
            files, store, format, chain, decimals, dryRun, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ImportOptions options = ImportOptions.Parse(
                parsed.GetValue(format), parsed.GetValue(chain), parsed.GetValue(decimals) ?? [], TraceDesk.AssetsOf(TraceDesk.ShippedFixtures));
            ReadingLine line = new();
            try
            {
                FlowImport import = new(parsed.GetValue(files)!, options, line, cancellationToken);
                ImportReport report = import.Check();
                if (parsed.GetValue(dryRun))
                {
                    ImportView.Write(report, null, parsed.GetValue(json));
                    return report.ProblemCount == 0 ? ExitCode.Done : ExitCode.BadInput;
                }

                Refuse(report);
                ImportView.Write(report, await LoadAsync(import, parsed.GetValue(store), cancellationToken).ConfigureAwait(false), parsed.GetValue(json));
                return ExitCode.Done;
            }
            finally
            {
                line.Report(default(ImportProgress));
            }
        });
        return command.WithExamples(
            "import export-0xabc.csv export-internal-0xabc.csv export-token-0xabc.csv --store case.db",
            "import transactions.jsonl.gz --store case.db",
            "import export-token-0xabc.csv --decimals 0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE=18 --dry-run");
    }

    private static void Refuse(ImportReport report)
    {
        if (report.ProblemCount > 0)
        {
            throw new InputException(
                report.Problems[0] + (report.ProblemCount > 1 ? $" (and {report.ProblemCount - 1:N0} more: --dry-run lists them)" : string.Empty));
        }
    }

    private static async Task<ImportedIn> LoadAsync(FlowImport import, string? location, CancellationToken cancellationToken)
    {
        IFlowStore store = await StoreOpener.OpenAsync(location, create: true, cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            ImportedIn sum = new(store.Name, 0, 0);
            foreach (FlowLoad load in import.Loads())
            {
                FlowAppended appended = await store.AppendAsync(load, cancellationToken).ConfigureAwait(false);
                sum = sum with { Added = sum.Added + appended.Added, Known = sum.Known + appended.Known };
            }

            return sum;
        }
    }
}
