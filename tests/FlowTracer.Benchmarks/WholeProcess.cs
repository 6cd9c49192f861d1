using System.Diagnostics;
using System.Globalization;

namespace FlowTracer.Benchmarks;

/// <summary>
/// Times the program as a user starts it, from the start of the process to its end with all files written, and says how much
/// memory it held: <c>process PROGRAM [RUNS]</c>, where PROGRAM is a published <c>flowtracer</c>.
/// </summary>
internal static class WholeProcess
{
    private const int DefaultRuns = 15;
    private const int PeakEveryMs = 2;

    public static int Run(string[] arguments)
    {
        if (arguments.Length == 0 || !File.Exists(arguments[0]))
        {
            Console.Error.WriteLine("process PROGRAM [RUNS]: PROGRAM is a published flowtracer");
            return 2;
        }

        int runs = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : DefaultRuns;
        string folder = Directory.CreateTempSubdirectory("flowtracer-bench-").FullName;
        try
        {
            Measure(arguments[0], ["--version"], runs);
            Measure(arguments[0], ["trace", "ronin-bridge-2022"], runs);
            Measure(arguments[0], ["trace", "ronin-bridge-2022", "--out", folder, "--format", "json,graphml,gexf,csv,dot"], runs);
            Measure(arguments[0], ["compare", "ronin-bridge-2022"], runs);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    private static void Measure(string program, string[] arguments, int runs)
    {
        double[] milliseconds = new double[runs];
        double peakMib = PeakMib(program, arguments);
        for (int i = 0; i < runs; i++)
        {
            milliseconds[i] = Once(program, arguments);
        }

        Array.Sort(milliseconds);
        string shown = string.Join(' ', arguments.Where(static a => !a.StartsWith('/')));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{milliseconds[0],6:F0} {milliseconds[runs / 2],6:F0} {milliseconds[^1],6:F0} ms (min, median, max of {runs}) {peakMib,5:F0} MiB  {shown}"));
    }

    // The most resident memory: the kernel's own high-water mark, read until the process is gone.
    internal static double PeakMib(string program, string[] arguments)
    {
        using Process process = Start(program, arguments);
        Task output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        long peakKib = 0;
        while (!process.WaitForExit(PeakEveryMs))
        {
            peakKib = Math.Max(peakKib, HighWaterKib(process.Id));
        }

        output.Wait();
        return process.ExitCode == 0
            ? peakKib / 1024.0
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}");
    }

    private static long HighWaterKib(int id)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{id}/status").FirstOrDefault(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM: kB".Length), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has just ended, or this system has no such file: what was read before stands.
            return 0;
        }
    }

    private static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static double Once(string program, string[] arguments)
    {
        Stopwatch clock = Stopwatch.StartNew();
        using Process process = Start(program, arguments);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double elapsed = clock.Elapsed.TotalMilliseconds;
        return process.ExitCode == 0
            ? elapsed
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}: {errors.Result}");
    }
}
