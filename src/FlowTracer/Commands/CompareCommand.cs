using System.CommandLine;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;
using FlowTracer.Views;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer compare</c>.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        TraceOptions options = new();
        Option<string> policies = new("--policies", "-p")
        {
            Description = "The policies, separated by commas.",
            DefaultValueFactory = static _ => string.Join(',', TaintPolicies.All.Select(static p => p.Name)),
        };
        Option<bool> amounts = new("--amounts") { Description = "Print amounts instead of shares (needs a wide terminal)." };
        Option<bool> json = new("--json") { Description = "Print the table as JSON with exact amounts." };
        Command command = new("compare", "Traces one case under several policies and shows where they differ.")
        {
            policies, amounts, json,
        };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ITaintPolicy[] chosen = PoliciesOf(parsed.GetValue(policies)!);
            TraceRequest request = await options.ReadAsync(parsed, cancellationToken).ConfigureAwait(false);
            await using TraceCase opened = await TraceCommand.Desk(cancellationToken).OpenAsync(request, cancellationToken).ConfigureAwait(false);
            LiveView.Begin(opened.Live);
            Comparison comparison = await Comparison.RunAsync(opened, chosen, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                CompareJson.Write(comparison);
            }
            else
            {
                CompareView.Write(Terminal.Out(), comparison, parsed.GetValue(amounts));
            }

            return LiveView.End(opened.Live);
        });
        return command.WithExamples(
            "compare ronin-bridge-2022",
            "compare ronin-bridge-2022 --policies fifo,lifo,haircut --json");
    }

    private static ITaintPolicy[] PoliciesOf(string list)
    {
        ITaintPolicy[] chosen =
            [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Select(TraceCommand.PolicyOf)];
        return chosen.Length > 0 ? chosen : throw new InputException("--policies names no policy");
    }
}
