using System.Text;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Tests.Chains;
using static FlowTracer.Tests.Chains.CsvText;

namespace FlowTracer.Tests.Import;

/// <summary>A transfers CSV read as a stream says what it says when it is read as a whole.</summary>
public sealed class TransfersStreamTests
{
    private static readonly string[] Parties = [A, B, C, "0x00000000000000000000000000000000000000ee"];
    private static readonly string[] Assets = ["ETH", EtherscanText.Usdc, EtherscanText.Unknown];

    [Fact]
    public void Random_records_streamed_in_small_loads_are_what_they_are_as_a_whole()
    {
        int swaps = 0;
        int loads = 0;
        for (int seed = 0; seed < 120; seed++)
        {
            Random random = new(seed);
            string text = Record(random);
            IReadOnlyList<Movement> whole = TransfersCsv.Read(Encoding.UTF8.GetBytes(text), "t.csv");
            using ImportCase files = new ImportCase().With("t.csv", seed % 2 == 0 ? Encoding.UTF8.GetBytes(text) : ImportCase.Gzip(text));
            List<FlowLoad> streamed = files.Loads(size: random.Next(1, 10));
            foreach (IGrouping<ChainId, Movement> chain in whole.GroupBy(static m => m.Chain))
            {
                Assert.Equal(
                    chain.Select(Everything), streamed.Where(load => load.Chain == chain.Key).SelectMany(static load => load.Movements).Select(Everything));
            }

            Assert.Equal(whole.Count, streamed.Sum(static load => load.Movements.Count));
            swaps += whole.Count(static m => m.IsSwap);
            loads += streamed.Count;
        }

        Assert.True(swaps > 100 && loads > 200, $"{swaps} swaps, {loads} loads");
    }

    [Fact]
    public void The_record_that_ships_is_the_same_too()
    {
        string path = TestFiles.Fixture("ethereum", "ronin-2022", "transfers.csv");
        using ImportCase files = new ImportCase().With("t.csv", System.IO.File.ReadAllBytes(path));
        Assert.Equal(TransfersCsv.Read(System.IO.File.ReadAllBytes(path), "t.csv").Select(Everything), files.Movements(size: 100).Select(Everything));
    }

    private static string Everything(Movement m) =>
        $"{m.Kind} {m.Grade} {m.Position} {m.Stamp} {m.Tx} {m.Source} {m.Doubt} "
        + string.Join(';', m.Inputs.Concat(m.Outputs).Select(static leg => $"{leg.Holder} {leg.Amount}")) + m.Inputs.Length;

    // Transactions of several transfers on two chains, with and without blocks, times and hashes.
    private static string Record(Random random)
    {
        List<string> rows = [];
        int[] blocks = [100, 100];
        for (int tx = 0; tx < random.Next(1, 40); tx++)
        {
            int chain = random.Next(2);
            blocks[chain] += random.Next(3);
            bool hasHash = random.Next(4) > 0;
            bool hasBlock = random.Next(3) > 0;
            for (int i = random.Next(hasHash ? 5 : 1); i >= 0; i--)
            {
                bool isFee = i == 0 && random.Next(3) == 0;
                rows.Add(Row(
                    chain: chain == 0 ? "ethereum" : "ethereum-5",
                    block: hasBlock ? $"{blocks[chain]}" : "",
                    tx: hasHash ? Tx(tx) : "",
                    kind: isFee ? "fee" : i % 2 == 0 ? "internal" : "erc20",
                    from: Parties[random.Next(Parties.Length)],
                    to: isFee ? "" : Parties[random.Next(Parties.Length)],
                    asset: Assets[random.Next(Assets.Length)],
                    amount: $"{random.Next(5)}",
                    source: random.Next(2) == 0 ? "a" : "\"b, c\""));
            }
        }

        return CsvText.File([.. rows]);
    }
}
