using System.CommandLine;
using FlowTracer.App.Labels;
using FlowTracer.Core.Model;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer labels</c>.</summary>
internal static class LabelsCommand
{
    public static Command Create() =>
        new("labels", "What is claimed of addresses, by whom, and what follows from it.") { Import(), Lookup(), List() };

    /// <summary>All label packs of this machine.</summary>
    /// <exception cref="InputException">A pack is malformed.</exception>
    public static LabelIndex Load(CancellationToken cancellationToken) =>
        LabelStore.Default().TryLoad(out LabelIndex? index, out LabelError? error, cancellationToken)
            ? index
            : throw new InputException(error.ToString());

    private static Command Import()
    {
        Argument<string[]> files = new("files")
        {
            Description = "GraphSense TagPack YAML or label CSV files, or folders of them.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<bool> replace = new("--replace") { Description = "Let a pack take the place of another one of its name." };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("import", "Checks label packs and keeps them for later traces: all of them, or none.")
        {
            files, replace, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (!LabelStore.Default().TryImport(
                parsed.GetValue(files)!, parsed.GetValue(replace), out IReadOnlyList<LabelImport>? imports,
                out LabelError? error, cancellationToken))
            {
                throw new InputException(error.ToString());
            }

            LabelView.WriteImports(imports, parsed.GetValue(json));
            return Task.FromResult(ExitCode.Done);
        });
        return command.WithExamples("labels import ofac.yaml", "labels import tagpacks/ --replace");
    }

    private static Command Lookup()
    {
        Argument<string> address = new("address") { Description = "An Ethereum or Bitcoin address." };
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("lookup", "Every claim about an address with its source, which one wins and why.")
        {
            address, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            if (!LabelLookup.TryParse(parsed.GetValue(address)!, out Address wanted, out ParseError error))
            {
                throw new InputException($"address {error}");
            }

            LabelView.WriteLookup(LabelLookup.Of(Load(cancellationToken), wanted), parsed.GetValue(json));
            return Task.FromResult(ExitCode.Done);
        });
        return command.WithExamples("labels lookup 0xA160cdAB225685dA1d56aa342Ad8841c3b53f291");
    }

    private static Command List()
    {
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command command = new("list", "The label packs in use, with their digests.") { json };
        command.SetAction((parsed, cancellationToken) =>
        {
            LabelView.WritePacks(Load(cancellationToken), parsed.GetValue(json));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
