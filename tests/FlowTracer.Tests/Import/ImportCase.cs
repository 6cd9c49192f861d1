using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;
using FlowTracer.App.Import;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Import;

/// <summary>Files of a test in a folder of their own, and what importing them gives.</summary>
internal sealed class ImportCase : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flowtracer-import-");
    private readonly List<string> _paths = [];

    public string? Format { get; init; }

    public string? Chain { get; init; }

    public string[] Decimals { get; init; } = [];

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public ImportCase With(string name, string text) => With(name, Encoding.UTF8.GetBytes(text));

    public ImportCase With(string name, byte[] bytes)
    {
        File.WriteAllBytes(PathOf(name), bytes);
        _paths.Add(PathOf(name));
        return this;
    }

    public static byte[] Gzip(string text)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    public FlowImport Open() => new(
        _paths,
        ImportOptions.Parse(Format, Chain, Decimals, AssetCatalogue.Read(TestFiles.Fixture("ethereum", "tokens.csv"))),
        progress: null,
        CancellationToken.None);

    public List<FlowLoad> Loads(int size = FlowImport.LoadMovements) => [.. Open().Loads(size)];

    public List<Movement> Movements(int size = FlowImport.LoadMovements) => [.. Loads(size).SelectMany(static load => load.Movements)];

    /// <summary>The only problem there is, without the folder; the same that loading gives up with.</summary>
    public string Problem()
    {
        string found = Assert.Single(Problems());
        Assert.Equal(found, Shown(Assert.Throws<InputException>(() => Loads()).Message));
        return found;
    }

    public ImmutableArray<string> Problems()
    {
        ImportReport report = Open().Check();
        Assert.All(report.Problems, static problem => Assert.DoesNotContain('\n', problem));
        return [.. report.Problems.Select(Shown)];
    }

    /// <summary>Why the files are not even looked into.</summary>
    public string Refused() => Shown(Assert.Throws<InputException>(Open).Message);

    /// <summary>A movement in one line: block/index/step, kind, who gave how much of what, and who got it.</summary>
    public static string Text(Movement movement) =>
        $"{movement.Position} {movement.Kind} {Legs(movement.Inputs)} > {Legs(movement.Outputs)}";

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Legs(ImmutableArray<Leg> legs) => string.Join(
        " + ", legs.Select(static leg => $"{Short(leg.Holder.Address)} {leg.Amount} {(leg.Holder.Asset.IsCoin ? leg.Holder.Asset.ToString() : Short(leg.Holder.Asset.Contract))}"));

    // Addresses of tests differ in their last two digits.
    private static string Short(Address address) => address.ToString()[^2..].ToLowerInvariant();

    private string Shown(string message) => message.Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
}
