using System.Text;
using System.Xml;

namespace FlowTracer.App.Export;

/// <summary>How the XML formats are written: the same bytes everywhere.</summary>
internal static class XmlFiles
{
    private static readonly XmlWriterSettings Settings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        Indent = true,
        IndentChars = "  ",
        NewLineChars = "\n",
        CloseOutput = false,
    };

    /// <summary>Writes a document with a line end behind it.</summary>
    public static void Write(Stream output, Action<XmlWriter> write)
    {
        using (XmlWriter xml = XmlWriter.Create(output, Settings))
        {
            xml.WriteStartDocument();
            write(xml);
            xml.WriteEndDocument();
        }

        output.WriteByte((byte)'\n');
    }
}
