using System.Collections.Immutable;
using System.Globalization;
using FlowTracer.App.Heists;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.App.Traces;

/// <summary>Finds in the facts what a request names as stolen.</summary>
internal sealed class SeedFinder(IHistorySource source, TraceRequest request, ChainId chain, AssetCatalogue assets, string dataName)
{
    /// <summary>The seeds a heist states: each must be in the facts, as stated.</summary>
    public async Task<ImmutableArray<Seed>> OfHeistAsync(Heist heist, CancellationToken cancellationToken)
    {
        RefuseNarrowing();
        if (heist.Seeds.IsEmpty)
        {
            throw new InputException($"heist '{heist.Id}' has no public seed: there is nothing to trace from");
        }

        IReadOnlyList<IReadOnlyList<Movement>> all = await source
            .FindTransactionsAsync(chain, [.. heist.Seeds.Select(static seed => seed.Transaction)], cancellationToken).ConfigureAwait(false);
        ImmutableArray<Seed>.Builder seeds = ImmutableArray.CreateBuilder<Seed>();
        foreach ((HeistSeed stated, IReadOnlyList<Movement> found) in heist.Seeds.Zip(all))
        {
            TransferSeed? seed = Outputs(found)
                .Where(output => output.Leg.Holder.Address == stated.To && output.Leg.Holder.Asset == stated.Asset && output.Leg.Amount >= stated.Amount)
                .Select(output => TransferSeed.Create(output.Movement, output.Index, stated.Amount))
                .FirstOrDefault();
            seeds.Add(seed ?? throw new InputException(
                stated.File, stated.Line, 0,
                $"the facts in {dataName} hold no transfer of {assets[stated.Asset].Text(stated.Amount)} to {stated.To} in transaction {stated.Transaction.ToString(stated.Asset.Chain.Family)}"));
        }

        return InWindow(seeds);
    }

    /// <summary>What a transaction moved; options narrow it.</summary>
    public async Task<ImmutableArray<Seed>> OfTransactionAsync(
        TraceSubject.OfTransaction subject, CancellationToken cancellationToken)
    {
        RefuseFrom();
        string tx = subject.Tx.ToString(subject.Chain.Family);
        IReadOnlyList<Movement> found = await source
            .FindTransactionAsync(subject.Chain, subject.Tx, cancellationToken).ConfigureAwait(false);
        if (found.Count == 0)
        {
            throw new InputException($"transaction {tx} is not in {dataName}, or it moved nothing there");
        }

        Output[] outputs = [.. Outputs(found).Where(IsWanted)];
        if (outputs.Length == 0)
        {
            throw new InputException($"nothing in transaction {tx} fits --to and --asset");
        }

        if (outputs.Length > 1 && (request.Amount is not null || Array.Exists(outputs, static o => o.Movement.IsSwap)))
        {
            throw new InputException(
                $"transaction {tx} has {outputs.Length} outputs: say which with --to and --asset ({string.Join("; ", outputs.Select(Describe))})");
        }

        return InWindow(outputs.Select(output => TransferSeed.Create(
            output.Movement, output.Index, AmountOf(output.Leg.Holder.Asset, most: output.Leg.Amount) ?? output.Leg.Amount)));
    }

    /// <summary>A coin, or as much of it as the options say.</summary>
    public async Task<ImmutableArray<Seed>> OfCoinAsync(TraceSubject.OfCoin subject, CancellationToken cancellationToken)
    {
        RefuseFrom();
        if (request.To is not null)
        {
            throw new InputException("--to narrows a transaction, not a coin");
        }

        IReadOnlyList<Movement> found = await source
            .FindTransactionAsync(subject.Chain, subject.Coin.Tx, cancellationToken).ConfigureAwait(false);
        Output? output = Outputs(found).Where(output => output.Leg.Holder.Coin == subject.Coin).Cast<Output?>().FirstOrDefault();
        return output is { } made
            ? InWindow([TransferSeed.Create(
                made.Movement, made.Index, AmountOf(made.Leg.Holder.Asset, most: made.Leg.Amount) ?? made.Leg.Amount)])
            : throw new InputException(found.Count == 0
                ? $"transaction {subject.Coin.Tx} is not in {dataName}, or it moved nothing there"
                : $"transaction {subject.Coin.Tx} has no output {subject.Coin.Index} that is worth anything");
    }

    /// <summary>What an address had and received from a moment on, one seed for each asset.</summary>
    public async Task<ImmutableArray<Seed>> OfAddressAsync(Address address, CancellationToken cancellationToken)
    {
        if (request.To is not null)
        {
            throw new InputException("--to narrows a transaction, not an address");
        }

        Asset? only = AssetOption(address.Chain);
        Position? at = await StatedPositionAsync(address.Chain, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Holder> holders = await source
            .HoldersOfAsync(address, at ?? End, request.Direction, cancellationToken).ConfigureAwait(false);
        Holder[] wanted = [.. holders.Where(holder => only is null || holder.Asset == only)];
        if (wanted.Length == 0)
        {
            throw new InputException($"{address} {(only is null ? "" : $"in {only} ")}is not in {dataName}");
        }

        if (request.Amount is not null && wanted.Length > 1)
        {
            throw new InputException(
                $"{address} held {wanted.Length} assets: --amount needs --asset ({string.Join(", ", wanted.Select(h => h.Asset))})");
        }

        ImmutableArray<Seed>.Builder seeds = ImmutableArray.CreateBuilder<Seed>();
        foreach (Holder holder in wanted)
        {
            Position from = at ?? await FirstMoveAsync(holder, cancellationToken).ConfigureAwait(false);
            seeds.Add(new BalanceSeed(holder, from, AmountOf(holder.Asset, most: null)));
        }

        return seeds.ToImmutable();
    }

    /// <summary>The smallest lots of the request's options, by asset.</summary>
    public ImmutableSortedDictionary<Asset, Amount> SmallestLots()
    {
        var smallest = ImmutableSortedDictionary.CreateBuilder<Asset, Amount>();
        foreach (string option in request.SmallestLots)
        {
            string[] parts = option.Split('=', 2);
            if (parts.Length != 2 || !Asset.TryParse(chain, parts[0], out Asset asset, out _))
            {
                throw new InputException(
                    $"--min-lot {new ParseError(option, 1, "expected ASSET=AMOUNT, e.g. ETH=0.01 or a token's contract=100")}{Hint(parts[0])}");
            }

            smallest[asset] = WholeUnits.Parse(parts[1], assets[asset], "--min-lot");
        }

        return smallest.ToImmutable();
    }

    // The far end of the side that is traced: all of it.
    private Position End => request.Direction == Direction.Forward ? Position.Start : Position.End;

    // The place that --from names; null when only the address' movements tell which it is.
    private async Task<Position?> StatedPositionAsync(ChainId chain, CancellationToken cancellationToken)
    {
        bool forward = request.Direction == Direction.Forward;
        return request.From switch
        {
            null => End,
            { Block: ulong block } => forward ? new Position(block, 0, 0) : new Position(block, uint.MaxValue, uint.MaxValue),
            { TimeSeconds: long time } => await source
                .PositionAtAsync(chain, forward ? time : time + 1, cancellationToken).ConfigureAwait(false),
            _ => throw new InvariantException("a moment without block and time"),
        };
    }

    private async Task<Position> FirstMoveAsync(Holder holder, CancellationToken cancellationToken)
    {
        bool forward = request.Direction == Direction.Forward;
        Moment moment = request.From!;
        IReadOnlyList<History> histories = await source
            .ReadAsync([new HistoryRequest(holder, Position.Start, Direction.Forward)], cancellationToken).ConfigureAwait(false);
        IEnumerable<Movement> inside = histories[0].Movements.Where(movement => movement.Stamp.TimeSeconds is long time
            && (forward ? time >= moment.TimeSeconds : time <= moment.TimeSeconds));
        Movement? edge = forward ? inside.FirstOrDefault() : inside.LastOrDefault();
        return edge is null ? throw new InputException($"{holder.Address} moved nothing {(forward ? "from" : "up to")} that time on in {dataName}")
            : forward ? edge.Position with { Step = edge.Position.Step - 1 }
            : edge.Position with { Step = edge.Position.Step + 1 };
    }

    // A seed that lies past the time window would be stolen and never looked at.
    private ImmutableArray<Seed> InWindow(IEnumerable<Seed> seeds)
    {
        ImmutableArray<Seed> all = [.. seeds];
        foreach (TransferSeed seed in all.OfType<TransferSeed>())
        {
            if (request.Limits.Window is Moment window && window.IsPassedBy(seed.Movement, request.Direction))
            {
                throw new InputException("--until leaves out the seed itself");
            }
        }

        return all;
    }

    private bool IsWanted(Output output)
    {
        Asset? asset = AssetOption(output.Movement.Chain);
        if (request.To is not null
            && !Address.TryParse(output.Movement.Chain, request.To, out _, out ParseError error))
        {
            throw new InputException($"--to {error}");
        }

        return (asset is null || output.Leg.Holder.Asset == asset)
            && (request.To is null || string.Equals(output.Leg.Holder.Address.ToString(), request.To, StringComparison.OrdinalIgnoreCase));
    }

    private Asset? AssetOption(ChainId chain) => request.Asset is null ? null
        : Asset.TryParse(chain, request.Asset, out Asset asset, out ParseError error) ? asset
        : throw new InputException($"--asset {error}{Hint(request.Asset)}");

    // A symbol names no asset, because anybody may give a token any symbol; but the one meant is often known.
    private string Hint(string symbol) =>
        assets.ContractOf(symbol) is Address contract ? $" ({symbol} is usually {contract})" : string.Empty;

    private Amount? AmountOf(Asset asset, Amount? most)
    {
        if (request.Amount is null)
        {
            return null;
        }

        Amount amount = WholeUnits.Parse(request.Amount, assets[asset], "--amount");
        return amount.IsZero || amount > (most ?? amount)
            ? throw new InputException(
                $"--amount {new ParseError(request.Amount, 1, most is Amount all ? $"it should be more than nothing and at most {assets[asset].Text(all)}" : "it should be more than nothing")}")
            : amount;
    }

    private void RefuseNarrowing()
    {
        RefuseFrom();
        if (request.Asset is not null || request.To is not null || request.Amount is not null)
        {
            throw new InputException("--asset, --to and --amount narrow an address or a transaction; a heist states its own seeds");
        }

        if (request.Direction == Direction.Backward)
        {
            throw new InputException("a heist is traced forward; trace an address or a transaction with --backward");
        }
    }

    private void RefuseFrom()
    {
        if (request.From is not null)
        {
            throw new InputException("--from is for an address; a heist or a transaction has its own place in the chain");
        }
    }

    private string Describe(Output output) => string.Create(
        CultureInfo.InvariantCulture, $"{assets[output.Leg.Holder.Asset].Text(output.Leg.Amount)} to {output.Leg.Holder.Address}");

    private static IEnumerable<Output> Outputs(IReadOnlyList<Movement> movements) =>
        from movement in movements
        // On Bitcoin an output is certain even where nobody knows what paid for it.
        where movement.Kind != MovementKind.Unresolved || movement.Chain.Family == ChainFamily.Utxo
        from index in Enumerable.Range(0, movement.Outputs.Length)
        select new Output(movement, index);

    private readonly record struct Output(Movement Movement, int Index)
    {
        public Leg Leg => Movement.Outputs[Index];
    }
}
