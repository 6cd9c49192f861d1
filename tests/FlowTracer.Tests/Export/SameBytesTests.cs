using System.Globalization;
using FlowTracer.App.Export;
using FlowTracer.App.Traces;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Tests.Export;

/// <summary>The same run gives the same bytes.</summary>
public sealed class SameBytesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task However_often_it_runs_and_however_facts_are_fetched(bool aggregate)
    {
        ExportOptions options = new(aggregate);
        Dictionary<string, byte[]> expected = All(await Reports.RoninAsync(), options);

        Assert.Equal(expected, All(await Reports.RoninAsync(), options));
        Assert.Equal(expected, All(await Reports.RoninAsync(fetch: new FetchOptions(1, 1)), options));
        Assert.Equal(expected, All(await Reports.RoninAsync(fetch: new FetchOptions(7, 16)), options));
        Assert.Equal(expected, All(await Reports.RoninAsync(fetch: FetchOptions.AllAtOnce), options));
        Assert.Equal(expected, All(await Reports.RoninAsync(fetch: FetchOptions.Nearby), options));
        Assert.Equal(expected, All(await Reports.RoninAsync(fetch: new FetchOptions(16, 2, 1) { LeastAhead = 1 }), options));
    }

    [Fact]
    public async Task Whatever_the_culture()
    {
        TraceReport report = await Reports.RoninAsync();
        Dictionary<string, byte[]> expected = All(report, Reports.Plain);
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        odd.NumberFormat.NumberDecimalSeparator = ",";
        odd.NumberFormat.NumberGroupSeparator = ".";
        odd.NumberFormat.NegativeSign = "~";
        odd.DateTimeFormat.DateSeparator = "#";
        odd.DateTimeFormat.TimeSeparator = "#";
        try
        {
            CultureInfo.CurrentCulture = odd;
            Assert.Equal(expected, All(report, Reports.Plain));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static Dictionary<string, byte[]> All(TraceReport report, ExportOptions options) =>
        Exports.All.SelectMany(exporter => exporter.FileNames)
            .ToDictionary(file => file, file => Reports.Bytes(file, report, options));
}
