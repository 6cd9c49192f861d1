namespace FlowTracer.EndToEnd.Cli;

/// <summary>The same inputs give the same files, whatever the machine, the time, the language or the number of threads.</summary>
public sealed class SameBytesTests
{
    private const string All = "json,graphml,gexf,csv,dot";

    private static readonly string[] Names = ["balance.csv", "hops.csv", "trace.dot", "trace.gexf", "trace.graphml", "trace.json"];

    private static readonly (string Variable, string Value)[] Surroundings =
    [
        ("TZ", "Pacific/Kiritimati"),
        ("LANG", "de_DE.UTF-8"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("DOTNET_PROCESSOR_COUNT", "1"),
        ("DOTNET_PROCESSOR_COUNT", "2"),
    ];

    [Fact]
    public async Task Files_are_the_same_in_other_surroundings()
    {
        using Program program = new();
        await TraceAsync(program, "a", "fifo");
        using TemporaryFolder elsewhere = new();
        program.WorkingDirectory = elsewhere.Path;
        foreach ((string variable, string value) in Surroundings)
        {
            program.Variables.Clear();
            program.Variables[variable] = value;
            await TraceAsync(program, program.Folder.PathOf("b"), "fifo");

            ExpectSameFiles(program);
        }
    }

    [Theory]
    [InlineData("fifo", "")]
    [InlineData("lifo", "")]
    [InlineData("pifo", "--aggregate")]
    [InlineData("libr", "")]
    [InlineData("haircut", "--aggregate")]
    [InlineData("poison", "")]
    public async Task Every_policy_exports_all_files_twice_alike(string policy, string more)
    {
        using Program program = new();
        await TraceAsync(program, "a", policy, more);
        await TraceAsync(program, "b", policy, more);

        ExpectSameFiles(program);
        ProgramResult printed = await program.RunAsync(["trace", "ronin-bridge-2022", "--policy", policy, "--json"]);
        Assert.Equal(File.ReadAllBytes(program.Folder.PathOf("a", "trace.json")), printed.Expect(0).OutputBytes);
    }

    [Fact]
    public async Task Aggregate_changes_the_graphs_and_nothing_else()
    {
        using Program program = new();
        await TraceAsync(program, "a", "fifo");
        await TraceAsync(program, "b", "fifo", "--aggregate");

        string[] changed = [.. Names.Where(name => !Bytes(program, "a", name).SequenceEqual(Bytes(program, "b", name)))];

        Assert.Equal(["trace.gexf", "trace.graphml"], changed);
    }

    private static async Task TraceAsync(Program program, string folder, string policy, string more = "")
    {
        string[] command = ["trace", "ronin-bridge-2022", "--policy", policy, "--out", folder, "--format", All];
        (await program.RunAsync(more.Length > 0 ? [.. command, more] : command)).Expect(0);
    }

    private static void ExpectSameFiles(Program program)
    {
        foreach (string folder in new[] { "a", "b" })
        {
            Assert.Equal(Names, Directory.EnumerateFiles(program.Folder.PathOf(folder)).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }

        Assert.All(Names, name => Assert.Equal(Bytes(program, "a", name), Bytes(program, "b", name)));
    }

    private static byte[] Bytes(Program program, string folder, string name) => File.ReadAllBytes(program.Folder.PathOf(folder, name));
}
