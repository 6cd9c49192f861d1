using System.Xml;
using FlowTracer.App.Traces;

namespace FlowTracer.App.Export;

/// <summary>
/// <c>trace.graphml</c>: a directed graph in GraphML (http://graphml.graphdrawing.org/xmlns), one <c>key</c> for each
/// attribute with its type. Nodes are addresses and coins, edges are hops, or flows when hops are merged.
/// </summary>
internal sealed class GraphMlExporter : ITraceExporter
{
    private const string Namespace = "http://graphml.graphdrawing.org/xmlns";
    private const string SchemaNamespace = "http://www.w3.org/2001/XMLSchema-instance";
    private const string SchemaLocation = Namespace + " http://graphml.graphdrawing.org/xmlns/1.1/graphml.xsd";

    // Key ids are unique in a file, names only among keys for one kind of element: nodes and edges share some.
    private const string GraphPrefix = "g_";
    private const string NodePrefix = "n_";
    private const string EdgePrefix = "e_";

    public string Format => "graphml";

    public IReadOnlyList<string> FileNames { get; } = ["trace.graphml"];

    public void Write(string fileName, TraceReport report, ExportOptions options, Stream output)
    {
        TraceGraph graph = new(report, options);
        XmlFiles.Write(output, xml => Write(xml, graph));
    }

    private static void Write(XmlWriter xml, TraceGraph graph)
    {
        xml.WriteStartElement("graphml", Namespace);
        xml.WriteAttributeString("xmlns", "xsi", null, SchemaNamespace);
        xml.WriteAttributeString("schemaLocation", SchemaNamespace, SchemaLocation);
        xml.WriteElementString("desc", Namespace, graph.Title);
        WriteKeys(xml, "graph", GraphPrefix, graph.GraphAttributes);
        WriteKeys(xml, "node", NodePrefix, graph.NodeAttributes);
        WriteKeys(xml, "edge", EdgePrefix, graph.EdgeAttributes);
        xml.WriteStartElement("graph", Namespace);
        xml.WriteAttributeString("id", "trace");
        xml.WriteAttributeString("edgedefault", "directed");
        WriteData(xml, GraphPrefix, graph.GraphAttributes, graph.View);
        foreach (GraphNode node in graph.Nodes)
        {
            xml.WriteStartElement("node", Namespace);
            xml.WriteAttributeString("id", Id(graph, node.Index));
            WriteData(xml, NodePrefix, graph.NodeAttributes, node);
            xml.WriteEndElement();
        }

        foreach (FlowEdge edge in graph.Edges)
        {
            xml.WriteStartElement("edge", Namespace);
            xml.WriteAttributeString("id", edge.Id);
            xml.WriteAttributeString("source", Id(graph, edge.From));
            xml.WriteAttributeString("target", Id(graph, edge.To));
            WriteData(xml, EdgePrefix, graph.EdgeAttributes, edge);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void WriteKeys<T>(
        XmlWriter xml, string element, string prefix, IReadOnlyList<GraphAttribute<T>> attributes)
    {
        foreach (GraphAttribute<T> attribute in attributes)
        {
            xml.WriteStartElement("key", Namespace);
            xml.WriteAttributeString("id", prefix + attribute.Name);
            xml.WriteAttributeString("for", element);
            xml.WriteAttributeString("attr.name", attribute.Name);
            xml.WriteAttributeString("attr.type", TypeName(attribute.Type));
            xml.WriteElementString("desc", Namespace, attribute.Meaning);
            xml.WriteEndElement();
        }
    }

    private static void WriteData<T>(
        XmlWriter xml, string prefix, IReadOnlyList<GraphAttribute<T>> attributes, T item)
    {
        foreach (GraphAttribute<T> attribute in attributes)
        {
            if (attribute.Value(item) is { Length: > 0 } value)
            {
                xml.WriteStartElement("data", Namespace);
                xml.WriteAttributeString("key", prefix + attribute.Name);
                xml.WriteString(attribute.Type == AttributeType.Text ? ExportText.Clean(value) : value);
                xml.WriteEndElement();
            }
        }
    }

    // The schema's ids are NMTOKENs, which have no '/': a transaction without a hash is named by its position.
    private static string Id(TraceGraph graph, int node) => XmlConvert.EncodeNmToken(graph.IdOf(node))!;

    private static string TypeName(AttributeType type) => type switch
    {
        AttributeType.Int => "int",
        AttributeType.Long => "long",
        AttributeType.Double => "double",
        AttributeType.Boolean => "boolean",
        _ => "string",
    };
}
