using System.Buffers.Binary;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

public sealed class BlockFileTests
{
    private static readonly byte[] Magic = [0xF9, 0xBE, 0xB4, 0xD9];
    private static readonly byte[] Key = [0xE1, 0xF9, 0xBE, 0x01, 0x00, 0xD9, 0x7C, 0x83];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Blocks_zeros_and_rubbish_are_told_apart(bool obfuscated)
    {
        byte[] block = SampleBlocks.Genesis();
        byte[] rubbish = [1, 2, 3, 0xF9, 0xBE, 0xB4, 0xD9, 0xFF, 0xFF, 0xFF, 0xFF];
        byte[] file = Apply([.. Record(block), .. rubbish, .. Record(block)], obfuscated);
        int record = block.Length + 8;
        byte[] padded = [.. file, .. new byte[100_000]];

        List<BlockFileEntry> entries = Read(padded, obfuscated);
        Assert.Equal(
            [
                (BlockFileEntryKind.Block, 0, record),
                (BlockFileEntryKind.Unknown, record, rubbish.Length),
                (BlockFileEntryKind.Block, record + rubbish.Length, record),
                (BlockFileEntryKind.Unused, (2 * record) + rubbish.Length, 100_000),
            ],
            entries.Select(entry => (entry.Kind, (int)entry.Offset, (int)entry.Length)));
        Assert.Equal(block, entries[0].Bytes.ToArray());
        Assert.Equal(block, entries[2].Bytes.ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_torn_at_any_byte_gives_the_blocks_before_and_says_so(bool obfuscated)
    {
        byte[] block = SampleBlocks.Genesis();
        byte[] file = Apply([.. Record(block), .. Record(block)], obfuscated);
        int record = file.Length / 2;
        for (int length = 0; length <= file.Length; length++)
        {
            List<BlockFileEntry> entries = Read(file[..length], obfuscated);
            Assert.Equal(length / record, entries.Count(entry => entry.Kind == BlockFileEntryKind.Block));
            int torn = length % record;
            Assert.Equal(torn > 0, entries.Count > 0 && entries[^1].Kind == BlockFileEntryKind.Torn);
            Assert.Equal(length, entries.Sum(entry => entry.Length));
        }
    }

    [Fact]
    public void A_record_that_swallowed_the_next_is_read_again_behind_its_beginning()
    {
        byte[] block = SampleBlocks.Genesis();
        byte[] file = [.. Record(block)[..100], .. Record(block), .. new byte[500]];
        using BlockFileReader reader = new(new MemoryStream(file), ChainId.Bitcoin);
        Assert.True(reader.TryReadNext(out BlockFileEntry entry));
        Assert.Throws<BitcoinFormatException>(() => Block.Parse(entry.Bytes));
        reader.Position = entry.Offset + 1;
        Assert.True(reader.TryReadNext(out entry));
        Assert.Equal((BlockFileEntryKind.Unknown, 99L), (entry.Kind, entry.Length));
        Assert.True(reader.TryReadNext(out entry));
        Assert.Equal(block, entry.Bytes.ToArray());
    }

    [Fact]
    public void A_record_behind_more_rubbish_than_is_read_at_once_is_found()
    {
        byte[] block = SampleBlocks.Genesis();
        for (int length = 65_528; length <= 65_546; length++)
        {
            byte[] rubbish = new byte[length];
            rubbish.AsSpan().Fill(0x55);
            List<BlockFileEntry> entries = Read([.. rubbish, .. Record(block)], obfuscated: false);
            Assert.Equal([BlockFileEntryKind.Unknown, BlockFileEntryKind.Block], entries.Select(entry => entry.Kind));
        }
    }

    [Fact]
    public void A_file_that_grows_is_read_on()
    {
        byte[] record = Record(SampleBlocks.Genesis());
        using MemoryStream stream = new();
        stream.Write(record);
        using BlockFileReader reader = new(stream, ChainId.Bitcoin);
        Assert.True(reader.TryReadNext(out _));
        Assert.False(reader.TryReadNext(out _));
        stream.Position = stream.Length;
        stream.Write(record);
        Assert.True(reader.TryReadNext(out BlockFileEntry entry));
        Assert.Equal((BlockFileEntryKind.Block, (long)record.Length), (entry.Kind, entry.Offset));
    }

    [Fact]
    public void The_key_beside_the_file_is_used()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string path = Path.Combine(folder, "blk00000.dat");
            File.WriteAllBytes(path, Apply(Record(SampleBlocks.Genesis()), obfuscated: true));
            File.WriteAllBytes(Path.Combine(folder, "xor.dat"), Key);
            using (BlockFileReader reader = BlockFileReader.Open(path, ChainId.Bitcoin))
            {
                Assert.True(reader.TryReadNext(out BlockFileEntry entry));
                Assert.Equal(SampleBlocks.Genesis(), entry.Bytes.ToArray());
            }

            Assert.Throws<InputException>(() => BlockFileReader.Open(path + "x", ChainId.Bitcoin));
            File.WriteAllBytes(Path.Combine(folder, "xor.dat"), [1, 2, 3]);
            Assert.Throws<InputException>(() => BlockFileReader.Open(path, ChainId.Bitcoin));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void No_bytes_break_the_reader()
    {
        Random random = new(11);
        byte[] record = Record(SampleBlocks.Genesis());
        for (int run = 0; run < 2_000; run++)
        {
            byte[] file = [.. record, .. new byte[random.Next(50)], .. record, .. record[..random.Next(record.Length)]];
            for (int i = random.Next(6); i > 0; i--)
            {
                file[random.Next(file.Length)] = (byte)random.Next(256);
            }

            Assert.Equal(file.Length, Read(file, obfuscated: run % 2 == 0).Sum(entry => entry.Length));
        }
    }

    [Theory]
    [InlineData("0a0B\n", "0A0B")]
    [InlineData("  ", "")]
    public void Hexadecimal_text_is_bytes(string text, string expected) =>
        Assert.Equal(expected, Convert.ToHexString(HexText.ToBytes(text)));

    [Theory]
    [InlineData(" 0a0g", 4)]
    [InlineData("0a0", 3)]
    [InlineData("0a 0b", 2)]
    public void Other_text_is_not(string text, int offset) =>
        Assert.Equal(offset, Assert.Throws<BitcoinFormatException>(() => HexText.ToBytes(text)).Offset);

    private static byte[] Record(byte[] block)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, block.Length);
        return [.. Magic, .. length, .. block];
    }

    private static byte[] Apply(byte[] bytes, bool obfuscated) =>
        obfuscated ? [.. bytes.Select((value, i) => (byte)(value ^ Key[i % Key.Length]))] : bytes;

    private static List<BlockFileEntry> Read(byte[] file, bool obfuscated)
    {
        using BlockFileReader reader = new(new MemoryStream(file), ChainId.Bitcoin, obfuscated ? Key : []);
        List<BlockFileEntry> entries = [];
        while (reader.TryReadNext(out BlockFileEntry entry))
        {
            entries.Add(entry);
        }

        return entries;
    }
}
