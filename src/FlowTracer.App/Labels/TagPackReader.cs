using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlowTracer.App.Labels;

/// <summary>
/// Reads GraphSense TagPacks (YAML). Only the event parser of the YAML library is used: no type is ever resolved or
/// constructed from a file. What a file can demand is bounded by the limits below, so that a hostile one is refused and
/// cannot exhaust the machine.
/// </summary>
public static class TagPackReader
{
    /// <summary>The largest file, in bytes: 64 MiB. The largest public TagPack has 2 MB.</summary>
    public const int MaxFileBytes = 64 * 1024 * 1024;

    /// <summary>How deep values may nest. A TagPack needs four levels.</summary>
    public const int MaxDepth = 16;

    /// <summary>How many values a file may amount to when every alias is written out.</summary>
    public const long MaxValues = 4_000_000;

    /// <summary>How many characters its values may amount to when every alias is written out.</summary>
    public const long MaxCharacters = 2L * MaxFileBytes;

    /// <summary>Reads a pack; false with the first fault found.</summary>
    /// <param name="content">The file's bytes: UTF-8, with or without a byte order mark.</param>
    /// <param name="fileName">The file's name for messages; without its ending it names the pack.</param>
    /// <param name="pack">The pack when there is no fault.</param>
    /// <param name="error">The fault with its line and column.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> content,
        string fileName,
        [NotNullWhen(true)] out LabelPack? pack,
        [NotNullWhen(false)] out LabelError? error)
    {
        (pack, error) = (null, null);
        try
        {
            string text = LabelFileText.Decode(content, fileName, MaxFileBytes);
            pack = new Reading(fileName, text).ReadPack();
            return true;
        }
        catch (LabelFormatException fault)
        {
            error = fault.Error;
        }
        catch (YamlException fault)
        {
            error = new LabelError(
                fileName, (int)fault.Start.Line, (int)fault.Start.Column, LabelError.OneLine("not valid YAML: " + fault.Message));
        }

        return false;
    }

    /// <summary>Reads a pack from a stream; see the other overload.</summary>
    public static bool TryRead(
        Stream content,
        string fileName,
        [NotNullWhen(true)] out LabelPack? pack,
        [NotNullWhen(false)] out LabelError? error)
    {
        if (!LabelFileText.TryReadBounded(content, fileName, MaxFileBytes, out byte[]? bytes, out error))
        {
            pack = null;
            return false;
        }

        return TryRead(bytes, fileName, out pack, out error);
    }

    private sealed class Reading(string file, string text)
    {
        private static readonly string[] TextFields =
        [
            "title", "creator", "label", "address", "source", "currency", "network", "category", "abuse", "confidence", "actor",
        ];

        private readonly Parser _parser = new(new StringReader(text));
        private readonly Dictionary<string, LabelValue?> _anchors = new(StringComparer.Ordinal);
        private long _values;
        private long _characters;

        public LabelPack ReadPack()
        {
            Next<StreamStart>("a YAML file");
            if (Advance() is not DocumentStart)
            {
                throw Fault(_parser.Current, "the file is empty; a TagPack has fields and a list of tags");
            }

            ParsingEvent root = Next<MappingStart>("a TagPack's fields");
            RefuseYamlTag((NodeEvent)root);
            (LabelFields header, List<PackTag>? tags) = ReadRoot();
            if (tags is null)
            {
                throw Fault(root, "there is no 'tags' list, so this is not a TagPack");
            }

            Next<DocumentEnd>("the end of the TagPack");
            Next<StreamEnd>("the end of the file: a TagPack is one YAML document");
            CheckTextFields(header, root);
            var pack = new LabelPack(LabelFileText.PackName(file), header, tags);
            foreach (PackTag tag in tags)
            {
                CheckTag(pack, tag);
            }

            return pack;
        }

        private (LabelFields Header, List<PackTag>? Tags) ReadRoot()
        {
            var fields = new List<KeyValuePair<string, LabelValue>>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            List<PackTag>? tags = null;
            while (ReadKey(seen) is { } key)
            {
                if (key == "tags")
                {
                    tags = ReadTags();
                }
                else
                {
                    fields.Add(new(key, ReadValue(Advance(), depth: 2)));
                }
            }

            return (new LabelFields(fields), tags);
        }

        private List<PackTag> ReadTags()
        {
            RefuseYamlTag((NodeEvent)Next<SequenceStart>("a list of tags"));
            var tags = new List<PackTag>();
            while (Advance() is not SequenceEnd)
            {
                ParsingEvent start = _parser.Current!;
                if (ReadValue(start, depth: 3) is not LabelFields own)
                {
                    throw Fault(start, "a tag must be fields such as 'address: …', not a text or a list");
                }

                CheckTextFields(own, start);
                tags.Add(new PackTag(own, (int)start.Start.Line));
            }

            return tags;
        }

        private LabelValue ReadValue(ParsingEvent start, int depth)
        {
            if (start is AnchorAlias alias)
            {
                return Resolve(alias);
            }

            if (start is not NodeEvent node)
            {
                throw Fault(start, "expected a value");
            }

            RefuseYamlTag(node);
            if (depth > MaxDepth && start is not Scalar)
            {
                throw Fault(start, string.Create(CultureInfo.InvariantCulture, $"values nest deeper than {MaxDepth} levels"));
            }

            // Reserved before its content is read, so that an alias inside a value to that value is seen.
            string? anchor = node.Anchor.IsEmpty ? null : node.Anchor.Value;
            if (anchor is not null)
            {
                _anchors[anchor] = null;
            }

            LabelValue value = start switch
            {
                Scalar scalar => ReadScalar(scalar),
                SequenceStart => ReadList(depth),
                MappingStart => ReadFields(depth),
                _ => throw Fault(start, "expected a value"),
            };
            if (anchor is not null)
            {
                _anchors[anchor] = value;
            }

            return value;
        }

        // An alias shares the value it names, so it costs no memory here; what it would cost written out is what counts.
        private LabelValue Resolve(AnchorAlias alias)
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out LabelValue? value))
            {
                throw Fault(alias, LabelError.Quoted("*" + alias.Value.Value, "no value before it has this name"));
            }

            if (value is null)
            {
                throw Fault(alias, LabelError.Quoted("*" + alias.Value.Value, "a value must not contain itself"));
            }

            Count(alias, value.ValueCount, value.CharacterCount);
            return value;
        }

        private LabelText ReadScalar(Scalar scalar)
        {
            Count(scalar, 1, scalar.Value.Length);
            CheckCharacters(scalar);
            if (scalar.Style != ScalarStyle.Plain)
            {
                return new LabelText(scalar.Value);
            }

            return YamlText.IsNull(scalar.Value)
                ? new LabelText(string.Empty, IsTyped: true)
                : new LabelText(scalar.Value, YamlText.MayBeTyped(scalar.Value));
        }

        private LabelList ReadList(int depth)
        {
            Count(_parser.Current!, 1, 0);
            var items = new List<LabelValue>();
            while (Advance() is not SequenceEnd)
            {
                items.Add(ReadValue(_parser.Current!, depth + 1));
            }

            return new LabelList(items);
        }

        private LabelFields ReadFields(int depth)
        {
            Count(_parser.Current!, 1, 0);
            var items = new List<KeyValuePair<string, LabelValue>>();
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (ReadKey(seen) is { } key)
            {
                items.Add(new(key, ReadValue(Advance(), depth + 1)));
            }

            return new LabelFields(items);
        }

        // Null at the end of the mapping.
        private string? ReadKey(HashSet<string> seen)
        {
            ParsingEvent start = Advance();
            if (start is MappingEnd)
            {
                return null;
            }

            if (start is not Scalar key || key.Value.Length == 0)
            {
                throw Fault(start, "a field's name must be a text");
            }

            RefuseYamlTag(key);
            Count(key, 0, key.Value.Length);
            CheckCharacters(key);
            if (key is { Value: "<<", Style: ScalarStyle.Plain })
            {
                throw Fault(key, "merge keys (<<) are not accepted: write the fields out");
            }

            if (!key.Anchor.IsEmpty)
            {
                throw Fault(key, "a field's name must not carry an anchor");
            }

            return seen.Add(key.Value)
                ? key.Value
                : throw Fault(key, LabelError.Quoted(key.Value, "this field is already given; which of the two is meant?"));
        }

        private void CheckTag(LabelPack pack, PackTag tag)
        {
            foreach (string field in (ReadOnlySpan<string>)["address", "label", "source"])
            {
                if (string.IsNullOrWhiteSpace(pack.EffectiveText(tag, field)))
                {
                    throw new LabelFormatException(new LabelError(
                        file, tag.Line, 0, $"the tag has no '{field}', neither its own nor in the header"));
                }
            }

            if (pack.EffectiveText(tag, "currency").Length == 0 && pack.EffectiveText(tag, "network").Length == 0)
            {
                throw new LabelFormatException(new LabelError(
                    file, tag.Line, 0, "the tag has no 'currency' and no 'network', so its address is on no chain"));
            }
        }

        private void CheckTextFields(LabelFields fields, ParsingEvent start)
        {
            foreach ((string name, LabelValue value) in fields.Items)
            {
                if (value is not LabelText && Array.IndexOf(TextFields, name) >= 0)
                {
                    throw Fault(start, $"'{name}' must be a text, not a list or fields");
                }

                if (name == "concepts" && !(value is LabelList list && list.Items.All(item => item is LabelText)))
                {
                    throw Fault(start, "'concepts' must be a list of texts");
                }
            }
        }

        private void Count(ParsingEvent at, long values, long characters)
        {
            _values += values;
            _characters += characters;
            if (_values > MaxValues || _characters > MaxCharacters)
            {
                throw Fault(at, string.Create(CultureInfo.InvariantCulture,
                    $"written out, the file holds more than {MaxValues} values or {MaxCharacters} characters"));
            }
        }

        private void CheckCharacters(Scalar scalar)
        {
            string value = scalar.Value;
            for (int i = 0; i < value.Length; i++)
            {
                if (char.IsHighSurrogate(value[i]) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
                {
                    i++;
                }
                else if (char.IsSurrogate(value[i]) || (char.IsControl(value[i]) && value[i] is not ('\t' or '\n' or '\r')))
                {
                    throw Fault(scalar, string.Create(CultureInfo.InvariantCulture,
                        $"the character U+{(int)value[i]:X4} does not belong in a text"));
                }
            }
        }

        // A tag asks a reader to make something other than text, lists and fields.
        private void RefuseYamlTag(NodeEvent node)
        {
            if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
            {
                throw Fault(node, LabelError.Quoted(node.Tag.Value, "YAML type tags are not accepted"));
            }
        }

        private ParsingEvent Advance()
        {
            try
            {
                return _parser.MoveNext() && _parser.Current is { } current
                    ? current
                    : throw new LabelFormatException(new LabelError(file, 0, 0, "the file ends in the middle of the TagPack"));
            }
            catch (InvalidOperationException)
            {
                // The library's scanner gives up on some malformed texts with this instead of its own exception.
                throw Fault(_parser.Current, "not valid YAML after this place");
            }
        }

        private ParsingEvent Next<T>(string expected)
            where T : ParsingEvent =>
            Advance() is T found ? found : throw Fault(_parser.Current, "expected " + expected);

        private LabelFormatException Fault(ParsingEvent? at, string reason) =>
            new(new LabelError(file, (int)(at?.Start.Line ?? 0), (int)(at?.Start.Column ?? 0), reason));
    }
}
