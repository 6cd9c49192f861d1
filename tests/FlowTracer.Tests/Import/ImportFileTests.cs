using System.Security.Cryptography;
using System.Text;
using FlowTracer.App.Import;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Tests.Chains;

namespace FlowTracer.Tests.Import;

/// <summary>Files as files: packed, cut, damaged, changed, of no format; and transfers CSVs as streams.</summary>
public sealed class ImportFileTests
{
    private static readonly string Good = CsvText.File(CsvText.Row(block: "1", amount: "5"), CsvText.Row(block: "2", amount: "6"));

    [Fact]
    public void A_transfers_CSV_plain_and_packed_is_the_same_but_for_its_digest()
    {
        using ImportCase plain = new ImportCase().With("t.csv", Good);
        using ImportCase packed = new ImportCase().With("t.csv", ImportCase.Gzip(Good));
        FlowLoad load = plain.Loads().Single();
        Assert.Equal(new FlowOrigin("file t.csv", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Good)))), load.Origin);
        Assert.Equal(load.Movements.Select(ImportCase.Text), packed.Movements().Select(ImportCase.Text));
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(packed.PathOf("t.csv")))), packed.Loads().Single().Origin.Answer);
        Assert.Empty(load.Blocks);
    }

    [Fact]
    public void Loads_have_a_size_end_with_whole_transactions_and_only_the_last_has_no_more()
    {
        string[] rows =
        [
            CsvText.Row(block: "1", tx: CsvText.Tx(1)), CsvText.Row(block: "2", tx: CsvText.Tx(2)), CsvText.Row(block: "2", tx: CsvText.Tx(2), to: CsvText.C),
            CsvText.Row(block: "3", tx: CsvText.Tx(3)), CsvText.Row(block: "4"), CsvText.Row(block: "5"), CsvText.Row(block: "6"),
        ];
        using ImportCase files = new ImportCase().With("t.csv", CsvText.File(rows));
        List<FlowLoad> loads = files.Loads(size: 2);
        Assert.Equal([3, 2, 2], loads.Select(static load => load.Movements.Count));
        Assert.Equal([true, true, false], loads.Select(static load => load.HasMore));
        Assert.Single(loads.Select(static load => load.Origin).Distinct());
    }

    [Fact]
    public void Each_chain_has_loads_and_a_last_load_of_its_own()
    {
        string[] rows = [.. Enumerable.Range(1, 6).Select(static i => CsvText.Row(chain: i % 2 == 0 ? "ethereum-5" : "ethereum", block: $"{i}"))];
        using ImportCase files = new ImportCase().With("t.csv", CsvText.File(rows));
        Assert.Equal(
            [("ethereum", 2, true), ("ethereum-5", 2, true), ("ethereum", 1, false), ("ethereum-5", 1, false)],
            files.Loads(size: 2).Select(static load => (load.Chain.ToString(), load.Movements.Count, load.HasMore)));
    }

    [Fact]
    public void Two_transfers_CSVs_are_two_records()
    {
        using ImportCase files = new ImportCase().With("a.csv", Good).With("b.csv", Good.Replace("amount", "amount", StringComparison.Ordinal) + CsvText.Row(block: "3") + "\n");
        Assert.Equal(["file a.csv", "file b.csv"], files.Loads().Select(static load => load.Origin.Source));
    }

    [Fact]
    public void Bad_rows_of_a_transfers_CSV_are_all_listed()
    {
        using ImportCase files = new ImportCase().With(
            "t.csv", CsvText.File(CsvText.Row(), CsvText.Row(amount: "x"), CsvText.Row(kind: "gift"), CsvText.Row() + ",more"));
        Assert.Equal(["t.csv:3: amount 'x'", "t.csv:4: kind 'gift'", "t.csv:5: 16 fields where the header has 15"], files.Problems().Select(static p => p.Split(": ")).Select(static p => string.Join(": ", p[..2])));
    }

    [Fact]
    public void A_packed_file_cut_anywhere_is_refused()
    {
        byte[] whole = ImportCase.Gzip(CsvText.File([.. Enumerable.Range(1, 500).Select(static i => CsvText.Row(block: $"{i}", amount: $"{i * 7919}"))]));
        // The first bytes alone do not say that it is packed; then it is no text.
        for (int length = 1; length < whole.Length; length += length < whole.Length - 60 ? 61 : 1)
        {
            using ImportCase files = new ImportCase().With("t.csv.gz", whole[..length]);
            InputException refused = Assert.Throws<InputException>(() => files.Loads());
            Assert.Contains("t.csv.gz", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_packed_in_parts_is_refused_rather_than_taken_for_whole()
    {
        using ImportCase files = new ImportCase().With("t.csv.gz", [.. ImportCase.Gzip(Good), .. ImportCase.Gzip(CsvText.Row(block: "3") + "\n")]);
        Assert.Contains("one packed in several parts is imported unpacked", files.Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_packed_file_with_a_damaged_byte_is_refused()
    {
        byte[] whole = ImportCase.Gzip(CsvText.File([.. Enumerable.Range(1, 500).Select(static i => CsvText.Row(block: $"{i}", amount: $"{i * 7919}"))]));
        for (int at = 20; at < whole.Length; at += 97)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            using ImportCase files = new ImportCase().With("t.csv.gz", damaged);
            Assert.Throws<InputException>(() => files.Loads());
        }
    }

    [Fact]
    public void A_plain_file_without_its_last_line_end_is_refused()
    {
        using ImportCase files = new ImportCase().With("t.csv", Good.TrimEnd('\n'));
        Assert.Equal("t.csv:3: the last line has no line end, so the file may have been cut short", files.Problem());
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused_with_its_line()
    {
        using ImportCase files = new ImportCase().With("t.csv", Encoding.Latin1.GetBytes(CsvText.File(CsvText.Row(), CsvText.Row(note: "Zürich"))));
        Assert.Equal("t.csv:3: not UTF-8 text", files.Refused());
    }

    [Fact]
    public void UTF8_is_read_across_the_borders_of_buffers()
    {
        string text = CsvText.File([.. Enumerable.Range(1, 2000).Select(static i => CsvText.Row(source: new string('x', i % 7) + "Zürich €" + string.Concat(Enumerable.Repeat("𝔣", 30))))]);
        using ImportCase files = new ImportCase().With("t.csv", text);
        Assert.Equal(2000, files.Movements().Count(static m => m.Source.EndsWith("Zürich €" + string.Concat(Enumerable.Repeat("𝔣", 30)), StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", "t.csv:1: the file is empty")]
    [InlineData("[{}]\n", "t.csv:1:1: a JSON array: Esplora's transactions are imported one a line (jq -c '.[]' makes lines of an array)")]
    [InlineData("a,b\n1,2\n", "t.csv:1: none of the formats that can be imported (docs/import.md) starts with 'a,b': --format says which it is, if it is one")]
    [InlineData("a\0b\n", "t.csv:1: not text: it contains zero bytes")]
    public void A_file_of_no_format_is_refused(string text, string reason)
    {
        using ImportCase files = new ImportCase().With("t.csv", text);
        Assert.Equal(reason, files.Refused());
    }

    [Fact]
    public void A_format_that_is_stated_is_believed()
    {
        using ImportCase files = new ImportCase { Format = "etherscan-erc20" }.With("t.csv", Good);
        Assert.Equal("t.csv:1: column 'chain': not one that a known etherscan-erc20 export has (docs/import.md)", files.Problem());
        using ImportCase unknown = new() { Format = "xls" };
        Assert.Equal(
            "--format 'xls': it should be one of transfers, etherscan-transactions, etherscan-internal, etherscan-erc20, esplora", unknown.Refused());
    }

    [Fact]
    public void A_file_that_is_not_there()
    {
        using ImportCase files = new ImportCase().With("t.csv", Good);
        File.Delete(files.PathOf("t.csv"));
        Assert.StartsWith("cannot read 't.csv': ", files.Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_longer_than_a_megabyte_is_refused()
    {
        using ImportCase files = new ImportCase().With("t.csv", CsvText.File(CsvText.Row(), CsvText.Row(note: new string('x', 3 << 20))));
        Assert.StartsWith("t.csv:3: not valid CSV: ", files.Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_quote_that_is_never_closed_is_refused()
    {
        using ImportCase files = new ImportCase().With("t.csv", CsvText.File(CsvText.Row(), CsvText.Row(note: "\"x"), CsvText.Row()));
        Assert.StartsWith("t.csv:3: not valid CSV: ", files.Problem(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_changes_between_check_and_load_is_refused_before_it_counts_as_whole()
    {
        using ImportCase files = new ImportCase().With("t.csv", Good);
        FlowImport import = files.Open();
        Assert.Equal(0, import.Check().ProblemCount);
        File.WriteAllText(files.PathOf("t.csv"), Good.Replace(",6,", ",7,", StringComparison.Ordinal));
        Assert.Contains("changed while it was read", Assert.Throws<InputException>(() => import.Loads().ToList()).Message, StringComparison.Ordinal);
    }
}
