using System.Text.Json;
using System.Text.Json.Nodes;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Answers written by hand, with single quotes.</summary>
internal static class Json
{
    public const string A = "0x000000000000000000000000000000000000000a";
    public const string B = "0x000000000000000000000000000000000000000b";
    public const string C = "0x000000000000000000000000000000000000000c";
    public const string D = "0x000000000000000000000000000000000000000d";
    public const string Hash1 = "0x1111111111111111111111111111111111111111111111111111111111111111";
    public const string Hash2 = "0x2222222222222222222222222222222222222222222222222222222222222222";

    public const string Transaction = $$"""
        {'hash':'{{Hash1}}','blockHash':'{{Hash2}}','blockNumber':'0x10','transactionIndex':'0x3','from':'{{A}}',
         'to':'{{B}}','value':'0x64','nonce':'0x5','gas':'0x5208','gasPrice':'0x7','input':'0x'}
        """;

    public const string Receipt = $$"""
        {'transactionHash':'{{Hash1}}','blockHash':'{{Hash2}}','blockNumber':'0x10','transactionIndex':'0x3','status':'0x1',
         'from':'{{A}}','to':'{{B}}','contractAddress':null,'gasUsed':'0x5208','effectiveGasPrice':'0x7','logs':[]}
        """;

    public const string Log = $$"""
        {'transactionHash':'{{Hash1}}','blockHash':'{{Hash2}}','blockNumber':'0x10','transactionIndex':'0x3','logIndex':'0x9',
         'address':'{{C}}','topics':['{{Hash1}}'],'data':'0x0a0b','removed':false}
        """;

    public static JsonElement Of(string text) => JsonDocument.Parse(text.Replace('\'', '"')).RootElement;

    /// <summary>The same with one field set, or taken away where the value is null.</summary>
    public static JsonElement With(string text, string name, string? value)
    {
        JsonObject item = JsonNode.Parse(text.Replace('\'', '"'))!.AsObject();
        item.Remove(name);
        if (value is not null)
        {
            item.Add(name, JsonNode.Parse(value.Replace('\'', '"')));
        }

        return JsonDocument.Parse(item.ToJsonString()).RootElement;
    }
}
