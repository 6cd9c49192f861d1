using System.Diagnostics;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Export;

/// <summary>A case traced and exported once by the program, whole and with hops merged.</summary>
public sealed class ExportedTrace : IAsyncLifetime, IDisposable
{
    private readonly Program _program = new();

    /// <summary>The folder with every hop.</summary>
    public string Plain => _program.Folder.PathOf("plain");

    /// <summary>The folder with hops of one pair and asset merged.</summary>
    public string Merged => _program.Folder.PathOf("merged");

    /// <summary>The folder of a policy that measures reach.</summary>
    public string Reach => _program.Folder.PathOf("reach");

    public async Task InitializeAsync()
    {
        string[] command = ["trace", "ronin-bridge-2022", "--format", "json,graphml,gexf,csv,dot", "--out"];
        (await _program.RunAsync([.. command, Plain])).Expect(0);
        (await _program.RunAsync([.. command, Merged, "--aggregate"])).Expect(0);
        (await _program.RunAsync([.. command, Reach, "--policy", "poison"])).Expect(0);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _program.Dispose();
}

/// <summary>The programs that people open exports with read them, with types and sums intact.</summary>
public sealed class ExportTests(ExportedTrace exported) : IClassFixture<ExportedTrace>
{
    private const string XmlLint = "/usr/bin/xmllint";
    private const string Dot = "/usr/bin/dot";

    [PythonFact("networkx")]
    public async Task Networkx_reads_the_GraphMl_with_types_and_sums() => Assert.Equal("ok", await PythonAsync(
        """
        import json, sys, networkx
        folder = sys.argv[1]
        trace = json.load(open(f"{folder}/trace.json"))
        graph = networkx.read_graphml(f"{folder}/trace.graphml")
        assert graph.is_directed() and graph.is_multigraph()
        assert set(graph) == {node["id"] for node in trace["nodes"]}
        edges = {key: (a, b, data) for a, b, key, data in graph.edges(keys=True, data=True)}
        assert set(edges) == {hop["id"] for hop in trace["hops"]}
        types = {"amount": str, "amount_value": float, "is_swap": bool, "order": int, "time": str, "time_seconds": int}
        for hop in trace["hops"]:
            a, b, data = edges[hop["id"]]
            assert (a, b) == (hop["from"], hop["to"])
            assert data["amount"] == hop["amount"] and data["is_swap"] == (hop["paid"] is not None)
            for name, kind in types.items():
                assert name not in data or type(data[name]) is kind, (name, data[name])
        assert any(data["is_swap"] for _, _, data in edges.values())
        for node in trace["nodes"]:
            assert graph.nodes[node["id"]]["is_sink"] is (node["sink"] is not None)
        for number, seed in enumerate(trace["balance"]["seeds"], 1):
            key = f"seed_{number}_origin"
            kept = dict.fromkeys(graph, 0)
            for a, b, data in edges.values():
                kept[a] -= int(data.get(key, 0))
                kept[b] += int(data.get(key, 0))
            source = [node["id"] for node in trace["nodes"] if node["role"] == "source"]
            assert sum(kept[node] for node in source) == -int(seed["stolen"])
            assert sum(kept.values()) == 0
            mixed = sum(int(row["amount"]) for row in seed["sinks"] if row["kind"] == "mixer")
            assert mixed == sum(kept[node["id"]] for node in trace["nodes"] if node["sink"] == "mixer") > 0
        assert graph.graph["adds_up"] is True and graph.graph["policy"] == "fifo"
        print("ok")
        """, exported.Plain));

    [PythonFact("igraph")]
    public async Task Igraph_reads_the_GraphMl_with_types_and_sums() => Assert.Equal("ok", await PythonAsync(
        """
        import json, sys, igraph
        folder = sys.argv[1]
        trace = json.load(open(f"{folder}/trace.json"))
        graph = igraph.Graph.Read_GraphML(f"{folder}/trace.graphml")
        assert graph.is_directed()
        assert graph.vs["id"] == [node["id"] for node in trace["nodes"]]
        assert graph.es["id"] == [hop["id"] for hop in trace["hops"]]
        assert graph.es["amount"] == [hop["amount"] for hop in trace["hops"]]
        assert graph.es["is_swap"] == [hop["paid"] is not None for hop in trace["hops"]]
        assert {type(value) for value in graph.es["amount_value"]} == {float}
        assert [int(value) for value in graph.es["order"]] == list(range(1, graph.ecount() + 1))
        assert graph.vs["is_sink"] == [node["sink"] is not None for node in trace["nodes"]]
        for number, seed in enumerate(trace["balance"]["seeds"], 1):
            moved = [int(text or 0) for text in graph.es[f"seed_{number}_origin"]]
            lots = [lot["origin"] for hop in trace["hops"] for lot in hop["lots"] if lot["seed"] == seed["id"]]
            assert sum(moved) == sum(map(int, lots)) > 0
        print("ok")
        """, exported.Plain));

    [PythonFact("networkx", "igraph")]
    public async Task Merged_hops_keep_their_sums() => Assert.Equal("ok", await PythonAsync(
        """
        import sys, networkx, igraph
        plain, merged = (networkx.read_graphml(f"{folder}/trace.graphml", force_multigraph=True) for folder in sys.argv[1:])
        def sums(graph):
            total = {}
            for a, b, data in graph.edges(data=True):
                for key in ("amount", "seed_1_origin", "seed_2_origin"):
                    place = (a, b, data["asset"], key)
                    total[place] = total.get(place, 0) + int(data.get(key, 0))
            return total
        assert sums(plain) == sums(merged)
        assert merged.number_of_edges() < plain.number_of_edges()
        assert sum(data["hops"] for _, _, data in merged.edges(data=True)) == plain.number_of_edges()
        assert igraph.Graph.Read_GraphML(f"{sys.argv[2]}/trace.graphml").ecount() == merged.number_of_edges()
        print("ok")
        """, exported.Plain, exported.Merged));

    [PythonFact("networkx")]
    public async Task Networkx_reads_the_Gexf() => Assert.Equal("ok", await PythonAsync(
        """
        import json, sys, networkx
        folder = sys.argv[1]
        trace = json.load(open(f"{folder}/trace.json"))
        graph = networkx.read_gexf(f"{folder}/trace.gexf")
        assert set(graph) == {node["id"] for node in trace["nodes"]}
        edges = {data["id"]: data for _, _, data in graph.edges(data=True)}
        for hop in trace["hops"]:
            data = edges[hop["id"]]
            assert data["amount"] == hop["amount"] and type(data["amount_value"]) is float
            assert type(data["order"]) is int and data["is_swap"] is (hop["paid"] is not None)
            time = hop["position"]["time"]
            assert (data["time"], data["start"]) == (time, time[:10]) if time else "start" not in data
        print("ok")
        """, exported.Plain));

    [PythonFact("jsonschema")]
    public async Task The_json_is_what_its_schema_says() => Assert.Equal("ok", await PythonAsync(
        """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        for folder in sys.argv[2:]:
            trace = json.load(open(f"{folder}/trace.json"))
            errors = list(jsonschema.Draft202012Validator(schema).iter_errors(trace))
            assert not errors, errors[0]
            trace["hops"][0]["amount"] = 1
            trace["balance"]["extra"] = None
            assert len(list(jsonschema.Draft202012Validator(schema).iter_errors(trace))) == 2
        print("ok")
        """, Repository.PathOf("docs", "trace.schema.json"), exported.Plain, exported.Reach));

    [PythonFact("csv")]
    public async Task The_tables_say_what_the_json_says() => Assert.Equal("ok", await PythonAsync(
        """
        import csv, json, sys
        folder = sys.argv[1]
        trace = json.load(open(f"{folder}/trace.json"))
        read = lambda name: list(csv.DictReader(open(f"{folder}/{name}", newline="", encoding="utf-8"), strict=True))
        rows = [(hop["id"], lot["seed"], lot["amount"], lot["origin"]) for hop in trace["hops"] for lot in hop["lots"]]
        assert [(r["hop"], r["seed"], r["seed_amount"], r["seed_origin"]) for r in read("hops.csv")] == rows
        sinks = [(seed["id"], s["kind"], s["amount"]) for seed in trace["balance"]["seeds"] for s in seed["sinks"]]
        assert [(r["seed"], r["sink"], r["amount"]) for r in read("balance.csv")] == sinks
        print("ok")
        """, exported.Plain));

    [ToolFact(XmlLint)]
    public async Task The_xml_is_valid()
    {
        foreach (string folder in new[] { exported.Plain, exported.Merged, exported.Reach })
        {
            foreach (string kind in new[] { "graphml", "gexf" })
            {
                await RunAsync(
                    XmlLint, "--nonet", "--noout", "--schema", PathOf($"{kind}.xsd"), Path.Combine(folder, $"trace.{kind}"));
            }
        }
    }

    [ToolFact(Dot)]
    public async Task Graphviz_draws_the_dot_file()
    {
        string svg = await RunAsync(Dot, "-Tsvg", Path.Combine(exported.Plain, "trace.dot"));

        Assert.Contains("<svg", svg, StringComparison.Ordinal);
        Assert.Contains("Tornado Cash: 100 ETH", svg, StringComparison.Ordinal);
    }

    private static Task<string> PythonAsync(string script, params string[] arguments) =>
        RunAsync(PythonFactAttribute.Interpreter, ["-W", "ignore", "-c", script, .. arguments]);

    private static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        ProcessStartInfo start = new(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{tool}: exit code {process.ExitCode}\n{output}\n{await error}");
        return output.Trim();
    }

    private static string PathOf(string schema) =>
        Repository.PathOf("tests", "FlowTracer.EndToEnd", "Export", schema);
}
