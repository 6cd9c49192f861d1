using System.Reflection;
using FlowTracer.Chains.Rpc;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Limits that make no sense are refused by name; parameters have one form.</summary>
public sealed class FetchSettingsTests
{
    [Fact]
    public void The_defaults_can_be_used() => Assert.Equal(new FetchSettings(), new FetchSettings().Validate());

    [Theory]
    [InlineData(nameof(FetchSettings.TimeoutMs), 0)]
    [InlineData(nameof(FetchSettings.Retries), -1)]
    [InlineData(nameof(FetchSettings.FirstDelayMs), -1)]
    [InlineData(nameof(FetchSettings.LongestDelayMs), 499)]
    [InlineData(nameof(FetchSettings.BatchSize), 0)]
    [InlineData(nameof(FetchSettings.Concurrency), 0)]
    [InlineData(nameof(FetchSettings.StartConcurrency), 33)]
    [InlineData(nameof(FetchSettings.LongestAnswerBytes), 1023)]
    public void A_setting_out_of_range_is_named_with_its_range(string name, int value)
    {
        FetchSettings settings = new();
        PropertyInfo setting = typeof(FetchSettings).GetProperty(name)!;
        setting.SetValue(settings, value);

        InputException fault = Assert.Throws<InputException>(settings.Validate);

        Assert.StartsWith($"{name} is {value}: it must be from ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_are_written_without_spaces_and_quantities_in_hex()
    {
        Assert.Equal("[]", RpcParams.Of());
        Assert.Equal("[\"0xab\",true,null]", RpcParams.Of("0xab", true, null));
        Assert.Equal("[\"0x0\",\"0x400\",\"0xffffffffffffffff\",\"0x1b4\"]", RpcParams.Of(0UL, 1024UL, ulong.MaxValue, 436));
        Assert.Equal(
            "[{\"fromBlock\":\"0x1\"},[\"a\",null]]",
            RpcParams.Of(new RawJson("{\"fromBlock\":\"0x1\"}"), new object?[] { "a", null }));
        Assert.Throws<ArgumentOutOfRangeException>(() => RpcParams.Of(-1));
        Assert.Throws<ArgumentException>(() => RpcParams.Of(1.5));
    }
}
