using System.Globalization;

namespace FlowTracer.Chains.Rpc;

/// <summary>Numbers in messages, the same under any culture.</summary>
internal static class Numbers
{
    public static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
