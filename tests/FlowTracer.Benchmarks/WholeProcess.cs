using System.Diagnostics;
using System.Globalization;

namespace FlowTracer.Benchmarks;

/// <summary>
/// Times the program as a user starts it, from the start of the process to its end with all files written:
/// <c>process PROGRAM [RUNS]</c>, where PROGRAM is a published <c>flowtracer</c>.
/// </summary>
internal static class WholeProcess
{
    private const int DefaultRuns = 15;

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
        Once(program, arguments);
        for (int i = 0; i < runs; i++)
        {
            milliseconds[i] = Once(program, arguments);
        }

        Array.Sort(milliseconds);
        string shown = string.Join(' ', arguments.Where(static a => !a.StartsWith('/')));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{milliseconds[0],6:F0} {milliseconds[runs / 2],6:F0} {milliseconds[^1],6:F0} ms (min, median, max of {runs})  {shown}"));
    }

    private static double Once(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Stopwatch clock = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double elapsed = clock.Elapsed.TotalMilliseconds;
        return process.ExitCode == 0
            ? elapsed
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}: {errors.Result}");
    }
}
