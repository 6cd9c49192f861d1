using System.Globalization;
using FlowTracer.App.Import;
using FlowTracer.Chains.Bitcoin.Live;

namespace FlowTracer.Views;

/// <summary>One line on standard error that says how far the reading of files is; nothing when that is not a terminal.</summary>
internal sealed class ReadingLine : IProgress<BlockFilesProgress>, IProgress<ImportProgress>
{
    private const double Mega = 1e6;

    private readonly Lock _writing = new();
    private string _shown = string.Empty;

    public void Report(BlockFilesProgress value) => Write("block files", value.BytesRead, value.BytesTotal);

    public void Report(ImportProgress value) => Write("files", value.BytesRead, value.BytesTotal);

    private void Write(string what, long read, long total)
    {
        if (Console.IsErrorRedirected)
        {
            return;
        }

        lock (_writing)
        {
            string text = read < total
                ? string.Create(CultureInfo.InvariantCulture, $"reading {what}: {read / Mega:N0} of {total / Mega:N0} MB")
                : string.Empty;
            if (text != _shown || text.Length == 0)
            {
                Console.Error.Write("\r\u001b[K" + text);
                _shown = text;
            }
        }
    }
}
