using System.Text;
using System.Text.Json;
using FlowTracer.Chains.Bitcoin;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>The blocks of mainnet in the shared data, whatever form their publishers kept them in.</summary>
internal static class RealBlocks
{
    public const string FolderName = "bitcoin-blocks";

    /// <summary>Files of the folder that hold no block in its own bytes.</summary>
    private static readonly string[] NoBlocks =
    [
        "btcd_277647.utxostore.bz2", // outputs, not blocks
        "bitcoinruby_056b.json", // fields only
        "bitcoinruby_rawblock-131025.json", // fields of the .bin beside it
        "nbitcoin_Block1.json", // fields only
    ];

    public static string PathOf(string file) => Path.Combine(SharedData.Folder(FolderName), file);

    /// <summary>Every file that holds blocks, in the order of names.</summary>
    public static IEnumerable<string> Files() => Directory.EnumerateFiles(SharedData.Folder(FolderName))
        .Select(path => Path.GetFileName(path))
        .Except(NoBlocks)
        .Order(StringComparer.Ordinal);

    /// <summary>The blocks of one file.</summary>
    public static IEnumerable<byte[]> Read(string file)
    {
        byte[] bytes = ReadFile(file);
        return bytes.AsSpan().StartsWith<byte>([0xF9, 0xBE, 0xB4, 0xD9]) ? Split(bytes) : [bytes];
    }

    private static byte[] ReadFile(string file) => Path.GetExtension(file) switch
    {
        ".bz2" => SharedData.Bunzip(PathOf(file)),
        // Its publisher left one digit too many behind the block.
        ".hex" when file == "goipld_segwit.hex" => HexText.ToBytes(File.ReadAllText(PathOf(file)).AsSpan()[..^1]),
        ".hex" or ".txt" => HexText.ToBytes(File.ReadAllText(PathOf(file))),
        ".json" => HexText.ToBytes(HexIn(file)),
        _ => File.ReadAllBytes(PathOf(file)),
    };

    private static string HexIn(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(PathOf(file), Encoding.UTF8));
        JsonElement root = json.RootElement;
        return (root.ValueKind == JsonValueKind.String ? root : root.GetProperty("block")).GetString()!;
    }

    private static IEnumerable<byte[]> Split(byte[] bytes)
    {
        using BlockFileReader reader = new(new MemoryStream(bytes), ChainId.Bitcoin);
        while (reader.TryReadNext(out BlockFileEntry entry))
        {
            if (entry.Kind == BlockFileEntryKind.Block)
            {
                yield return entry.Bytes.ToArray();
            }
        }
    }
}
