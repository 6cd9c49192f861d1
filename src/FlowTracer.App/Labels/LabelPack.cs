namespace FlowTracer.App.Labels;

/// <summary>
/// A GraphSense TagPack with everything it holds: fields this program does not know and addresses on chains it does not
/// trace are kept as they are. Packs compare by content; where a tag stood in its file does not count.
/// </summary>
/// <param name="Name">The pack's name: its file's name without the ending.</param>
/// <param name="Header">The pack's own fields, which its tags inherit; <c>tags</c> is not among them.</param>
/// <param name="Tags">The tags in order.</param>
public sealed record LabelPack(string Name, LabelFields Header, IReadOnlyList<PackTag> Tags)
{
    /// <summary>A field of a tag: the tag's own, or the header's where the tag has none.</summary>
    public LabelValue? Effective(PackTag tag, string field)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return tag.Own.TryGet(field, out LabelValue? own) ? own : Header.TryGet(field, out LabelValue? inherited) ? inherited : null;
    }

    /// <summary>A text field of a tag, own or inherited; empty when there is none or it is null or no text.</summary>
    public string EffectiveText(PackTag tag, string field) => Effective(tag, field) is LabelText text ? text.Text : string.Empty;

    public bool Equals(LabelPack? other) =>
        other is not null && Name == other.Name && Header.Equals(other.Header) && Tags.SequenceEqual(other.Tags);

    public override int GetHashCode() => HashCode.Combine(Name, Tags.Count);
}

/// <summary>A tag of a TagPack.</summary>
/// <param name="Own">The fields written at the tag itself.</param>
/// <param name="Line">The line in the file, from 1, for messages; 0 when the tag comes from no file.</param>
public sealed record PackTag(LabelFields Own, int Line = 0)
{
    public bool Equals(PackTag? other) => other is not null && Own.Equals(other.Own);

    public override int GetHashCode() => Own.GetHashCode();
}
