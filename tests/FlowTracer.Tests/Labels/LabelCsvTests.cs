using System.Text;
using FlowTracer.App.Labels;
using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Attributions;

namespace FlowTracer.Tests.Labels;

public sealed class LabelCsvTests
{
    private const string Header = "chain,address,label,category,actor,confidence,source,note\n";
    private const string Row = "ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,Pool,mixer,tornado-cash,ledger,a list,\n";

    [Fact]
    public void A_row_is_a_claim()
    {
        Tag tag = Assert.Single(Read(Header + "bitcoin,1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2,\"a \"\"b\"\", c\",x,y,z,s,\"n\nm\"\n"));

        Assert.Equal(
            new Tag(Some.Parse(ChainId.Bitcoin, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"), "a \"b\", c", "x", "y", "z", "s", "n\nm", "pack"),
            tag);
    }

    [Fact]
    public void Columns_may_come_in_any_order_and_those_not_required_may_be_absent()
    {
        Tag tag = Assert.Single(Read("source,label,address,chain\r\ns,l,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,ethereum"));

        Assert.Equal(("l", "s", "", "", "", ""), (tag.Label, tag.Source, tag.Category, tag.Actor, tag.Confidence, tag.Note));
    }

    [Theory]
    [InlineData("chain,address,label,category,source,colour\n", 1, 6,
        "'colour': there is no such column; the columns are chain,address,label,category,actor,confidence,source,note")]
    [InlineData("chain,address,label,chain,source\n", 1, 4, "'chain': this column is already given")]
    [InlineData("chain,address,label\n", 1, 0,
        "there is no column 'source'; the columns are chain,address,label,category,actor,confidence,source,note")]
    [InlineData("", 0, 0, "the file is empty; its first line must be chain,address,label,category,actor,confidence,source,note")]
    [InlineData(Header + Row + "tron,T1,l,c,,,s,\n", 3, 1,
        "'tron': not a chain; it is ethereum, ethereum-N, bitcoin or one of Bitcoin's test networks")]
    [InlineData(Header + Row + "\n" + Row + "ethereum,0x,l,c,,,s\n", 5, 0, "the row has 7 fields where the header has 8")]
    [InlineData(Header + "ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,,c,,,s,\n", 2, 3, "the label is empty")]
    [InlineData(Header + "ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,l,c,,,,\n", 2, 7, "the source is empty")]
    public void A_fault_is_named_with_its_line_and_field(string csv, int line, int field, string reason) =>
        Assert.Equal(new LabelError("pack.csv", line, field, reason), Refused(csv));

    [Theory]
    [InlineData(Row + "bitcoin,1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3,l,c,,,s,\n", 3)]
    [InlineData("ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,\"two\nlines\",c,,,s,\nethereum,0x12,l,c,,,s,\n", 4)]
    public void A_bad_address_is_named_with_its_line(string rows, int line)
    {
        LabelError error = Refused(Header + rows);

        Assert.Equal((line, 2), (error.Line, error.Column));
        Assert.StartsWith("'", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,\"never closed,c,,,s,\n")]
    [InlineData("ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,\"closed\"too early,c,,,s,\n")]
    [InlineData("ethereum,0x12d66f87a04a9e220743712ce6d9bb1b5616b8fc,a \"quote\",c,,,s,\n")]
    public void Broken_quotes_are_refused_with_their_line(string row)
    {
        LabelError error = Refused(Header + Row + row);

        Assert.Equal(3, error.Line);
        Assert.StartsWith("not valid CSV: ", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_text_are_refused()
    {
        Assert.False(LabelCsv.TryRead([.. Encoding.ASCII.GetBytes(Header), 0xFF], "pack.csv", out _, out LabelError? error));
        Assert.Equal(new LabelError("pack.csv", 2, 1, "the bytes from here on are not text in UTF-8"), error);
    }

    [Fact]
    public void Claims_read_back_as_they_were_written()
    {
        string[] texts = ["x", "a,b", "\"", "\"\"", "two\nlines", "r\r\nn", " spaced ", "é😀", "'", ";", "#", "=1+1", "\t"];
        Address[] addresses =
        [
            Some.Account, Some.Parse(ChainId.Bitcoin, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
            Some.Parse(ChainId.Bitcoin, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
            Some.Parse(ChainId.Account(31337), "0x0000000000000000000000000000000000000001"),
        ];
        var random = new Random(11);
        for (int round = 0; round < 200; round++)
        {
            Tag[] tags = [.. Enumerable.Range(0, random.Next(5)).Select(_ => new Tag(
                addresses[random.Next(addresses.Length)], Pick(), PickOrNone(), PickOrNone(), PickOrNone(), Pick(), PickOrNone(), "pack"))];

            Assert.Equal(tags, Read(LabelCsv.Write(tags)));
        }

        string Pick() => texts[random.Next(texts.Length)];
        string PickOrNone() => random.Next(3) == 0 ? "" : Pick();
    }

    private static IReadOnlyList<Tag> Read(string csv)
    {
        Assert.True(
            LabelCsv.TryRead(Encoding.UTF8.GetBytes(csv), "pack.csv", out IReadOnlyList<Tag>? tags, out LabelError? error),
            error?.ToString());
        return tags;
    }

    private static LabelError Refused(string csv)
    {
        Assert.False(LabelCsv.TryRead(Encoding.UTF8.GetBytes(csv), "pack.csv", out _, out LabelError? error));
        Assert.DoesNotContain('\n', error.ToString());
        return error;
    }
}
