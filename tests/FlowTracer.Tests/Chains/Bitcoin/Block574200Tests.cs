using System.Collections.Immutable;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Taint;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>
/// A real block as a folder of block files with nothing before and nothing behind it. 971 of its coins are made and spent
/// in it; what its other inputs are worth, nobody can know from it alone.
/// </summary>
public sealed class Block574200Tests
{
    private const string FolderName = "bitcoin-blocks";
    private const string FileName = "btcd_0000000000000000001602407ac49862a7bca9d00f7f402db20b7be2f5de59d2.blk";
    private const int Height = 574_200;
    private const string ChipMixer = "fab6334bf6bbef7400952624c9ccfc86bd7609fcb838509ae181edc55554204b";
    private const string Wasabi = "1403abb51094497dd850169729ece696b67d14a82966521c20adaa27d25d187e";

    // Every input of a transaction is a coin of this block (then all of it came from the roots), or one at least is not (then
    // it cannot be followed). So, whatever the policy, of all that the roots' outputs are worth: what a followed transaction
    // does not pay out is fee, what goes into one that cannot be followed is cut, and the rest lies unspent.
    [NeedsDataFact(FolderName)]
    public async Task Every_satoshi_of_the_coins_spent_in_the_block_is_accounted_for()
    {
        Block block = Block.Parse(File.ReadAllBytes(Path.Combine(SharedData.Folder(FolderName), FileName)));
        Ledger ledger = new(block);
        Assert.Equal(971, ledger.SpentInside.Count);
        using MadeFolder folder = new MadeFolder().Write(0, MadeFolder.Record(block.Bytes.ToArray(), MadeFolder.MainMagic));
        using BitcoinSource source = await OpenAsync(folder);
        foreach (ITaintPolicy policy in TaintPolicies.All.Where(static policy => !policy.MeasuresReach))
        {
            ImmutableArray<Seed> seeds = await SeedsAsync(source, ledger.Roots);
            Trace trace = await new Tracer(source, new NoTags(), FetchOptions.AllAtOnce).RunAsync(
                new TraceQuestion(seeds, policy, Direction.Forward, Limits.None, []), null, CancellationToken.None);
            Assert.Equal(ledger.RootSats, Sum(trace, null));
            Assert.Equal(ledger.FeeSats, Sum(trace, SinkKind.Fee));
            Assert.Equal(ledger.CutSats, Sum(trace, SinkKind.Cut));
            Assert.Equal(ledger.RootSats - ledger.FeeSats - ledger.CutSats, Sum(trace, SinkKind.Held));
            Assert.All(trace.Balance, static balance =>
                Assert.Equal(balance.Stolen, balance.Sinks.Aggregate(balance.ClaimedEarlier, static (sum, row) => sum + row.Amount)));
        }
    }

    [NeedsDataFact(FolderName)]
    public async Task What_came_out_of_ChipMixer_s_and_Wasabi_s_coins_rests_at_the_end_of_the_block()
    {
        Block block = Block.Parse(File.ReadAllBytes(Path.Combine(SharedData.Folder(FolderName), FileName)));
        using MadeFolder folder = new MadeFolder().Write(0, MadeFolder.Record(block.Bytes.ToArray(), MadeFolder.MainMagic));
        using BitcoinSource source = await OpenAsync(folder);
        foreach ((string text, int inputs, ulong outputSats) in new[] { (ChipMixer, 5, 44_784_320UL), (Wasabi, 8, 82_225_500UL + 4_357_564UL) })
        {
            Assert.True(TxHash.TryParse(ChainFamily.Utxo, text, out TxHash id, out _));
            IReadOnlyList<Movement> found = await source.FindTransactionAsync(ChainId.Bitcoin, id, CancellationToken.None);
            Movement made = Assert.Single(found);
            Assert.Equal(MovementKind.Unresolved, made.Kind);
            Assert.Contains($"{inputs} of its {inputs} inputs", made.Doubt, StringComparison.Ordinal);
            Assert.Equal(outputSats, Movement.Sum(made.Outputs));
            ImmutableArray<Seed> seeds = [.. made.Outputs.Select((leg, i) => TransferSeed.Create(made, i, leg.Amount))];
            Trace trace = await new Tracer(source, new NoTags(), FetchOptions.AllAtOnce).RunAsync(
                new TraceQuestion(seeds, TaintPolicies.Fifo, Direction.Forward, Limits.None, []), null, CancellationToken.None);
            Assert.Equal(outputSats, Sum(trace, SinkKind.Held));
        }
    }

    private static async Task<BitcoinSource> OpenAsync(MadeFolder folder)
    {
        BlockFilesRpc files = await folder.OpenAsync();
        BitcoinProbe probe = new(files);
        return new BitcoinSource(
            files, await probe.AboutAsync(CancellationToken.None),
            await probe.LookAsync(ChainId.Bitcoin, null, Height, CancellationToken.None),
            static _ => throw new InvalidOperationException("the chain does not change"), static () => false, statesFees: false);
    }

    private static async Task<ImmutableArray<Seed>> SeedsAsync(BitcoinSource source, IReadOnlyList<OutPoint> coins)
    {
        IReadOnlyList<IReadOnlyList<Movement>> found = await source
            .FindTransactionsAsync(ChainId.Bitcoin, [.. coins.Select(static coin => coin.Tx)], CancellationToken.None);
        return [.. coins.Zip(found, static (coin, movements) =>
        {
            Movement made = movements.Single(movement => movement.Outputs.Any(leg => leg.Holder.Coin == coin));
            int output = made.Outputs.Select(static leg => leg.Holder.Coin).ToList().IndexOf(coin);
            return TransferSeed.Create(made, output, made.Outputs[output].Amount);
        })];
    }

    private static Amount Sum(Trace trace, SinkKind? kind) => trace.Balance
        .SelectMany(static balance => balance.Sinks).Where(row => kind is null || row.Kind == kind)
        .Aggregate(Amount.Zero, static (sum, row) => sum + row.Amount);

    private sealed class NoTags : ITagSource
    {
        public IReadOnlyList<Tag> TagsOf(Address address) => [];
    }

    /// <summary>The block read by simple loops.</summary>
    private sealed class Ledger
    {
        public Ledger(Block block)
        {
            Dictionary<OutPoint, ulong> made = [];
            List<Transaction> transactions = [.. Enumerable.Range(0, block.TransactionCount).Select(i => block[i])];
            foreach (Transaction tx in transactions)
            {
                foreach (TxOut output in tx.Outputs)
                {
                    made[new OutPoint(tx.Id, (uint)output.Index)] = output.ValueSats;
                }
            }

            HashSet<TxHash> followed = [];
            foreach (Transaction tx in transactions.Where(static tx => !tx.IsCoinbase))
            {
                List<OutPoint> coins = [];
                foreach (TxIn input in tx.Inputs)
                {
                    coins.Add(input.Spends);
                }

                SpentInside.AddRange(coins.Where(made.ContainsKey));
                ulong known = coins.Aggregate(0UL, (sum, coin) => sum + made.GetValueOrDefault(coin));
                if (coins.TrueForAll(made.ContainsKey))
                {
                    followed.Add(tx.Id);
                    FeeSats += known - Paid(tx);
                }
                else
                {
                    CutSats += known;
                }
            }

            Roots = [.. SpentInside.Where(coin => !followed.Contains(coin.Tx)).Order()];
            RootSats = Roots.Aggregate(0UL, (sum, coin) => sum + made[coin]);
        }

        public List<OutPoint> SpentInside { get; } = [];

        /// <summary>Those of them that do not come from others.</summary>
        public IReadOnlyList<OutPoint> Roots { get; }

        public ulong RootSats { get; }

        public ulong FeeSats { get; }

        public ulong CutSats { get; }

        private static ulong Paid(Transaction tx)
        {
            ulong sum = 0;
            foreach (TxOut output in tx.Outputs)
            {
                sum += output.ValueSats;
            }

            return sum;
        }
    }
}
