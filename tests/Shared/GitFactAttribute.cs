using System.ComponentModel;

namespace FlowTracer.Testing;

/// <summary>A fact about the files git knows; skipped, with the reason, where the sources are no git checkout.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GitFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Reason = new(Probe);

    public GitFactAttribute() => Skip = Reason.Value!;

    private static string? Probe()
    {
        try
        {
            return Repository.Files.Count > 0 ? null : "git lists no files here";
        }
        catch (Exception fault) when (fault is Win32Exception or InvalidOperationException)
        {
            return $"needs git and a checkout: {fault.Message}";
        }
    }
}
