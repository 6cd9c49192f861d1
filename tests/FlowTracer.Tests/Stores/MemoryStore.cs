using System.Numerics;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Stores;

/// <summary>
/// The contract of <see cref="IFlowStore"/> over plain lists, every answer worked out anew from all of them: slow, and simple
/// enough to be read against the contract. One thread at a time.
/// </summary>
public sealed class MemoryStore : IFlowStore
{
    private readonly List<(FlowOrigin Origin, Movement Movement, bool IsOfBlock)> _facts = [];
    private readonly List<(ChainId Chain, FlowBlock Block)> _blocks = [];
    private readonly List<FlowOpening> _openings = [];
    private readonly List<TokenName> _names = [];
    private readonly List<(ChainId Chain, FlowOrigin Origin)> _unfinished = [];

    public string Name => "memory";

    /// <summary>Every load that was appended, in order.</summary>
    public List<FlowLoad> Loads { get; } = [];

    /// <summary>Called before each append; what it throws is a fault of the store, and nothing of the load is there.</summary>
    public Action<FlowLoad>? Before { get; set; }

    /// <summary>The movements of a chain, in chain order.</summary>
    public IReadOnlyList<Movement> MovementsOf(ChainId chain) =>
        [.. _facts.Select(static fact => fact.Movement).Where(movement => movement.Chain == chain).OrderBy(static movement => movement.Position)];

    /// <summary>The blocks of a chain, in order.</summary>
    public IReadOnlyList<FlowBlock> BlocksOf(ChainId chain) =>
        [.. _blocks.Where(one => one.Chain == chain).Select(static one => one.Block).OrderBy(static block => block.Number)];

    /// <summary>The openings told, by holder.</summary>
    public IReadOnlyList<FlowOpening> Openings => [.. _openings.OrderBy(static opening => opening.Holder)];

    public async Task<FlowAppended> AppendAsync(FlowLoad load, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        lock (_facts)
        {
            Before?.Invoke(load);
            CheckBlocks(load);
            List<Movement> added = [];
            foreach (Movement movement in load.Movements)
            {
                int at = _facts.FindIndex(fact => fact.Movement.Chain == load.Chain && fact.Movement.Position == movement.Position);
                if (at < 0)
                {
                    added.Add(movement);
                }
                else if (!AreSame(_facts[at].Movement, movement))
                {
                    throw new InputException(
                        $"{movement.Position}: {_facts[at].Origin.Source} and {load.Origin.Source} state different facts of {movement.Tx}");
                }
            }

            Loads.Add(load);
            _facts.AddRange(added.Select(movement => (load.Origin, movement, !load.Blocks.IsEmpty)));
            _blocks.AddRange(load.Blocks.Where(block => !_blocks.Contains((load.Chain, block))).Select(block => (load.Chain, block)));
            _openings.AddRange(load.Openings.Where(opening => !_openings.Exists(known => known.Holder == opening.Holder)));
            _names.AddRange(load.Names.Where(name => !_names.Exists(known => known.Token == name.Token)));
            _unfinished.RemoveAll(one => one == (load.Chain, load.Origin));
            if (load.HasMore)
            {
                _unfinished.Add((load.Chain, load.Origin));
            }

            return new FlowAppended(added.Count, load.Movements.Count - added.Count);
        }
    }

    public Task RollBackAsync(ChainId chain, ulong? last, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            _blocks.RemoveAll(one => one.Chain == chain && (last is null || one.Block.Number > last));
            _facts.RemoveAll(fact => fact.IsOfBlock && fact.Movement.Chain == chain && (last is null || BlockOf(fact.Movement) > last));
            return Task.CompletedTask;
        }
    }

    public Task<IReadOnlyList<FlowCoverage>> CoverageAsync(CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            IEnumerable<ChainId> chains = _facts.Select(static fact => fact.Movement.Chain)
                .Concat(_blocks.Select(static one => one.Chain)).Distinct().Order();
            return Task.FromResult<IReadOnlyList<FlowCoverage>>(
            [
                .. chains.Select(chain => new FlowCoverage(
                    chain, BlocksOf(chain) is [var first, ..] ? first : null, LastOf(chain), MovementsOf(chain).Count,
                    [.. _unfinished.Where(one => one.Chain == chain).Select(static one => one.Origin)])),
            ]);
        }
    }

    public Task<FlowBlock?> BlockAsync(ChainId chain, ulong number, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult(BlocksOf(chain).FirstOrDefault(block => block.Number == number));
        }
    }

    public Task<IReadOnlyList<FlowOrigin>> OriginsOfAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult<IReadOnlyList<FlowOrigin>>(
                [.. _facts.Where(fact => fact.Movement.Chain == chain && fact.Movement.Tx == tx).Select(static fact => fact.Origin).Distinct()]);
        }
    }

    public Task<IReadOnlyList<TokenName>> NamesOfAsync(IReadOnlyCollection<Asset> tokens, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult<IReadOnlyList<TokenName>>([.. _names.Where(name => tokens.Contains(name.Token))]);
        }
    }

    public Task<IReadOnlyList<string>> CheckAsync(IProgress<int>? progress, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public Task<IReadOnlyList<History>> ReadAsync(IReadOnlyList<HistoryRequest> requests, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult<IReadOnlyList<History>>([.. requests.Select(Read)]);
        }
    }

    public Task<IReadOnlyList<Movement>> FindTransactionAsync(ChainId chain, TxHash tx, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult<IReadOnlyList<Movement>>([.. MovementsOf(chain).Where(movement => movement.Tx == tx)]);
        }
    }

    public Task<IReadOnlyList<Holder>> HoldersOfAsync(
        Address address, Position at, Direction direction, CancellationToken cancellationToken)
    {
        lock (_facts)
        {
            return Task.FromResult<IReadOnlyList<Holder>>(
            [
                .. MovementsOf(address.Chain).SelectMany(static movement => movement.Inputs.Concat(movement.Outputs))
                    .Select(static leg => leg.Holder).Where(holder => holder.Address == address && !holder.IsFee).Distinct().Order(),
            ]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private History Read(HistoryRequest request)
    {
        Holder holder = request.Holder;
        IReadOnlyList<FlowBlock> blocks = BlocksOf(holder.Chain);
        Movement[] all = [.. MovementsOf(holder.Chain).Where(movement => Concerns(movement, holder))];
        bool forward = request.Direction == Direction.Forward;
        bool IsBefore(Movement movement) => movement.Position.CompareTo(request.At) is int order && (forward ? order < 0 : order <= 0);
        BigInteger? told = blocks.Count == 0 || holder.Chain.Family == ChainFamily.Utxo ? 0
            : _openings.Find(opening => opening.Holder == holder)?.Amount.ToBigInteger() ?? (blocks[0].Number == 0 ? 0 : null);
        BigInteger? opening = told + all.Where(IsBefore).NetOf(holder);
        Movement[] wanted = [.. all.Where(movement => IsBefore(movement) != forward)];
        return blocks.Count == 0
            ? new History(request, opening, wanted, new Coverage(false, null, "a record"))
            : new History(
                request, opening, wanted, new Coverage(true, blocks[^1].TimeSeconds, $"up to block {blocks[^1].Number}"),
                forward ? told + all.NetOf(holder) : told);
    }

    private FlowBlock? LastOf(ChainId chain) => BlocksOf(chain) is [.., var last] ? last : null;

    private static bool Concerns(Movement movement, Holder holder) =>
        movement.Inputs.Concat(movement.Outputs).Any(leg => leg.Holder == holder) || movement.Fee?.Holder == holder;

    // A gain that nothing explains stands before its block, and belongs to it.
    private static ulong BlockOf(Movement movement) => movement.Stamp.Block ?? movement.Position.Block;

    private void CheckBlocks(FlowLoad load)
    {
        IReadOnlyList<FlowBlock> known = BlocksOf(load.Chain);
        FlowBlock? last = LastOf(load.Chain);
        foreach (FlowBlock block in load.Blocks.Where(block => !known.Contains(block)))
        {
            if (last is not null && (block.Number != last.Number + 1 || block.Parent != last.Hash))
            {
                throw new InputException($"block {block.Number} does not follow block {last.Number} of {Name}");
            }

            last = block;
        }
    }

    /// <summary>Whether two movements state the same to the unit.</summary>
    public static bool AreSame(Movement a, Movement b) =>
        (a.Kind, a.Grade, a.Position, a.Stamp, a.Tx, a.Source, a.Doubt, a.CarriesData)
            == (b.Kind, b.Grade, b.Position, b.Stamp, b.Tx, b.Source, b.Doubt, b.CarriesData)
        && a.Inputs.SequenceEqual(b.Inputs) && a.Outputs.SequenceEqual(b.Outputs);
}
