using FlowTracer.Core.Model;

namespace FlowTracer.App.Heists;

/// <summary>The heists that ship with the program.</summary>
/// <param name="fixtures">The folder that holds <c>heists/</c> and the records they name.</param>
public sealed class HeistCatalogue(string fixtures)
{
    private string Folder => Path.Combine(fixtures, "heists");

    /// <summary>The ids, sorted.</summary>
    public IReadOnlyList<string> Ids => Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(static f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Whether there is a heist of that id.</summary>
    public bool Has(string id) => Ids.Contains(id);

    /// <summary>Reads a heist.</summary>
    /// <exception cref="InputException">There is none of that id (names the nearest ones), or its file is malformed.</exception>
    public Heist Read(string id)
    {
        if (!Has(id))
        {
            throw new InputException(
                $"unknown heist {new ParseError(id, 1, Ids.Count == 0 ? "the catalogue is empty" : "the catalogue has " + string.Join(", ", Ids))}");
        }

        string file = Path.Combine(Folder, id + ".yaml");
        Heist heist = HeistFile.Parse(File.ReadAllText(file), file);
        return heist.SeedsPath.Length == 0 ? heist : heist with { Seeds = HeistSeedFile.Read(Shipped(heist, heist.SeedsPath)) };
    }

    /// <summary>The full path of a heist's record.</summary>
    /// <exception cref="InputException">The heist has no record, or the record is not there.</exception>
    public string RecordOf(Heist heist)
    {
        if (heist.DataPath.Length == 0)
        {
            throw new InputException(
                $"heist '{heist.Id}' has no record that ships with the program: give a live source with --source, or your own record with --data");
        }

        return Shipped(heist, heist.DataPath);
    }

    private string Shipped(Heist heist, string relative)
    {
        string path = Path.GetFullPath(Path.Combine(fixtures, relative));
        return path.StartsWith(Path.GetFullPath(fixtures) + Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(path)
            ? path
            : throw new InputException($"a file that heist '{heist.Id}' names is not there: {relative}");
    }
}
