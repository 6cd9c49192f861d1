using System.Globalization;
using FlowTracer.App.Ingest;

namespace FlowTracer.Views;

/// <summary>How far an ingest is, how fast, and how long it will still take.</summary>
internal sealed class IngestLine : IProgress<IngestProgress>, IDisposable
{
    private readonly RenewedLine _line = new();

    public void Report(IngestProgress value) => _line.Write(Text(value));

    public void Dispose() => _line.Dispose();

    /// <summary>The line's text.</summary>
    internal static string Text(IngestProgress progress)
    {
        double seconds = Math.Max(progress.Elapsed.TotalSeconds, 0.001);
        double rate = progress.Blocks / seconds;
        string left = progress.Block >= progress.Last ? "up to date"
            : $"{Span(TimeSpan.FromSeconds((progress.Last - progress.Block) / rate))} left";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"block {progress.Block:N0} of {progress.Last:N0}, {rate:N1} blocks/s, {progress.Movements:N0} movements, {left}");
    }

    private static string Span(TimeSpan span) => span.TotalDays >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:F1} days")
        : span.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);
}
