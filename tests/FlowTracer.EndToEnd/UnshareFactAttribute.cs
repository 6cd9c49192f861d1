using System.ComponentModel;
using System.Diagnostics;

namespace FlowTracer.EndToEnd;

/// <summary>A fact about a process without any network; skipped, with the reason, where the system makes none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class UnshareFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Reason = new(Probe);

    public UnshareFactAttribute() => Skip = Reason.Value!;

    private static string? Probe()
    {
        try
        {
            ProcessStartInfo start = new("unshare", ["--user", "--map-root-user", "--net", "--", "true"]) { RedirectStandardError = true };
            using Process? unshare = Process.Start(start);
            string error = unshare?.StandardError.ReadToEnd() ?? string.Empty;
            unshare?.WaitForExit();
            return unshare?.ExitCode == 0 ? null : $"no network namespace can be made here: {error.Trim()}";
        }
        catch (Win32Exception)
        {
            return "unshare is not there";
        }
    }
}
