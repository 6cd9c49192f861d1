using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>The parts that block files are indexed with.</summary>
public sealed class BlockFilesIndexTests
{
    [Theory]
    [InlineData(Fingerprints.MostBits)]
    [InlineData(10)]
    [InlineData(2)]
    public void An_index_built_in_layers_finds_what_a_dictionary_does(int bits)
    {
        Random random = new(bits);
        Dictionary<ulong, SortedSet<uint>> expected = [];
        FingerprintIndex index = FingerprintIndex.Empty;
        uint number = 0;
        int entries = 0;
        for (int layer = 0; layer < 60; layer++)
        {
            FingerprintPart[] parts = new FingerprintPart[random.Next(layer == 0 ? 100 : 4)];
            for (int at = 0; at < parts.Length; at++)
            {
                ulong[] packed = new ulong[random.Next(1, 30)];
                for (int i = 0; i < packed.Length; i++)
                {
                    // Some twice in one transaction.
                    ulong fingerprint = (ulong)random.NextInt64(1L << bits) << (Fingerprints.MostBits - bits);
                    packed[i] = FingerprintPart.Pack(fingerprint, i / 2);
                    expected.TryAdd(fingerprint, []);
                    entries += expected[fingerprint].Add(number + (uint)(i / 2)) ? 1 : 0;
                }

                parts[at] = new FingerprintPart(packed, number);
                number += 30;
            }

            index = index.With(parts);
        }

        Assert.Equal(8L * entries, index.ByteCount);
        foreach ((ulong fingerprint, SortedSet<uint> numbers) in expected)
        {
            Assert.Equal(numbers, index.Find(fingerprint));
        }

        for (ulong absent = 0; absent < 1000; absent++)
        {
            Assert.Equal(expected.ContainsKey(absent), index.Find(absent).Count > 0);
        }
    }

    [Fact]
    public void The_first_and_the_last_number_come_back()
    {
        ulong highest = (1UL << Fingerprints.MostBits) - 1;
        FingerprintIndex index = FingerprintIndex.Empty.With(
            [new FingerprintPart([FingerprintPart.Pack(highest, 0), FingerprintPart.Pack(0, 65_535)], uint.MaxValue - 65_535)]);
        Assert.Equal([uint.MaxValue - 65_535], index.Find(highest));
        Assert.Equal([uint.MaxValue], index.Find(0));
        Assert.Empty(index.Find(1));
    }

    [Fact]
    public void Coins_of_one_transaction_have_different_fingerprints()
    {
        Fingerprints fingerprints = new(Fingerprints.MostBits);
        byte[] coin = new byte[36];
        HashSet<ulong> seen = [];
        for (int index = 0; index < 10_000; index++)
        {
            BitConverter.TryWriteBytes(coin.AsSpan(32), index);
            seen.Add(fingerprints.OfCoin(coin));
        }

        Assert.Equal(10_000, seen.Count);
    }

    // BIP 34: the height as a script number, in its shortest form. Above 16 it is pushed with a byte for the length.
    [Theory]
    [InlineData(2, "51", 1)]
    [InlineData(2, "60", 16)]
    [InlineData(2, "0111", 17)]
    [InlineData(2, "017f", 127)]
    [InlineData(2, "028000", 128)]
    [InlineData(2, "03fc7903", 227_836)]
    [InlineData(0x20000000, "03f8c208", 574_200)]
    [InlineData(1, "03fc7903", null)] // a version that promises nothing
    [InlineData(2, "021100", null)] // not the shortest form
    [InlineData(2, "0180", null)] // negative zero
    [InlineData(2, "0400000040", null)] // more blocks than there can be
    [InlineData(2, "03fc79", null)] // cut short
    [InlineData(2, "0001", null)]
    public void A_coinbase_states_its_height(int version, string script, int? expected)
    {
        Transaction coinbase = new TransactionBuilder(1, 0)
            .AddInput(null, Convert.FromHexString(script), uint.MaxValue, [])
            .AddOutput(1, [0x51])
            .Build();
        byte[] block = MadeBlocks.Mine(Hash256.Zero, MadeBlocks.EasiestBits, version, coinbase);
        Assert.Equal(expected, CoinbaseHeight.Of(Block.Parse(block)));
    }

    [Fact]
    public void The_known_first_blocks_are_those_of_their_headers()
    {
        // Times, targets and nonces as Bitcoin Core's chain parameters have them.
        AssertGenesis(ChainId.Bitcoin, 1_231_006_505, 0x1D00FFFF, 2_083_236_893);
        AssertGenesis(ChainId.BitcoinTestnet, 1_296_688_602, 0x1D00FFFF, 414_098_458);
        AssertGenesis(ChainId.BitcoinSignet, 1_598_918_400, 0x1E0377AE, 52_613_770);
        AssertGenesis(ChainId.BitcoinRegtest, 1_296_688_602, 0x207FFFFF, 2);
        Assert.Equal(KnownGenesis.Coinbase, Block.Parse(SampleBlocks.Genesis())[0].Id);
    }

    private static void AssertGenesis(ChainId chain, uint time, uint bits, uint nonce)
    {
        BlockHeader main = BlockHeader.Parse(SampleBlocks.Genesis());
        Assert.Equal(KnownGenesis.HashOf(chain), (main with { Time = time, Bits = bits, Nonce = nonce }).ComputeHash());
    }
}
