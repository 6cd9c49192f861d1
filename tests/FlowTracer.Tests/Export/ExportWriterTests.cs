using FlowTracer.App.Export;
using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Export;

/// <summary>Files appear whole or not at all.</summary>
public sealed class ExportWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flowtracer-test-").FullName;

    [Fact]
    public async Task Every_format_writes_its_files_and_nothing_else()
    {
        string target = Path.Combine(_folder, "a", "b");

        IReadOnlyList<string> written = await WriteAsync(target, ["json", "graphml", "gexf", "csv", "dot", "json"]);

        string[] expected = ["trace.json", "trace.graphml", "trace.gexf", "hops.csv", "balance.csv", "trace.dot"];
        Assert.Equal(expected.Select(name => Path.Combine(target, name)), written);
        Assert.Equal(expected.Order(StringComparer.Ordinal), Names(target));
        Assert.Equal(Reports.Bytes("trace.json", Reports.ByHand()), await File.ReadAllBytesAsync(written[0]));
    }

    [Fact]
    public async Task An_unknown_format_is_refused_before_anything_is_written()
    {
        string target = Path.Combine(_folder, "new");

        InputException fault = await Assert.ThrowsAsync<InputException>(() => WriteAsync(target, ["json", "pdf"]));

        Assert.Equal("unknown format 'pdf': it is one of json, graphml, gexf, csv, dot", fault.Message);
        Assert.False(Directory.Exists(target));
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_refused_by_name()
    {
        string target = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(target, "kept");

        InputException fault = await Assert.ThrowsAsync<InputException>(() => WriteAsync(target, ["json"]));

        Assert.StartsWith($"cannot write to {target}: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal("kept", await File.ReadAllTextAsync(target));
    }

    // The last file cannot take its name, because a folder has it: the temporaries go, and no half file is left.
    [Fact]
    public async Task A_name_that_is_taken_leaves_no_temporary_file()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "trace.json", "inside"));

        await Assert.ThrowsAsync<InputException>(() => WriteAsync(_folder, ["json"]));

        Assert.Equal(["trace.json"], Names(_folder));
    }

    // A report that breaks in the middle of the second file stands for a disk that fills up there.
    [Fact]
    public async Task A_failure_halfway_changes_nothing()
    {
        await WriteAsync(_folder, ["json"]);
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(_folder, "trace.json"));
        TraceReport whole = Reports.ByHand();
        TraceReport broken = whole with { Trace = whole.Trace with { Hops = [whole.Trace.Hops[0] with { To = 99 }] } };

        await Assert.ThrowsAnyAsync<IndexOutOfRangeException>(() => ExportWriter.WriteAsync(
            _folder, ["dot", "json"], broken, Reports.Plain, CancellationToken.None));

        Assert.Equal(["trace.json"], Names(_folder));
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(_folder, "trace.json")));
    }

    [Fact]
    public async Task Cancelled_it_changes_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ExportWriter.WriteAsync(
            _folder, ["json"], Reports.ByHand(), Reports.Plain, new CancellationToken(canceled: true)));

        Assert.Empty(Names(_folder));
    }

    [Theory]
    [InlineData("json", "json")]
    [InlineData("graphml, json,graphml", "graphml json")]
    public void A_list_of_formats_is_read(string list, string expected) =>
        Assert.Equal(expected, string.Join(' ', Exports.Parse(list)));

    [Theory]
    [InlineData("", "unknown format ''")]
    [InlineData("json,", "unknown format ''")]
    [InlineData("JSON", "unknown format 'JSON'")]
    public void Anything_else_is_refused(string list, string expected) => Assert.StartsWith(
        expected, Assert.Throws<InputException>(() => Exports.Parse(list)).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<IReadOnlyList<string>> WriteAsync(string folder, IReadOnlyList<string> formats) =>
        ExportWriter.WriteAsync(folder, formats, Reports.ByHand(), Reports.Plain, CancellationToken.None);

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
