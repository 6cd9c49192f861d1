using System.Text;
using FlowTracer.App.Traces;

namespace FlowTracer.Tests.Export;

/// <summary>
/// The first case's balance sheet, byte for byte. Its figures are those the reference gives (RoninReferenceTests); the
/// file adds that no change of formats, labels or order alters them unseen.
/// </summary>
public sealed class GoldenTests
{
    [Fact]
    public async Task The_balance_sheet_of_the_first_case()
    {
        TraceReport report = await Reports.RoninAsync();
        string expected = await File.ReadAllTextAsync(TestFiles.Fixture("golden", "ronin-bridge-2022.fifo.balance.csv"));
        Assert.Equal(expected, Encoding.UTF8.GetString(Reports.Bytes("balance.csv", report)));
    }
}
