using System.CommandLine;
using System.Globalization;
using FlowTracer.App.Ingest;
using FlowTracer.App.Sources;
using FlowTracer.App.Stores;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Views;
using ParseError = FlowTracer.Core.Model.ParseError;

namespace FlowTracer.Commands;

/// <summary><c>flowtracer ingest</c>.</summary>
internal static class IngestCommand
{
    public static Command Create()
    {
        Argument<string> chain = new("chain") { Description = "ethereum, bitcoin, or a network of theirs (ethereum-11155111, bitcoin-testnet)." };
        Option<string[]> source = new("--source", "-s")
        {
            Description = "A node's URL, a folder of Bitcoin's block files, or a name from the settings. Repeated, the next answers where one does not.",
            Required = true,
        };
        Option<string?> store = StoreCommand.StoreOption();
        Option<string?> from = new("--from") { Description = "The first block (default: the one after the store's last, or the chain's first)." };
        Option<string?> to = new("--to") { Description = "The last block (default: the newest final one; on Bitcoin the newest with six confirmations)." };
        Option<string?> confirmations = new("--confirmations") { Description = "End this many blocks before the newest." };
        Option<bool> follow = new("--follow") { Description = "Go on with new blocks as they come, until stopped." };
        Option<bool> trust = new("--trust-traces")
        {
            Description = "Do not hold what a block of Ethereum moved against balances: faster, and blind to what neither logs nor traces show.",
        };
        Option<bool> json = new("--json") { Description = "Print what was done as JSON." };
        Command command = new("ingest", "Brings blocks of a chain, with all that moved in them, from a node into a store.")
        {
            chain, source, store, from, to, confirmations, follow, trust, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ChainId wanted = ChainOf(parsed.GetValue(chain)!);
            IngestRequest request = new()
            {
                From = NumberOf(from, parsed.GetValue(from)),
                To = NumberOf(to, parsed.GetValue(to)),
                Confirmations = NumberOf(confirmations, parsed.GetValue(confirmations)),
                Follows = parsed.GetValue(follow),
            };
            Check(request);
            await RunAsync(
                wanted, parsed.GetValue(source)!, parsed.GetValue(store), request, parsed.GetValue(trust), parsed.GetValue(json), cancellationToken)
                .ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command.WithExamples(
            "ingest ethereum --source http://127.0.0.1:8545 --from 14442000 --to 14445000",
            "ingest ethereum --source http://127.0.0.1:8545 --follow --confirmations 12",
            "ingest bitcoin --source /var/lib/bitcoind/blocks --store bitcoin.db",
            "ingest bitcoin --source http://user:password@127.0.0.1:8332 --store bitcoin.db --json");
    }

    private static async Task RunAsync(
        ChainId chain, string[] sources, string? location, IngestRequest request, bool trustsTraces, bool json, CancellationToken cancellationToken)
    {
        SourceOpener opener = new(SourceSettings.Load(), TimeProvider.System, new ReadingLine());
        await using OpenBlocks opened = await opener.OpenBlocksAsync(sources, chain, !trustsTraces, cancellationToken).ConfigureAwait(false);
        await using IFlowStore store = await StoreOpener.OpenAsync(location, create: true, cancellationToken).ConfigureAwait(false);
        IngestView.Begin(opened, store);
        Ingestion ingestion = new(opened.Source, store, TimeProvider.System);
        try
        {
            using IngestLine line = new();
            await ingestion.RunAsync(request, line, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Also of a run that was stopped: what it wrote stays.
            IngestView.End(ingestion.Report, opened);
        }

        if (json)
        {
            IngestView.WriteJson(ingestion.Report, opened, store);
        }
    }

    private static void Check(IngestRequest request)
    {
        if (request is { To: not null, Confirmations: not null })
        {
            throw new InputException("--to names the last block and --confirmations counts back to it: give one of them");
        }

        if (request is { To: not null, Follows: true })
        {
            throw new InputException("--to names the last block and --follow knows none: give one of them");
        }

        if (request.From > request.To)
        {
            throw new InputException(string.Create(
                CultureInfo.InvariantCulture, $"--from {request.From} is behind --to {request.To}"));
        }
    }

    private static ChainId ChainOf(string text) => ChainId.TryParse(text, out ChainId chain) ? chain
        : throw new InputException($"there is no chain {new ParseError(text, 1, "expected ethereum, ethereum-N (EIP-155), bitcoin, bitcoin-testnet, bitcoin-signet or bitcoin-regtest")}");

    private static ulong? NumberOf(Option option, string? text) => text is null ? null
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number
        : throw new InputException($"{option.Name} {new ParseError(text, 1, "expected a number of blocks, 0 or more")}");
}
