using System.Xml;
using FlowTracer.App.Traces;

namespace FlowTracer.App.Export;

/// <summary>
/// <c>trace.gexf</c>: GEXF 1.2, the version that Gephi and networkx both read (networkx reads none later). The graph is
/// dynamic: an edge is there from the day value moved along it, so that a timeline shows the flow build up; exact times are
/// attributes. Edges without a known time are always there.
/// </summary>
internal sealed class GexfExporter : ITraceExporter
{
    private const string Namespace = "http://www.gexf.net/1.2draft";

    // GEXF has a place of its own for a node's label.
    private const string LabelName = "label";

    public string Format => "gexf";

    public IReadOnlyList<string> FileNames { get; } = ["trace.gexf"];

    public void Write(string fileName, TraceReport report, ExportOptions options, Stream output)
    {
        TraceGraph graph = new(report, options);
        XmlFiles.Write(output, xml => Write(xml, graph));
    }

    private static void Write(XmlWriter xml, TraceGraph graph)
    {
        xml.WriteStartElement("gexf", Namespace);
        xml.WriteAttributeString("version", "1.2");
        WriteMeta(xml, graph);
        xml.WriteStartElement("graph", Namespace);
        xml.WriteAttributeString("mode", "dynamic");
        xml.WriteAttributeString("defaultedgetype", "directed");
        xml.WriteAttributeString("idtype", "string");
        xml.WriteAttributeString("timeformat", "date");
        GraphAttribute<GraphNode>[] nodeAttributes = [.. graph.NodeAttributes.Where(static a => a.Name != LabelName)];
        WriteDeclarations(xml, "node", nodeAttributes);
        WriteDeclarations(xml, "edge", graph.EdgeAttributes);
        WriteNodes(xml, graph, nodeAttributes);
        WriteEdges(xml, graph);
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    // GEXF has no attributes of a graph: what the trace rests on goes into its description.
    private static void WriteMeta(XmlWriter xml, TraceGraph graph)
    {
        IEnumerable<string> facts = graph.GraphAttributes.Select(
            attribute => $"{attribute.Name} {attribute.Value(graph.View)}");
        xml.WriteStartElement("meta", Namespace);
        xml.WriteElementString("creator", Namespace, "FlowTracer");
        xml.WriteElementString("description", Namespace, ExportText.Clean(string.Join("; ", facts)));
        xml.WriteEndElement();
    }

    private static void WriteDeclarations<T>(XmlWriter xml, string element, IReadOnlyList<GraphAttribute<T>> attributes)
    {
        xml.WriteStartElement("attributes", Namespace);
        xml.WriteAttributeString("class", element);
        xml.WriteAttributeString("mode", "static");
        foreach (GraphAttribute<T> attribute in attributes)
        {
            xml.WriteStartElement("attribute", Namespace);
            xml.WriteAttributeString("id", attribute.Name);
            xml.WriteAttributeString("title", attribute.Name);
            xml.WriteAttributeString("type", TypeName(attribute.Type));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteNodes(XmlWriter xml, TraceGraph graph, IReadOnlyList<GraphAttribute<GraphNode>> attributes)
    {
        xml.WriteStartElement("nodes", Namespace);
        xml.WriteAttributeString("count", ExportText.Number(graph.Nodes.Count));
        foreach (GraphNode node in graph.Nodes)
        {
            xml.WriteStartElement("node", Namespace);
            xml.WriteAttributeString("id", node.Node.Id);
            xml.WriteAttributeString(LabelName, TraceView.ShortNameOf(node.Node));
            WriteValues(xml, attributes, node);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteEdges(XmlWriter xml, TraceGraph graph)
    {
        xml.WriteStartElement("edges", Namespace);
        xml.WriteAttributeString("count", ExportText.Number(graph.Edges.Count));
        foreach (FlowEdge edge in graph.Edges)
        {
            xml.WriteStartElement("edge", Namespace);
            xml.WriteAttributeString("id", edge.Id);
            xml.WriteAttributeString("source", graph.IdOf(edge.From));
            xml.WriteAttributeString("target", graph.IdOf(edge.To));
            if (ExportText.Time(edge.First.Movement.Stamp.TimeSeconds) is string time)
            {
                xml.WriteAttributeString("start", time[..time.IndexOf('T', StringComparison.Ordinal)]);
            }

            WriteValues(xml, graph.EdgeAttributes, edge);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteValues<T>(XmlWriter xml, IReadOnlyList<GraphAttribute<T>> attributes, T item)
    {
        xml.WriteStartElement("attvalues", Namespace);
        foreach (GraphAttribute<T> attribute in attributes)
        {
            if (attribute.Value(item) is { Length: > 0 } value)
            {
                xml.WriteStartElement("attvalue", Namespace);
                xml.WriteAttributeString("for", attribute.Name);
                xml.WriteAttributeString("value", attribute.Type == AttributeType.Text ? ExportText.Clean(value) : value);
                xml.WriteEndElement();
            }
        }

        xml.WriteEndElement();
    }

    private static string TypeName(AttributeType type) => type switch
    {
        AttributeType.Int => "integer",
        AttributeType.Long => "long",
        AttributeType.Double => "double",
        AttributeType.Boolean => "boolean",
        _ => "string",
    };
}
