using System.Xml.Linq;

namespace FlowTracer.Tests.Architecture;

/// <summary>What a project file says about its dependencies.</summary>
/// <param name="Name">The file's name without extension.</param>
/// <param name="Projects">Names of the projects it references.</param>
/// <param name="Packages">Its package references.</param>
/// <param name="Detours">Elements that would bring code in past the project references.</param>
internal sealed record ProjectFile(
    string Name,
    IReadOnlyList<string> Projects,
    IReadOnlyList<PackageUse> Packages,
    IReadOnlyList<string> Detours)
{
    /// <summary>Reads the XML of a project file.</summary>
    public static ProjectFile Parse(string name, string xml)
    {
        XElement root = XDocument.Parse(xml).Root!;
        return new ProjectFile(
            name,
            Items(root, "ProjectReference").Select(item => Path.GetFileNameWithoutExtension(Slashes(Include(item)))).ToList(),
            Items(root, "PackageReference").Select(PackageUse.From).ToList(),
            Items(root, "Reference")
                .Concat(Items(root, "Compile").Where(item => Slashes(Include(item)).StartsWith("..", StringComparison.Ordinal)))
                .Select(item => $"{item.Name.LocalName} {Include(item)}")
                .ToList());
    }

    private static IEnumerable<XElement> Items(XElement root, string name) =>
        root.Descendants().Where(element => element.Name.LocalName == name && element.Attribute("Include") is not null);

    private static string Include(XElement item) => item.Attribute("Include")!.Value;

    private static string Slashes(string path) => path.Replace('\\', '/');
}

/// <summary>One package reference: its id, the version it states itself (none, by the house rule) and PrivateAssets.</summary>
internal sealed record PackageUse(string Id, string? Version, string? PrivateAssets)
{
    public static PackageUse From(XElement item) => new(
        item.Attribute("Include")!.Value,
        Value(item, "Version") ?? Value(item, "VersionOverride"),
        Value(item, "PrivateAssets"));

    private static string? Value(XElement item, string name) =>
        item.Attribute(name)?.Value ?? item.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value;
}
