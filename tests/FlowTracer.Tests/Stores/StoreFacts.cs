using System.Collections.Immutable;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Stores;

/// <summary>Loads for stores, and answers of sources as text.</summary>
internal static class StoreFacts
{
    public const long FirstTime = 1_600_000_000;

    /// <summary>An account whose bytes are 1 to 20, and its coins.</summary>
    public static readonly Holder Somebody = Holder.Account(
        Address.FromAccountBytes(ChainId.Ethereum, [.. Enumerable.Range(1, 20).Select(static i => (byte)i)]), Asset.Coin(ChainId.Ethereum));

    public static FlowOrigin Origin(string name) => new($"file {name}", new string('a', 64));

    /// <summary>A record in loads of so many movements, never within a transaction.</summary>
    public static IEnumerable<FlowLoad> Loads(IReadOnlyList<Movement> movements, int most, FlowOrigin origin)
    {
        int start = 0;
        while (start < movements.Count)
        {
            int end = Math.Min(start + most, movements.Count);
            while (end < movements.Count && movements[end].Tx is not null && movements[end].Tx == movements[end - 1].Tx)
            {
                end++;
            }

            yield return new FlowLoad(movements[start].Chain, origin, [], [.. movements.Skip(start).Take(end - start)])
            {
                HasMore = end < movements.Count,
            };
            start = end;
        }
    }

    /// <summary>Blocks from one number to another, whose hashes say which they are; a fork makes them others.</summary>
    public static ImmutableArray<FlowBlock> Blocks(ulong first, ulong last, byte fork = 0) =>
    [
        .. from i in Enumerable.Range(0, (int)(last - first) + 1)
           let number = first + (ulong)i
           select new FlowBlock(number, Hash(number, fork), number == 0 ? default : Hash(number - 1, number == first ? (byte)0 : fork), FirstTime + (12 * (long)number), new string('b', 64)),
    ];

    public static TxHash Hash(ulong number, byte fork)
    {
        byte[] bytes = new byte[32];
        BitConverter.TryWriteBytes(bytes, number + 1);
        bytes[31] = fork;
        return TxHash.FromBytes(bytes);
    }

    public static IEnumerable<Holder> Holders(IEnumerable<Movement> movements) => movements
        .SelectMany(static movement => movement.Inputs.Concat(movement.Outputs).Concat(movement.Fee is Leg fee ? [fee] : []))
        .Select(static leg => leg.Holder).Distinct().Order();

    /// <summary>All that a source answers about some holders, both ways, from the ends and from inside.</summary>
    public static async Task<string> Answers(IHistorySource source, IReadOnlyList<Movement> movements)
    {
        Dictionary<Holder, Position> firsts = [];
        foreach (Movement movement in movements)
        {
            foreach (Holder holder in Holders([movement]))
            {
                firsts.TryAdd(holder, movement.Position);
            }
        }

        List<HistoryRequest> requests = [];
        foreach ((Holder holder, Position middle) in firsts.OrderBy(static first => first.Key))
        {
            foreach (Position at in (Position[])[Position.Start, middle, middle with { Step = middle.Step + 1 }, Position.End])
            {
                requests.Add(new HistoryRequest(holder, at, Direction.Forward));
                requests.Add(new HistoryRequest(holder, at, Direction.Backward));
            }
        }

        // A source answers with one and the same movement wherever it belongs.
        Dictionary<Movement, string> texts = [];
        string TextOf(Movement movement) => texts.TryGetValue(movement, out string? known) ? known : texts[movement] = Text(movement);
        StringWriter text = new();
        foreach (History history in await source.ReadAsync(requests, default))
        {
            await text.WriteLineAsync($"{history.Request} opening {history.Opening} closing {history.Closing} {history.Coverage}");
            history.Movements.ToList().ForEach(movement => text.WriteLine($"  {TextOf(movement)}"));
        }

        foreach ((ChainId chain, TxHash tx) in movements.Where(m => m.Tx is not null).Select(m => (m.Chain, m.Tx!.Value)).Distinct())
        {
            await text.WriteLineAsync($"{tx}: {string.Join("; ", (await source.FindTransactionAsync(chain, tx, default)).Select(Text))}");
        }

        foreach (Address address in Holders(movements).Select(static holder => holder.Address).Where(static a => !a.IsNone).Distinct())
        {
            await text.WriteLineAsync($"{address}: {string.Join("; ", await source.HoldersOfAsync(address, Position.Start, Direction.Forward, default))}");
        }

        return text.ToString();
    }

    public static string Text(Movement movement) =>
        $"{movement.Chain} {movement.Kind} {movement.Grade} {movement.Position} {movement.Stamp} {movement.Tx} '{movement.Source}' '{movement.Doubt}' {movement.CarriesData} {Legs(movement.Inputs)} > {Legs(movement.Outputs)}";

    private static string Legs(IEnumerable<Leg> legs) => string.Join(", ", legs.Select(leg => $"{leg.Holder} ({leg.Holder.Address}) {leg.Amount}"));
}
