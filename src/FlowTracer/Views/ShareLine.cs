using System.Globalization;

namespace FlowTracer.Views;

/// <summary>How much of some work is done, in per cent.</summary>
internal sealed class ShareLine(string work) : IProgress<int>, IDisposable
{
    private readonly RenewedLine _line = new();

    public void Report(int value) => _line.Write(string.Create(CultureInfo.InvariantCulture, $"{work}: {value} %"));

    public void Dispose() => _line.Dispose();
}
