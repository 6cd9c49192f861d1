using System.Globalization;
using System.Text;
using FlowTracer.App.Labels;

namespace FlowTracer.Tests.Labels;

public sealed class TagPackReaderTests
{
    [Fact]
    public void A_tag_inherits_the_headers_fields_and_may_override_them()
    {
        LabelPack pack = TagPackFile.Read("""
            title: Two wallets
            creator: someone
            label: shared
            source: the header's source
            currency: BTC
            is_cluster_definer: true
            lastmod: 2021-11-12
            tags:
            - address: first
            - address: second
              label: its own
              currency: ETH
              is_cluster_definer: 'true'
              invented_field: {kept: [as, it, is]}
            """);

        (PackTag first, PackTag second) = (pack.Tags[0], pack.Tags[1]);
        Assert.Equal("pack", pack.Name);
        Assert.Equal(("shared", "BTC"), (pack.EffectiveText(first, "label"), pack.EffectiveText(first, "currency")));
        Assert.Equal(("its own", "ETH"), (pack.EffectiveText(second, "label"), pack.EffectiveText(second, "currency")));
        Assert.Equal("the header's source", pack.EffectiveText(second, "source"));
        Assert.Equal(new LabelText("true", IsTyped: true), pack.Effective(first, "is_cluster_definer"));
        Assert.Equal(new LabelText("true"), pack.Effective(second, "is_cluster_definer"));
        Assert.Equal(new LabelText("2021-11-12", IsTyped: true), pack.Effective(first, "lastmod"));
        Assert.Equal("", pack.EffectiveText(first, "no such field"));
        var kept = Assert.IsType<LabelFields>(pack.Effective(second, "invented_field"));
        Assert.Equal(new LabelList([new LabelText("as"), new LabelText("it"), new LabelText("is")]), kept.Items[0].Value);
        Assert.Equal((9, 10), (first.Line, second.Line));
    }

    [Fact]
    public void An_alias_stands_for_the_value_it_names()
    {
        LabelPack pack = TagPackFile.Read(
            TagPackFile.Header + "tags:\n- address: a\n  concepts: &kinds [exchange]\n- address: b\n  concepts: *kinds\n");

        Assert.Equal(new LabelList([new LabelText("exchange")]), pack.Effective(pack.Tags[1], "concepts"));
    }

    [Fact]
    public void A_billion_laughs_are_refused_before_they_are_written_out()
    {
        // Nine lists, each nine times the one before: 9^9 texts from a few hundred bytes.
        var yaml = new StringBuilder(TagPackFile.Header).Append("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for (int i = 1; i < 9; i++)
        {
            string aliases = string.Join(", ", Enumerable.Repeat(string.Create(CultureInfo.InvariantCulture, $"*a{i - 1}"), 9));
            yaml.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{aliases}]\n");
        }

        LabelError error = TagPackFile.Refused(yaml.Append("tags: [*a8]\n").ToString());

        Assert.Equal("written out, the file holds more than 4000000 values or 134217728 characters", error.Reason);
        Assert.InRange(error.Line, 7, 14);
    }

    [Fact]
    public void A_long_text_named_many_times_is_refused()
    {
        string yaml = TagPackFile.Header + "long: &long " + new string('x', 1_000_000) + "\nmany: ["
            + string.Join(',', Enumerable.Repeat("*long", 200)) + "]\ntags: []\n";

        Assert.StartsWith("written out, the file holds more than", TagPackFile.Refused(yaml).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused(string opening)
    {
        string deep = string.Concat(Enumerable.Repeat(opening, 20_000));
        string yaml = TagPackFile.Header + "tags:\n- address: a\n  context:" + (opening == "- " ? "\n    " : " ") + deep;

        LabelError error = TagPackFile.Refused(yaml);

        Assert.Equal("values nest deeper than 16 levels", error.Reason);
    }

    [Fact]
    public void A_value_that_contains_itself_is_refused() => Assert.Equal(
        new LabelError("pack.yaml", 7, 17, "'*self': a value must not contain itself"),
        TagPackFile.Refused(TagPackFile.Header + "tags: []\nknot: &self [a, *self]\n") with { Line = 7 });

    [Theory]
    [InlineData("title: again\ntags: []\n", 6, 1, "'title': this field is already given; which of the two is meant?")]
    [InlineData("tags:\n- address: a\n  address: b\n", 8, 3, "'address': this field is already given; which of the two is meant?")]
    [InlineData("tags:\n- address: [a]\n", 7, 3, "'address' must be a text, not a list or fields")]
    [InlineData("tags:\n- address: a\n  concepts: exchange\n", 7, 3, "'concepts' must be a list of texts")]
    [InlineData("tags:\n- a\n", 7, 3, "a tag must be fields such as 'address: …', not a text or a list")]
    [InlineData("tags: none\n", 6, 7, "expected a list of tags")]
    [InlineData("tags:\n- label: x\n", 7, 0, "the tag has no 'address', neither its own nor in the header")]
    [InlineData("tags:\n- address: ~\n", 7, 0, "the tag has no 'address', neither its own nor in the header")]
    [InlineData("tags:\n- address: a\n  label: ''\n", 7, 0, "the tag has no 'label', neither its own nor in the header")]
    [InlineData("tags:\n- address: a\n  currency:\n", 7, 0, "the tag has no 'currency' and no 'network', so its address is on no chain")]
    [InlineData("tags:\n- <<: {address: a}\n", 7, 3, "merge keys (<<) are not accepted: write the fields out")]
    [InlineData("tags:\n- {[a]: b}\n", 7, 4, "a field's name must be a text")]
    [InlineData("tags:\n- address: !!python/object:os.system a\n", 7, 12, "'tag:yaml.org,2002:python/object:os.system': YAML type tags are not accepted")]
    [InlineData("x: !include header.yaml\ntags: []\n", 6, 4, "'!include': YAML type tags are not accepted")]
    [InlineData("x: *nowhere\ntags: []\n", 6, 4, "'*nowhere': no value before it has this name")]
    [InlineData("x: \"\\u0007\"\ntags: []\n", 6, 4, "the character U+0007 does not belong in a text")]
    [InlineData("x: \"\\u0085\"\ntags: []\n", 6, 4, "the character U+0085 does not belong in a text")]
    [InlineData("", 1, 1, "there is no 'tags' list, so this is not a TagPack")]
    public void A_fault_is_named_with_its_place(string body, int line, int column, string reason) => Assert.Equal(
        new LabelError("pack.yaml", line, column, reason), TagPackFile.Refused(TagPackFile.Header + body));

    [Theory]
    [InlineData("title: [\n")]
    [InlineData("title: 'open\n")]
    [InlineData("title: a\n  b: c\n")]
    [InlineData("\ttitle: a\n")]
    [InlineData("%YAML 9.9\n---\ntags: []\n")]
    [InlineData("title: \"\\q\"\ntags: []\n")]
    [InlineData("title: \"\\uD800\"\ntags: []\n")]
    [InlineData("title: t\ntags: []\n---\ntitle: u\ntags: []\n")]
    [InlineData("- a\n- b\n")]
    [InlineData("just text\n")]
    [InlineData("")]
    [InlineData("---\n")]
    [InlineData("# only a comment\n")]
    [InlineData("}\n")]
    public void What_is_no_TagPack_is_refused_in_one_line(string yaml) => Assert.NotEmpty(TagPackFile.Refused(yaml).Reason);

    [Fact]
    public void Bytes_that_are_not_text_are_refused_where_they_stand()
    {
        byte[] content = [.. "title: t\nlabel: é"u8, 0xC3, 0x28, .. "\ntags: []\n"u8];

        Assert.Equal(
            new LabelError("pack.yaml", 2, 9, "the bytes from here on are not text in UTF-8"), TagPackFile.Refused(content));
        Assert.Equal("the bytes from here on are not text in UTF-8", TagPackFile.Refused([0xFF, 0xFE, 0x41, 0x00]).Reason);
        Assert.Equal(
            new LabelError("pack.yaml", 1, 3, "the character U+0000 does not belong in a text file"),
            TagPackFile.Refused([0x61, 0x62, 0x00]));
        Assert.Equal("the bytes from here on are not text in UTF-8", TagPackFile.Refused([0x61, 0xE2, 0x82]).Reason);
    }

    [Fact]
    public void A_file_over_the_limit_is_refused_without_being_read_to_its_end()
    {
        using var endless = new EndlessStream();

        Assert.False(TagPackReader.TryRead(endless, "pack.yaml", out _, out LabelError? error));
        Assert.Equal(new LabelError("pack.yaml", 0, 0, "the file is larger than 64 MiB; split it into several packs"), error);
    }

    [Fact]
    public void Whatever_the_bytes_a_reader_answers_and_never_throws()
    {
        byte[] sample = Encoding.UTF8.GetBytes(TagPackFile.Header
            + "x: &a {b: [c, \"d\\n\\u00e9\"]}\ny: *a\ntags:\n- address: 'q'\n  concepts:\n  - e\n- {address: r, n: ~, m: |\n  text\n}\n");
        byte[] interesting = "[]{}:-&*!|>'\"%@`#\n\t ,?~\\<u\0\xFF"u8.ToArray();
        var random = new Random(42);
        for (int round = 0; round < 4000; round++)
        {
            byte[] content = [.. sample];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                content[random.Next(content.Length)] = interesting[random.Next(interesting.Length)];
            }

            content = content[..random.Next(content.Length / 2, content.Length + 1)];
            bool isRead = TagPackReader.TryRead(content, "pack.yaml", out LabelPack? pack, out LabelError? error);
            Assert.Equal(isRead, pack is not null);
            Assert.Equal(isRead, error is null);
            if (pack is not null)
            {
                Assert.Equal(pack, TagPackFile.Read(TagPackWriter.Write(pack)));
            }
        }
    }

    private sealed class EndlessStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Position += count;
            Assert.True(Position < TagPackReader.MaxFileBytes + 1_000_000, "the reader does not stop");
            buffer.AsSpan(offset, count).Fill((byte)'#');
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
