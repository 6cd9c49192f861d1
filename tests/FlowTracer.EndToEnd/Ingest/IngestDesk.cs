using FlowTracer.App.Ingest;
using FlowTracer.App.Sources;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.EndToEnd.Ethereum;
using FlowTracer.Tests.Stores;

namespace FlowTracer.EndToEnd.Ingest;

/// <summary>Ingests in this process, and holds what a store says against what the live source says of the same node.</summary>
internal static class IngestDesk
{
    private static readonly SourceSettings Settings = new() { Fetch = SmallChain.Quick };

    /// <summary>Brings blocks into a store.</summary>
    public static async Task<IngestReport> IngestAsync(
        ChainId chain, string source, IFlowStore store, IngestRequest request, CancellationToken cancellationToken = default)
    {
        await using OpenBlocks opened = await new SourceOpener(Settings, TimeProvider.System)
            .OpenBlocksAsync([source], chain, audits: true, cancellationToken);
        return await new Ingestion(opened.Source, store, TimeProvider.System).RunAsync(request, null, cancellationToken);
    }

    /// <summary>
    /// Asks the live source about every holder and every transaction that the store knows from a position on, both ways, and says
    /// where the answers part; empty where they do not.
    /// </summary>
    public static async Task<IReadOnlyList<string>> DifferencesAsync(ChainId chain, string source, MemoryStore store, ulong first)
    {
        using TemporaryFolder cache = new();
        await using LiveSource live = await new SourceOpener(Settings, TimeProvider.System).OpenAsync(
            new SourceRequest { Sources = [source], Confirmations = 0, CacheFolder = cache.Path },
            new SourcePurpose(chain, "everything", null, FollowsFees: true), CancellationToken.None);
        IReadOnlyList<Movement> movements = store.MovementsOf(chain);
        Position start = new(first, 0, 0);
        Holder[] holders =
        [
            .. movements.SelectMany(static movement => movement.Inputs.Concat(movement.Outputs)).Select(static leg => leg.Holder)
                .Where(IsAccounted).Distinct().Order(),
        ];
        List<string> differences = [];
        HistoryRequest[] forward = [.. holders.Select(holder => new HistoryRequest(holder, start, Direction.Forward))];
        differences.AddRange(Differences(await live.Source.ReadAsync(forward, CancellationToken.None), await store.ReadAsync(forward, CancellationToken.None)));
        foreach (TxHash tx in movements.Select(static movement => movement.Tx).OfType<TxHash>().Distinct())
        {
            IReadOnlyList<Movement> lives = await live.Source.FindTransactionAsync(chain, tx, CancellationToken.None);
            IReadOnlyList<Movement> stored = await store.FindTransactionAsync(chain, tx, CancellationToken.None);
            differences.AddRange(Differences(tx.ToString(), lives, stored));
        }

        return differences;
    }

    // Nobody's address and a token's own contract mint and burn: the live source explains their balances when asked about them.
    private static bool IsAccounted(Holder holder) => holder.Chain.Family == ChainFamily.Utxo
        || holder.Asset.IsCoin || (holder.Address != holder.Asset.Contract && holder.Address.ToString().Trim('0', 'x').Length > 0);

    private static IEnumerable<string> Differences(IReadOnlyList<History> lives, IReadOnlyList<History> stored) =>
        lives.Zip(stored).SelectMany(static pair => Differences(pair.First, pair.Second));

    private static IEnumerable<string> Differences(History live, History stored)
    {
        string whose = $"{live.Request.Holder}";
        if (live.Opening != stored.Opening)
        {
            yield return $"{whose}: opening {live.Opening} live, {stored.Opening} in the store";
        }

        if (live.Closing != stored.Closing)
        {
            yield return $"{whose}: closing {live.Closing} live, {stored.Closing} in the store";
        }

        if (live.Coverage.UpToTimeSeconds != stored.Coverage.UpToTimeSeconds)
        {
            yield return $"{whose}: up to {live.Coverage.UpToTimeSeconds} live, {stored.Coverage.UpToTimeSeconds} in the store";
        }

        foreach (string difference in Differences(whose, live.Movements, stored.Movements))
        {
            yield return difference;
        }
    }

    private static IEnumerable<string> Differences(string whose, IReadOnlyList<Movement> live, IReadOnlyList<Movement> stored) =>
        live.Where(one => !stored.Any(other => MemoryStore.AreSame(one, other))).Select(one => $"{whose}: only live: {Shown(one)}")
            .Concat(stored.Where(one => !live.Any(other => MemoryStore.AreSame(one, other))).Select(one => $"{whose}: only in the store: {Shown(one)}"));

    private static string Shown(Movement movement) =>
        $"{movement.Position} {movement.Kind} {movement.Grade} {movement.Stamp} {movement.Tx} '{movement.Source}' '{movement.Doubt}' "
        + $"{string.Join(", ", movement.Inputs)} -> {string.Join(", ", movement.Outputs)}";
}
