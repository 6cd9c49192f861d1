using System.Globalization;
using FlowTracer.App.Sources;
using FlowTracer.Chains.Rpc;
using FlowTracer.Commands;

namespace FlowTracer.Views;

/// <summary>What a user is told of live sources, on standard error.</summary>
internal static class LiveView
{
    private const int DisagreementsShown = 10;

    /// <summary>Says what is asked, and where the chain ends for this trace.</summary>
    public static void Begin(LiveSource? live)
    {
        if (live is null)
        {
            return;
        }

        foreach (string warning in live.Warnings)
        {
            Console.Error.WriteLine($"flowtracer: {warning}");
        }

        string end = string.Create(CultureInfo.InvariantCulture, $"up to block {live.Source.View.Head}");
        Console.Error.WriteLine(live.ViewIsKept
            ? $"{live.Name}: {live.Source.Method}, {end}, as when this was first traced (--refresh looks further)"
            : $"{live.Name}: {live.Source.Method}, {end}");
        foreach (string limit in live.Limits)
        {
            Console.Error.WriteLine($"flowtracer: {limit}");
        }
    }

    /// <summary>Says what it cost and what a comparison of two sources came to; the program's exit code follows from it.</summary>
    public static int End(LiveSource? live)
    {
        if (live is null)
        {
            return ExitCode.Done;
        }

        RpcCounts counts = live.Meter.Snapshot();
        Console.Error.WriteLine(
            $"Asked {counts.Calls:N0} calls in {counts.HttpRequests:N0} requests ({counts.Retries:N0} repeated), took {counts.KeptAnswers:N0} kept answers.");
        if (live.CrossCheck is not { } check)
        {
            return ExitCode.Done;
        }

        Console.Error.WriteLine(
            $"Compared {check.Checked:N0} answers of two sources: {check.DisagreementCount:N0} differ; {check.Unchecked:N0} only one of them gave.");
        foreach (Disagreement difference in check.Disagreements.Take(DisagreementsShown))
        {
            Console.Error.WriteLine(
                $"flowtracer: {difference.Call.Shown}: {difference.Path}: {difference.FirstNode} says {difference.FirstValue}, {difference.SecondNode} says {difference.SecondValue}");
        }

        return check.DisagreementCount > 0 ? ExitCode.CheckFailed : ExitCode.Done;
    }
}
