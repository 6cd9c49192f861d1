namespace FlowTracer.Views;

/// <summary>One line on standard error that is written over; nothing when that is not a terminal.</summary>
internal sealed class RenewedLine : IDisposable
{
    private readonly Lock _writing = new();
    private bool _done;

    /// <summary>Writes the line anew.</summary>
    public void Write(string text)
    {
        lock (_writing)
        {
            if (!_done && !Console.IsErrorRedirected)
            {
                Console.Error.Write($"\r\u001b[K{text}");
            }
        }
    }

    public void Dispose()
    {
        Write(string.Empty);
        lock (_writing)
        {
            _done = true;
        }
    }
}
