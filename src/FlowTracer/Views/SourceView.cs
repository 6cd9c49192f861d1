using System.Globalization;
using System.Text.Json;
using FlowTracer.App.Sources;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Views;

/// <summary>Live sources: what they can do, and their names.</summary>
internal static class SourceView
{
    public static void WriteReports(IReadOnlyList<SourceReport> reports, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.Objects("sources", reports, report => Properties(json, report));
                json.WriteEndObject();
            });
            return;
        }

        Terminal console = Terminal.Out();
        foreach (SourceReport report in reports)
        {
            console.Title(report.Name);
            if (report.Fault is not null)
            {
                console.Line($"cannot be used: {report.Fault.Message}");
                continue;
            }

            Write(console, report, report.View!);
        }
    }

    public static void WriteList(SourceSettings settings, bool asJson)
    {
        var named = settings.Sources.OrderBy(static source => source.Key, StringComparer.Ordinal)
            .Select(source => (source.Key, Shown: source.Value.Urls.Select(Shown).ToArray())).ToArray();
        if (asJson)
        {
            JsonOutput.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("settings", SourceSettings.UserFile);
                json.Objects("sources", named, source =>
                {
                    json.WriteString("name", source.Key);
                    json.Texts("urls", source.Shown);
                });
                json.WriteEndObject();
            });
            return;
        }

        Terminal console = Terminal.Out();
        if (named.Length == 0)
        {
            console.Line("No source has a name.");
        }
        else
        {
            console.Table(["name", "addresses"], [.. named.Select(string[] (source) => [source.Key, string.Join(", ", source.Shown)])], elastic: 1);
        }

        console.Line($"Settings are read from {SourceSettings.UserFile} (docs/sources.md).");
    }

    // Variables in an address are left as they are: they are no secret, and what they stand for is.
    private static string Shown(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? address) ? $"{address.Scheme}://{address.Authority.Split('@')[^1]}" : "(not a URL)";

    private static void Write(Terminal console, SourceReport report, ChainView view)
    {
        console.Line($"{view.Chain}, {KindOf(report)}");
        console.Table(
            ["", ""],
            [
                ["trace from it", report.Method],
                ["newest block", Number(report.NewestBlock)],
                ["newest final block", Number(view.FinalBlock)],
                ["latency", $"{report.LatencyMs} ms"],
                .. report.Abilities is { } abilities ? Rows(report, abilities) : Rows(report.About!),
            ],
            elastic: 1);
    }

    private static string KindOf(SourceReport report) => report switch
    {
        { About: { } about } => about.Client.Length > 0 ? $"{about.Kind} ({about.Client})" : about.Kind,
        { Kind: SourceKind.Explorer } => "explorer with Etherscan's API",
        _ => report.Abilities!.Client.Length > 0 ? report.Abilities.Client : "node",
    };

    private static string[][] Rows(AboutSource about) => about.Limits.Count == 0
        ? [["cannot", "nothing that a trace needs"]]
        : [.. about.Limits.Select((limit, i) => new[] { i == 0 ? "cannot" : "", limit })];

    private static string[][] Rows(SourceReport report, NodeAbilities abilities) =>
    [
        ["calls in a request", report.Kind == SourceKind.Explorer ? "1" : report.BatchSize.ToString(CultureInfo.InvariantCulture)],
        ["trace_filter", Has(abilities.HasTraceFilter, abilities.WidestTraceRange)],
        ["ots_searchTransactionsBefore", Has(abilities.HasOtterscan)],
        ["ots_getInternalOperations", Has(abilities.HasOtterscanInternals)],
        ["Etherscan's lists", Has(abilities.HasExplorer)],
        ["trace_transaction", Has(abilities.HasTraceTransaction)],
        ["debug_traceTransaction callTracer", Has(abilities.HasCallTracer)],
        ["old balances (archive)", Has(abilities.HasOldState)],
        ["eth_getLogs", Has(abilities.HasLogs, abilities.WidestLogRange)],
        ["eth_getBlockReceipts", Has(abilities.HasBlockReceipts)],
    ];

    private static string Has(bool has, ulong widest = 0) =>
        !has ? "no" : widest == 0 ? "yes" : $"yes, up to {Number(widest)} blocks at once";

    private static string Number(ulong number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static void Properties(Utf8JsonWriter json, SourceReport report)
    {
        json.WriteString("source", report.Name);
        json.WriteString("fault", report.Fault?.Message);
        if (report.View is not { } view)
        {
            return;
        }

        json.WriteString("kind", WordOf(report.Kind));
        json.WriteString("client", report.Abilities?.Client ?? report.About!.Client);
        json.WriteString("chain", view.Chain.ToString());
        json.WriteString("method", report.Method);
        json.WriteNumber("newest_block", report.NewestBlock);
        json.WriteNumber("final_block", view.FinalBlock);
        json.WriteNumber("latency_ms", report.LatencyMs);
        if (report.Abilities is not { } abilities)
        {
            json.Texts("limits", report.About!.Limits);
            return;
        }

        json.WriteNumber("batch_size", report.BatchSize);
        json.WriteBoolean("trace_filter", abilities.HasTraceFilter);
        json.WriteNumber("trace_filter_blocks", abilities.WidestTraceRange);
        json.WriteBoolean("otterscan", abilities.HasOtterscan);
        json.WriteBoolean("otterscan_internals", abilities.HasOtterscanInternals);
        json.WriteBoolean("explorer_lists", abilities.HasExplorer);
        json.WriteBoolean("trace_transaction", abilities.HasTraceTransaction);
        json.WriteBoolean("call_tracer", abilities.HasCallTracer);
        json.WriteBoolean("old_state", abilities.HasOldState);
        json.WriteBoolean("logs", abilities.HasLogs);
        json.WriteNumber("logs_blocks", abilities.WidestLogRange);
        json.WriteBoolean("block_receipts", abilities.HasBlockReceipts);
    }

    private static string WordOf(SourceKind kind) => kind switch
    {
        SourceKind.EthereumNode => "node",
        SourceKind.Explorer => "explorer",
        SourceKind.BitcoinNode => "bitcoin-node",
        SourceKind.Esplora => "esplora",
        SourceKind.Electrum => "electrum",
        _ => "block-files",
    };
}
