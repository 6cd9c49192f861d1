using System.Globalization;
using FlowTracer.Chains.Bitcoin.Live;

namespace FlowTracer.Views;

/// <summary>One line on standard error that says how far the reading of block files is; nothing when that is not a terminal.</summary>
internal sealed class ReadingLine : IProgress<BlockFilesProgress>
{
    private const double Mega = 1e6;

    private readonly Lock _writing = new();

    public void Report(BlockFilesProgress value)
    {
        if (Console.IsErrorRedirected)
        {
            return;
        }

        lock (_writing)
        {
            Console.Error.Write("\r\u001b[K");
            if (value.BytesRead < value.BytesTotal)
            {
                Console.Error.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"reading block files: {value.BytesRead / Mega:N0} of {value.BytesTotal / Mega:N0} MB"));
            }
        }
    }
}
