using System.CommandLine;
using FlowTracer.App.Heists;
using FlowTracer.App.Traces;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer heists</c>.</summary>
internal static class HeistsCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "Print JSON." };
        Command list = new("list", "The heists that ship with the program.") { json };
        list.SetAction(parsed =>
        {
            HeistCatalogue catalogue = new(TraceDesk.ShippedFixtures);
            Heist[] heists = [.. catalogue.Ids.Select(catalogue.Read)];
            HeistView.WriteList(heists, parsed.GetValue(json));
            return ExitCode.Done;
        });

        Argument<string> id = new("id") { Description = "The heist's id." };
        Option<bool> showJson = new("--json") { Description = "Print JSON." };
        Command show = new("show", "What is known of a heist: loss, seeds, coverage, sources.") { id, showJson };
        show.SetAction(parsed =>
        {
            Heist heist = new HeistCatalogue(TraceDesk.ShippedFixtures).Read(parsed.GetValue(id)!);
            HeistView.WriteOne(heist, TraceDesk.ShippedAssets(), parsed.GetValue(showJson));
            return ExitCode.Done;
        });
        return new Command("heists", "The catalogue of known heists.") { list, show.WithExamples("heists show ronin-bridge-2022") };
    }
}
