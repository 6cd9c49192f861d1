namespace FlowTracer.EndToEnd;

/// <summary>The built program starts from any folder and ends by itself.</summary>
public sealed class ProgramTests
{
    [Fact]
    public async Task It_runs_and_exits()
    {
        using Program program = new();

        ProgramResult result = await program.RunAsync(["--version"]);

        result.Expect(0);
        Assert.Empty(result.Error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(program.Folder.Path));
    }
}
