namespace FlowTracer.Chains.Rpc;

/// <summary>
/// How many calls one node takes in one request. What it refused for its size is never tried again; after a mere
/// stumble the size grows back with success.
/// </summary>
internal sealed class BatchLimit(int most)
{
    private const int SuccessesToGrow = 16;
    private readonly Lock _lock = new();
    private int _ceiling = most;
    private int _size = most;
    private int _successes;

    /// <summary>The most calls to put in the next request; 1: calls travel alone.</summary>
    public int Size
    {
        get
        {
            lock (_lock)
            {
                return _size;
            }
        }
    }

    /// <summary>The node refuses batches of as many calls.</summary>
    public void Refused(int calls)
    {
        lock (_lock)
        {
            _ceiling = Math.Min(_ceiling, Math.Max(1, calls / 2));
            _size = Math.Min(_size, _ceiling);
            _successes = 0;
        }
    }

    /// <summary>The node did not manage a batch of as many calls, this time.</summary>
    public void Stumbled(int calls)
    {
        lock (_lock)
        {
            _size = Math.Min(_size, Math.Max(1, calls / 4));
            _successes = 0;
        }
    }

    /// <summary>The node answered a batch of as many calls; a smaller one than it may be shows nothing.</summary>
    public void Succeeded(int calls)
    {
        lock (_lock)
        {
            if (calls >= _size && _size < _ceiling && ++_successes >= SuccessesToGrow)
            {
                _size = Math.Min(_ceiling, _size * 2);
                _successes = 0;
            }
        }
    }
}
