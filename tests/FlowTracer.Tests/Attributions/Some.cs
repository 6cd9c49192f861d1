using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Attributions;

/// <summary>Claims for tests: only what a test is about need be said.</summary>
internal static class Some
{
    public static readonly Address Account = Parse(ChainId.Ethereum, "0xA160cdAB225685dA1d56aa342Ad8841c3b53f291");

    public static Address Parse(ChainId chain, string text)
    {
        Assert.True(Address.TryParse(chain, text, out Address address, out ParseError error), error.Reason);
        return address;
    }

    public static Tag Tag(
        string category, string confidence = "forensic", string actor = "", string label = "label", string source = "source",
        string note = "", string pack = "pack", Address? address = null) =>
        new(address ?? Account, label, category, actor, confidence, source, note, pack);
}
