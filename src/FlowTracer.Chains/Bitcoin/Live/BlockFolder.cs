using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>A folder of block files: their names in order, their chain, and the key they are combined with.</summary>
internal sealed class BlockFolder
{
    private const string Prefix = "blk";
    private const string Suffix = ".dat";

    private readonly byte[] _key;

    private BlockFolder(string path, ChainId chain, byte[] key) => (Path, Chain, _key) = (path, chain, key);

    /// <summary>As the user named it.</summary>
    public string Path { get; }

    /// <summary>Whose blocks the files hold.</summary>
    public ChainId Chain { get; }

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="chain">Whose blocks are expected; null for whatever the first file begins with.</param>
    /// <exception cref="InputException">There is no such folder, it has no block files, their key or the first of them
    /// cannot be read, or they are of another chain.</exception>
    public static BlockFolder Open(string path, ChainId? chain)
    {
        IReadOnlyList<string> files = FilesIn(path);
        byte[] key = Guard(path, () => BlockFileReader.ReadKey(System.IO.Path.Combine(path, BlockFileReader.KeyFileName)));
        ChainId? found = null;
        string foundIn = files[0];
        foreach (string file in files)
        {
            found = Guard(file, () => ChainOf(file, key));
            if (found is not null)
            {
                foundIn = file;
                break;
            }
        }

        // Without a chain that is asked for, files that begin with rubbish may be anything. With one they are read.
        ChainId asked = chain ?? found ?? throw new InputException(
            foundIn, 0, 0, "it begins with no block of a known Bitcoin network");
        return found is { } other && other != asked
            ? throw new InputException(foundIn, 0, 0, $"it holds blocks of {other}, not of {asked}")
            : new BlockFolder(path, asked, key);
    }

    /// <summary>The files' paths in the order of their numbers: about the order in which the blocks arrived.</summary>
    /// <exception cref="InputException">There is no such folder, or no block file in it.</exception>
    public IReadOnlyList<string> Files() => FilesIn(Path);

    /// <summary>Opens one of the files, which may be one that a node still writes.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public BlockFileReader OpenFile(string file) => new(OpenStream(file), Chain, _key);

    /// <summary>Runs what reads a file, and says of a fault which file it was.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException(file, 0, 0, $"cannot be read: {fault.Message}");
        }
    }

    private static FileStream OpenStream(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static IReadOnlyList<string> FilesIn(string path)
    {
        if (!Directory.Exists(path))
        {
            throw new InputException(path, 0, 0, "there is no such folder");
        }

        string[] files = Guard(path, () => Directory.GetFiles(path, Prefix + "*" + Suffix));
        (ulong Number, string File)[] numbered =
        [
            .. files.Where(static file => NumberOf(file) is not null)
                .Select(static file => (NumberOf(file)!.Value, file))
                .Order(),
        ];
        return numbered.Length > 0
            ? [.. numbered.Select(static entry => entry.File)]
            : throw new InputException(path, 0, 0, "there is no block file (blk00000.dat and on) in it");
    }

    private static ulong? NumberOf(string file)
    {
        ReadOnlySpan<char> digits = System.IO.Path.GetFileName(file.AsSpan())[Prefix.Length..^Suffix.Length];
        return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
    }

    private static ChainId? ChainOf(string file, byte[] key)
    {
        using FileStream stream = OpenStream(file);
        Span<byte> beginning = stackalloc byte[sizeof(uint)];
        int count = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        for (int i = 0; i < count && key.Length > 0; i++)
        {
            beginning[i] ^= key[i];
        }

        return BlockFileReader.ChainOf(beginning[..count]);
    }
}
