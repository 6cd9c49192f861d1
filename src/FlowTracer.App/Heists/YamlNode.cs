using FlowTracer.Core.Model;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlowTracer.App.Heists;

/// <summary>
/// A piece of a YAML document with the line it stands on: a text, a list or a map. Anchors, aliases and tags are
/// refused, and depth and size are bounded, so that no file can grow when it is read.
/// </summary>
internal sealed class YamlNode
{
    private const int MaxDepth = 16;
    private const int MaxChars = 4 * 1024 * 1024;

    private readonly string _file;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private YamlNode(string file, long line) => (_file, Line) = (file, line);

    /// <summary>The line it starts on, from 1.</summary>
    public long Line { get; }

    /// <summary>The text of a scalar; null for a list or a map.</summary>
    public string? Text { get; private init; }

    /// <summary>The items of a list; empty otherwise.</summary>
    public IReadOnlyList<YamlNode> Items { get; private init; } = [];

    private Dictionary<string, YamlNode>? Map { get; init; }

    /// <summary>Reads one document whose top is a map.</summary>
    /// <exception cref="InputException">It is not YAML of that kind; names the line.</exception>
    public static YamlNode Parse(string text, string file)
    {
        if (text.Length > MaxChars)
        {
            throw new InputException(file, 0, 0, "too large for a heist file (4 MiB)");
        }

        try
        {
            Parser parser = new(new StringReader(text));
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            YamlNode node = Read(parser, file, 0);

            // A second document would be passed over in silence.
            parser.Consume<DocumentEnd>();
            parser.Consume<StreamEnd>();
            return node.Map is null ? throw node.Fault("a heist file is a map of keys to values") : node;
        }
        catch (YamlException fault)
        {
            throw new InputException(
                file, fault.Start.Line, fault.Start.Column, $"not valid YAML: {fault.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>The value of a key that must be there.</summary>
    public YamlNode this[string key] => Find(key) ?? throw Fault($"'{key}' is missing");

    /// <summary>The value of a key, or null.</summary>
    public YamlNode? Find(string key)
    {
        if (Map is null)
        {
            throw Fault("expected a map of keys to values");
        }

        _used.Add(key);
        return Map.GetValueOrDefault(key);
    }

    /// <summary>The text of a key that must be there.</summary>
    public string TextOf(string key) => this[key] is { Text: string text } && text.Length > 0
        ? text
        : throw this[key].Fault($"'{key}' should be a text");

    /// <summary>The text of a key; empty when it is not there.</summary>
    public string TextOrEmpty(string key) => Find(key) is null ? string.Empty : TextOf(key);

    /// <summary>The items of a key's list; none when it is not there.</summary>
    public IReadOnlyList<YamlNode> ListOf(string key) => Find(key) switch
    {
        null => [],
        { Text: null, Map: null } list => list.Items,
        { } other => throw other.Fault($"'{key}' should be a list"),
    };

    /// <summary>Refuses keys that nobody asked for: a misspelt key must not pass in silence.</summary>
    public void RefuseOthers()
    {
        string? unknown = Map?.Keys.FirstOrDefault(key => !_used.Contains(key));
        if (unknown is not null)
        {
            throw Map![unknown].Fault($"unknown key '{unknown}': expected {string.Join(", ", _used.Order(StringComparer.Ordinal))}");
        }
    }

    /// <summary>A fault at this node's line.</summary>
    public InputException Fault(string reason) => new(_file, Line, 0, reason);

    private static YamlNode Read(Parser parser, string file, int depth)
    {
        ParsingEvent next = parser.Current!;
        if (next is AnchorAlias || (next is NodeEvent node && (!node.Anchor.IsEmpty || (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific))))
        {
            throw new InputException(file, next.Start.Line, next.Start.Column, "anchors, aliases and tags are not used here");
        }

        if (depth > MaxDepth)
        {
            throw new InputException(file, next.Start.Line, next.Start.Column, "nested too deeply");
        }

        return parser.Current switch
        {
            Scalar => TextNode(parser.Consume<Scalar>(), file),
            SequenceStart => ReadList(parser, file, depth, parser.Consume<SequenceStart>().Start.Line),
            _ => ReadMap(parser, file, depth, parser.Consume<MappingStart>().Start.Line),
        };
    }

    private static YamlNode TextNode(Scalar scalar, string file) => new(file, scalar.Start.Line) { Text = scalar.Value };

    private static YamlNode ReadList(Parser parser, string file, int depth, long line)
    {
        List<YamlNode> items = [];
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Read(parser, file, depth + 1));
        }

        return new YamlNode(file, line) { Items = items };
    }

    private static YamlNode ReadMap(Parser parser, string file, int depth, long line)
    {
        Dictionary<string, YamlNode> map = new(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            YamlNode key = Read(parser, file, depth + 1);
            YamlNode value = Read(parser, file, depth + 1);
            if (key.Text is null || !map.TryAdd(key.Text, value))
            {
                throw key.Fault(key.Text is null ? "a key should be a text" : $"key '{key.Text}' appears twice");
            }
        }

        return new YamlNode(file, line) { Map = map };
    }
}
