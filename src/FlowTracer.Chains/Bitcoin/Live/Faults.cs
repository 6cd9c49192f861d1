using System.Runtime.ExceptionServices;

namespace FlowTracer.Chains.Bitcoin.Live;

/// <summary>Faults of work done on several cores.</summary>
internal static class Faults
{
    /// <summary>Runs it, and throws the first of its faults as it was thrown, not wrapped.</summary>
    public static void Unwrap(Action work)
    {
        try
        {
            work();
        }
        catch (AggregateException faults)
        {
            ExceptionDispatchInfo.Throw(faults.Flatten().InnerExceptions[0]);
        }
    }
}
