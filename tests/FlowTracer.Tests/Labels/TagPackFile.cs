using System.Text;
using FlowTracer.App.Labels;

namespace FlowTracer.Tests.Labels;

internal static class TagPackFile
{
    public const string Header = "title: t\ncreator: c\nlabel: l\nsource: s\ncurrency: BTC\n";

    public static LabelPack Read(string yaml, string name = "pack.yaml")
    {
        Assert.True(TagPackReader.TryRead(Encoding.UTF8.GetBytes(yaml), name, out LabelPack? pack, out LabelError? error),
            error?.ToString());
        return pack;
    }

    public static LabelError Refused(string yaml) => Refused(Encoding.UTF8.GetBytes(yaml));

    public static LabelError Refused(byte[] content)
    {
        Assert.False(TagPackReader.TryRead(content, "pack.yaml", out LabelPack? pack, out LabelError? error));
        Assert.Null(pack);
        Assert.DoesNotContain('\n', error.ToString());
        return error;
    }
}
