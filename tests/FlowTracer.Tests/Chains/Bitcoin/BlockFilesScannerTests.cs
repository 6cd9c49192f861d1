using FlowTracer.Chains.Bitcoin;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>Files made to be read over and over.</summary>
public sealed class BlockFilesScannerTests
{
    // 500,000 bytes, little-endian: reaching over tens of thousands of the records that follow.
    private static readonly byte[] Beginning = [.. MadeFolder.RegtestMagic, 0x20, 0xA1, 0x07, 0x00];

    private static readonly List<byte[]> Chain = [MadeBlocks.Genesis(), .. MadeBlocks.Extend(MadeBlocks.Genesis(), 0, 5, mark: 0)];

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(91)]
    public void A_file_of_records_that_begin_every_few_bytes_is_read_a_few_times(int between)
    {
        byte[] many = [.. Enumerable.Repeat((byte[])[.. Beginning, .. new byte[between]], 1_000_000 / (8 + between)).SelectMany(static part => part)];
        using MadeFolder folder = new();
        byte[] file = [.. MadeFolder.Records(Chain[..3]), .. many, .. MadeFolder.Records(Chain[3..]), .. many];
        folder.Write(0, file);

        (IReadOnlyList<ScannedBlock> found, long bytesRead) = Scan(folder);

        Assert.Equal(Chain.Select(MadeBlocks.HashOf), found.Select(static block => block.Block.Hash));
        Assert.InRange(bytesRead, file.Length, 3L * file.Length);
    }

    [Fact]
    public void Broken_records_with_proof_of_work_that_lie_in_one_another_end_the_reading()
    {
        byte[] record = [.. Beginning, .. Chain[0][..80]];
        using MadeFolder folder = new();
        byte[] file = [.. MadeFolder.Records(Chain), .. Enumerable.Repeat(record, 20_000).SelectMany(static part => part)];
        folder.Write(0, file);

        InputException fault = Assert.Throws<InputException>(() => Scan(folder));

        Assert.Contains("blk00000.dat: it holds too many records that begin as blocks and are none", fault.Message, StringComparison.Ordinal);

        // 100 of them are 50 megabytes: not too many yet.
        folder.Write(0, [.. MadeFolder.Records(Chain), .. Enumerable.Repeat(record, 100).SelectMany(static part => part), .. new byte[500_000]]);
        Assert.Equal(Chain.Count, Scan(folder).Found.Count);
    }

    private static (IReadOnlyList<ScannedBlock> Found, long BytesRead) Scan(MadeFolder folder)
    {
        List<CountingStream> opened = [];
        BlockFolder files = BlockFolder.Open(folder.Path, ChainId.BitcoinRegtest);
        BlockFilesScanner scanner = new(files, new Fingerprints(Fingerprints.MostBits), file =>
        {
            CountingStream stream = new(File.ReadAllBytes(file));
            opened.Add(stream);
            return new BlockFileReader(stream, ChainId.BitcoinRegtest);
        });
        IReadOnlyList<ScannedBlock>? found = scanner.ReadOn(null, CancellationToken.None);
        Assert.NotNull(found);
        return (found, opened.Sum(static stream => stream.BytesRead));
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long BytesRead { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            int read = base.Read(buffer);
            BytesRead += read;
            return read;
        }
    }
}
