using System.CommandLine;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Ranking;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;
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
        Option<bool> strategies = new("--strategies")
        {
            Description = $"Compare search strategies instead of policies: what each finds of a heist's known addresses with --max-requests histories (default {StrategyComparison.DefaultRequests}; docs/ranking.md).",
        };
        Command command = new("compare", "Traces one case under several policies and shows where they differ.")
        {
            policies, amounts, strategies, json,
        };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(strategies))
            {
                RefuseWithStrategies(parsed.GetResult(policies) is { Implicit: false }, policies.Name);
                RefuseWithStrategies(parsed.GetValue(amounts), amounts.Name);
                return await StrategiesAsync(options, parsed, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            }

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
            "compare ronin-bridge-2022 --policies fifo,lifo,haircut --json",
            "compare ronin-bridge-2022 --strategies --max-requests 30");
    }

    private static async Task<int> StrategiesAsync(
        TraceOptions options, ParseResult parsed, bool json, CancellationToken cancellationToken)
    {
        TraceRequest request = await options.ReadAsync(parsed, cancellationToken).ConfigureAwait(false);
        RefuseWithStrategies(request.Limits != Limits.None || request.SmallestLots.Count > 0, "a limit (--max-hops, --until …)");
        RefuseWithStrategies(request.MaxTime is not null, "--max-time");
        RefuseWithStrategies(request.Direction == Direction.Backward, "--backward");
        await using TraceCase opened = await TraceCommand.Desk(cancellationToken).OpenAsync(request, cancellationToken).ConfigureAwait(false);
        LiveView.Begin(opened.Live);
        Recall recall = await StrategyComparison
            .RunAsync(opened, request.MaxRequests ?? StrategyComparison.DefaultRequests, cancellationToken).ConfigureAwait(false);
        if (json)
        {
            StrategyView.WriteJson(opened, recall);
        }
        else
        {
            StrategyView.Write(Terminal.Out(), opened, recall);
        }

        return LiveView.End(opened.Live);
    }

    private static void RefuseWithStrategies(bool isGiven, string option)
    {
        if (isGiven)
        {
            throw new InputException($"--strategies compares ways to search, each with the same requests: {option} has no place beside it");
        }
    }

    private static ITaintPolicy[] PoliciesOf(string list)
    {
        ITaintPolicy[] chosen =
            [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Select(TraceCommand.PolicyOf)];
        return chosen.Length > 0 ? chosen : throw new InputException("--policies names no policy");
    }
}
