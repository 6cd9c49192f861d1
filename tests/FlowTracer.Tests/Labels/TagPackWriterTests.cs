using FlowTracer.App.Labels;

namespace FlowTracer.Tests.Labels;

public sealed class TagPackWriterTests
{
    [Fact]
    public void The_form_is_fixed()
    {
        LabelPack pack = TagPackFile.Read("""
            {creator: 'c', is_cluster_definer: yes, label: 'yes', source: "a: b", currency: BTC, nothing: ~, none: [],
             tags: [{address: '0x01', kinds: [exchange, [deep]], more: {a: {b: 1}}}, {address: 1Ab}]}
            """);

        Assert.Equal("""
            creator: c
            is_cluster_definer: yes
            label: "yes"
            source: "a: b"
            currency: BTC
            nothing: null
            none: []
            tags:
            - address: "0x01"
              kinds:
                - exchange
                -
                  - deep
              more:
                a:
                  b: 1
            - address: 1Ab

            """.ReplaceLineEndings("\n"), TagPackWriter.Write(pack));
    }

    [Fact]
    public void Any_pack_reads_back_as_it_was()
    {
        string[] texts =
        [
            "", "plain", " leading", "trailing ", "a: b", "a #b", "#c", "- d", "yes", "~", "null", "1", "1e3", "0x1F", "2021-11-12",
            "12:30:45", "*a", "&a", "!a", "%a", "@a", "`a", "'", "\"", "\\", "{", "[", "]", "a,b", "line\nbreak", "\n", "\r\n", "\t",
            "é", "😀", "\u00a0", "\u2028", "\ufeff", "a:", ":", "?", "? a", "---", "...", "<<", "=", ".", "-", "+", "N/A",
            "https://example.org/a?b=c#d", "C:\\x", "long " + new string('x', 300),
        ];
        var random = new Random(7);
        for (int round = 0; round < 400; round++)
        {
            var header = new List<KeyValuePair<string, LabelValue>>
            {
                new("label", new LabelText("l")), new("source", new LabelText("s")), new("currency", new LabelText("BTC")),
            };
            header.AddRange(Fields(depth: 0));
            PackTag[] tags = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new PackTag(
                new LabelFields([new("address", new LabelText("a")), .. Fields(depth: 0)])))];
            var pack = new LabelPack("pack", new LabelFields(header), tags);

            Assert.Equal(pack, TagPackFile.Read(TagPackWriter.Write(pack)));
        }

        IEnumerable<KeyValuePair<string, LabelValue>> Fields(int depth) => texts
            .Where(text => text.Length > 0 && random.Next(12) == 0)
            .Select(text => new KeyValuePair<string, LabelValue>(text, Value(depth + 1)));

        LabelValue Value(int depth) => (depth > 5 ? 0 : random.Next(6)) switch
        {
            1 => new LabelList([.. Enumerable.Range(0, random.Next(3)).Select(_ => Value(depth + 1))]),
            2 => new LabelFields([.. Fields(depth)]),
            3 => new LabelText("", IsTyped: true),
            4 => new LabelText("2021-11-12", IsTyped: true),
            _ => new LabelText(texts[random.Next(texts.Length)]),
        };
    }
}
