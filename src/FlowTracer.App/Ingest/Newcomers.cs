using System.Numerics;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.App.Ingest;

/// <summary>
/// What holders of an account chain had before a store's first block, and what tokens state of themselves, asked when they first
/// appear in a run: what a store was told before stays as it is. The newest million holders are remembered.
/// </summary>
internal sealed class Newcomers(IBlockSource source)
{
    private const int MostRemembered = 1_000_000;

    private readonly HashSet<Holder> _seen = [];
    private readonly HashSet<Asset> _tokens = [];

    /// <summary>Forgets whom it has asked about: what it gave was not written.</summary>
    public void Forget()
    {
        _seen.Clear();
        _tokens.Clear();
    }

    /// <summary>What new tokens among those moved state of themselves; none of those that state nothing.</summary>
    public async Task<IReadOnlyList<TokenName>> NamesAsync(IEnumerable<Movement> movements, CancellationToken cancellationToken)
    {
        Asset[] news = [.. HoldersIn(movements).Select(static holder => holder.Asset).Where(asset => !asset.IsCoin && _tokens.Add(asset)).Order()];
        TokenName[] names = await Task.WhenAll(news.Select(token => source.NameOfAsync(token, cancellationToken))).ConfigureAwait(false);
        return [.. names.Where(static name => name.Symbol is not null || name.Decimals is not null)];
    }

    /// <summary>The openings of those who appear in some movements; none where the source cannot say.</summary>
    /// <param name="movements">What is to be written.</param>
    /// <param name="first">The first block the store has, or will have.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<FlowOpening>> OpeningsAsync(
        IEnumerable<Movement> movements, ulong first, CancellationToken cancellationToken)
    {
        if (source.Chain.Family != ChainFamily.Account)
        {
            return [];
        }

        if (_seen.Count > MostRemembered)
        {
            _seen.Clear();
        }

        Holder[] news = [.. HoldersIn(movements).Where(_seen.Add).Order()];
        // Nothing moves in the chain's first block: what there is after it was there before.
        ulong before = first == 0 ? 0 : first - 1;
        BigInteger?[] held = await Task.WhenAll(news.Select(holder => source.HeldAsync(holder, before, cancellationToken))).ConfigureAwait(false);
        return
        [
            .. news.Zip(held).Where(static pair => pair.Second is not null)
                .Select(static pair => new FlowOpening(pair.First, Amount.FromBigInteger(pair.Second!.Value))),
        ];
    }

    private static IEnumerable<Holder> HoldersIn(IEnumerable<Movement> movements) =>
        movements.SelectMany(static movement => movement.Inputs.Concat(movement.Outputs)).Select(static leg => leg.Holder);
}
