using System.Globalization;
using System.Text.Json;
using FlowTracer.Chains.Ethereum.Live;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;
using FlowTracer.Tests.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Ethereum.Live;

/// <summary>What a source makes of a chain that changes while it looks for a time.</summary>
public sealed class EthereumSourceTests
{
    private const ulong Head = 7;
    private const ulong FirstReplaced = 6;

    [Fact]
    public async Task A_reorganisation_while_a_time_is_looked_for_is_looked_at_again()
    {
        // Block n is of second 1000 + 10 n; those that replace blocks 6 and 7 are of seconds 1066 and 1076. So second 1065 is
        // first reached by block 7 of the old chain and by block 6 of the new one. Of 8 blocks 4, 6 and 7 are asked for.
        int asked = 0;
        FakeRpc rpc = new("chain", call =>
        {
            using JsonDocument parameters = JsonDocument.Parse(call.Params);
            ulong number = ulong.Parse(
                parameters.RootElement[0].GetString()!.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            return Header(number, isNew: ++asked > 2);
        });
        using EthereumSource source = new(
            rpc, new NodeAbilities { HasOldState = true }, ViewOf(isNew: false), _ => Task.FromResult(ViewOf(isNew: true)),
            () => true, LiveLimits.Default);

        Assert.Equal(new Position(6, 0, 0), await source.PositionAtAsync(ChainId.Ethereum, 1065, default));
        Assert.Equal(HashOf(Head, isNew: true), source.View.HeadHash);
    }

    private static ChainView ViewOf(bool isNew) => new(
        ChainId.Ethereum, HashOf(0, isNew), Head, HashOf(Head, isNew), TimeOf(Head, isNew), 0);

    private static RpcAnswer Header(ulong number, bool isNew) => FakeRpc.Result(
        $$"""
        {"number":"0x{{number:x}}","hash":"{{HashOf(number, isNew)}}","parentHash":"{{HashOf(number - 1, isNew)}}",
         "timestamp":"0x{{TimeOf(number, isNew):x}}","miner":"{{Json.A}}","uncles":[]}
        """);

    private static string HashOf(ulong number, bool isNew) =>
        $"0x{new string(isNew && number >= FirstReplaced ? 'b' : 'a', 63)}{number:x}";

    private static long TimeOf(ulong number, bool isNew) => 1000 + (10 * (long)number) + (isNew && number >= FirstReplaced ? 6 : 0);
}
