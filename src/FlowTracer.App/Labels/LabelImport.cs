namespace FlowTracer.App.Labels;

/// <summary>What became of a file's import.</summary>
public enum LabelImportOutcome
{
    /// <summary>A pack of this name was not there.</summary>
    Added,

    /// <summary>The same bytes were already there; nothing was written.</summary>
    Unchanged,

    /// <summary>It took the place of a pack with other content, as asked.</summary>
    Replaced,
}

/// <summary>One imported pack.</summary>
/// <param name="Pack">The pack as read: its claims, what of it is not indexed and what a user should know.</param>
/// <param name="Path">Where it is kept.</param>
/// <param name="Outcome">What became of it.</param>
public sealed record LabelImport(LoadedPack Pack, string Path, LabelImportOutcome Outcome)
{
    /// <summary>The pack's name.</summary>
    public string Name => Pack.Name;

    /// <summary>How many of its tags can be looked up.</summary>
    public int IndexedCount => Pack.Tags.Count;

    /// <summary>How many of its tags cannot, because this program does not trace their chain.</summary>
    public int NotIndexedCount => Pack.NotIndexed.Sum(entry => entry.Value);

    /// <summary>How many tags it has.</summary>
    public int TagCount => IndexedCount + NotIndexedCount;
}
