namespace FlowTracer.Tests.Architecture;

/// <summary>Who may know whom under src/. Dependencies run one way; the chains and the stores never see each other.</summary>
internal static class DependencyRules
{
    private const string Core = "FlowTracer.Core";
    private const string Analyser = "Microsoft.CodeAnalysis.BannedApiAnalyzers";

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [Core] = [],
        ["FlowTracer.Chains"] = [Core],
        ["FlowTracer.Store"] = [Core],
        ["FlowTracer.App"] = [Core, "FlowTracer.Chains", "FlowTracer.Store"],
        ["FlowTracer.Web"] = ["FlowTracer.App"],
        ["FlowTracer"] = ["FlowTracer.App", "FlowTracer.Web"],
    };

    /// <summary>One sentence for each rule a project under src/ breaks; empty when it breaks none.</summary>
    public static IEnumerable<string> Violations(ProjectFile project)
    {
        if (!Allowed.TryGetValue(project.Name, out string[]? allowed))
        {
            yield return $"{project.Name} has no place in the drawing of dependencies";
            yield break;
        }

        foreach (string reference in project.Projects.Except(allowed))
        {
            yield return $"{project.Name} must not reference {reference}";
        }

        foreach (string detour in project.Detours)
        {
            yield return $"{project.Name} brings code in past its project references: {detour}";
        }

        foreach (PackageUse package in project.Name == Core ? project.Packages : [])
        {
            if (package.Id != Analyser || package.PrivateAssets != "all")
            {
                yield return $"{Core} must stand on the base library alone, not on {package.Id}";
            }
        }
    }
}
