using System.Buffers.Binary;
using FlowTracer.Chains.Bitcoin.Live;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Bitcoin;

/// <summary>A folder of block files that lasts as long as its test.</summary>
internal sealed class MadeFolder : IDisposable
{
    public static readonly byte[] MainMagic = [0xF9, 0xBE, 0xB4, 0xD9];
    public static readonly byte[] RegtestMagic = [0xFA, 0xBF, 0xB5, 0xDA];
    private static readonly byte[] Key = [0xE1, 0xF9, 0xBE, 0x01, 0x00, 0xD9, 0x7C, 0x83];

    private readonly bool _isObfuscated;

    public MadeFolder(bool isObfuscated = false)
    {
        _isObfuscated = isObfuscated;
        if (isObfuscated)
        {
            File.WriteAllBytes(PathOf("xor.dat"), Key);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("flowtracer-blocks-").FullName;

    public static byte[] Record(byte[] block, byte[]? magic = null)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, block.Length);
        return [.. magic ?? RegtestMagic, .. length, .. block];
    }

    public static byte[] Records(IEnumerable<byte[]> blocks, byte[]? magic = null) =>
        [.. blocks.SelectMany(block => Record(block, magic))];

    public string PathOf(string file) => System.IO.Path.Combine(Path, file);

    /// <summary>Writes a file anew.</summary>
    public MadeFolder Write(int number, byte[] bytes)
    {
        File.WriteAllBytes(PathOf($"blk{number:D5}.dat"), Apply(bytes, 0));
        return this;
    }

    /// <summary>Writes behind what is there.</summary>
    public void Append(int number, byte[] bytes)
    {
        using FileStream file = new(PathOf($"blk{number:D5}.dat"), FileMode.Append);
        file.Write(Apply(bytes, file.Position));
    }

    public Task<BlockFilesRpc> OpenAsync(ChainId? chain = null) =>
        BlockFilesRpc.OpenAsync(Path, chain, null, CancellationToken.None);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private byte[] Apply(byte[] bytes, long offset) =>
        _isObfuscated ? [.. bytes.Select((value, i) => (byte)(value ^ Key[(int)((offset + i) % Key.Length)]))] : bytes;
}
