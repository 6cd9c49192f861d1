using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Rpc;

/// <summary>How patiently and how fast sources are asked.</summary>
public sealed record FetchSettings
{
    /// <summary>How long one attempt may take, in milliseconds; 1 to 3,600,000. Default 30,000.</summary>
    public int TimeoutMs { get; init; } = 30_000;

    /// <summary>How often a failed attempt is repeated; 0 to 100. Default 5.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>
    /// The wait before the first repetition, in milliseconds; doubled each time. 0 to 60,000. Default 500.
    /// </summary>
    public int FirstDelayMs { get; init; } = 500;

    /// <summary>
    /// The longest wait before a repetition, in milliseconds; FirstDelayMs to 3,600,000. Default 30,000. A node that
    /// asks for a longer one is given up.
    /// </summary>
    public int LongestDelayMs { get; init; } = 30_000;

    /// <summary>
    /// The most calls in one request; 1 to 10,000. Default 100. Lowered for a node that refuses as many.
    /// </summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>The most requests under way at one node; 1 to 1,000. Default 32.</summary>
    public int Concurrency { get; init; } = 32;

    /// <summary>
    /// The requests under way at one node to begin with; 1 to 1,000, no more than Concurrency. Default 8.
    /// </summary>
    public int StartConcurrency { get; init; } = 8;

    /// <summary>
    /// The longest answer read, in bytes after decompression; 1,024 to 2,000,000,000. Default 512 MiB.
    /// </summary>
    public int LongestAnswerBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>Returns these settings if they can be used.</summary>
    /// <exception cref="InputException">A setting is out of its range; the message names both.</exception>
    public FetchSettings Validate()
    {
        Check(nameof(TimeoutMs), TimeoutMs, 1, 3_600_000);
        Check(nameof(Retries), Retries, 0, 100);
        Check(nameof(FirstDelayMs), FirstDelayMs, 0, 60_000);
        Check(nameof(LongestDelayMs), LongestDelayMs, FirstDelayMs, 3_600_000);
        Check(nameof(BatchSize), BatchSize, 1, 10_000);
        Check(nameof(Concurrency), Concurrency, 1, 1_000);
        Check(nameof(StartConcurrency), StartConcurrency, 1, Concurrency);
        Check(nameof(LongestAnswerBytes), LongestAnswerBytes, 1_024, 2_000_000_000);
        return this;
    }

    private static void Check(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new InputException(
                $"{name} is {Numbers.Text(value)}: it must be from {Numbers.Text(least)} to {Numbers.Text(most)}");
        }
    }
}
