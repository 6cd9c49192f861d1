using System.Globalization;

namespace FlowTracer.Views;

/// <summary>What share of some work is done.</summary>
internal sealed class ShareLine(string work) : IProgress<double>, IDisposable
{
    private readonly RenewedLine _line = new();

    public void Report(double value) => _line.Write(string.Create(CultureInfo.InvariantCulture, $"{work}: {value:P0}"));

    public void Dispose() => _line.Dispose();
}
