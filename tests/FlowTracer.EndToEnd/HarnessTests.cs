namespace FlowTracer.EndToEnd;

/// <summary>What the other tests lean on: a check that cannot run says so, and one that can is not skipped.</summary>
public sealed class HarnessTests
{
    [Fact]
    public void A_missing_tool_is_named() =>
        Assert.Equal("/no/such/tool is not there", ToolFactAttribute.MissingReason("/no/such/tool"));

    [Fact]
    public void A_tool_that_is_there_gives_no_reason() => Assert.Null(ToolFactAttribute.MissingReason(Program.Executable));

    [ToolFact(PythonFactAttribute.Interpreter)]
    public void A_missing_python_module_is_named_and_a_present_one_is_not() => Assert.Equal(
        "/usr/bin/python3 lacks the modules: no_such_module",
        PythonFactAttribute.MissingReason(["json", "no_such_module"]));

    [PythonFact("networkx", "igraph", "lxml", "jsonschema")]
    public void The_modules_that_check_our_exports_are_installed() => Assert.Null(
        PythonFactAttribute.MissingReason(["networkx", "igraph", "lxml", "jsonschema"]));

    [ToolFact("/usr/bin/xmllint")]
    public void The_tool_that_checks_our_xml_is_installed() => Assert.True(File.Exists("/usr/bin/xmllint"));

    [Fact]
    public void A_temporary_folder_leaves_nothing()
    {
        string path;
        using (TemporaryFolder folder = new())
        {
            path = folder.Path;
            Assert.Equal("text", File.ReadAllText(folder.Write("a/b.txt", "text")));
        }

        Assert.False(Directory.Exists(path));
    }
}
