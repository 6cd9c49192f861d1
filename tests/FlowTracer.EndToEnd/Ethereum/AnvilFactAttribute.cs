using System.Runtime.InteropServices;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>Where the nodes and the compiler of the tests are, and what is missing of them.</summary>
internal static class NodePackages
{
    /// <summary>The folder of their <c>package.json</c>.</summary>
    public static string Folder { get; } = Repository.PathOf("tests", "FlowTracer.EndToEnd", "nodes");

    /// <summary>The Anvil program; it may not exist.</summary>
    public static string Anvil { get; } = InModules("@foundry-rs", "anvil-linux-amd64", "bin", "anvil");

    /// <summary>Hardhat's command line, a script for node; it may not exist.</summary>
    public static string Hardhat { get; } = InModules("hardhat", "internal", "cli", "bootstrap.js");

    /// <summary>The Bitcoin node bcoin, a script for node; it may not exist.</summary>
    public static string Bcoin { get; } = InModules("bcoin", "bin", "node");

    /// <summary>The program that runs scripts, from the search path; null where there is none.</summary>
    public static string? Node { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "node.exe" : "node"))
        .FirstOrDefault(File.Exists);

    /// <summary>Why the node that the file <paramref name="needed"/> belongs to cannot run here; null when it can.</summary>
    public static string? MissingReason(string needed)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
        {
            return "the test nodes are installed for Linux on x64 only";
        }

        if (Node is null)
        {
            return "node is not on the search path";
        }

        string? missing = new[] { InModules("solc", "package.json"), needed }.FirstOrDefault(file => !File.Exists(file));
        return missing is null
            ? null
            : $"needs {Path.GetRelativePath(Repository.Root, missing)}: run npm ci in tests/FlowTracer.EndToEnd/nodes";
    }

    private static string InModules(params string[] parts) => Path.Combine([Folder, "node_modules", .. parts]);
}

/// <summary>A fact about an Anvil node; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnvilFactAttribute : FactAttribute
{
    public AnvilFactAttribute() => Skip = NodePackages.MissingReason(NodePackages.Anvil)!;

    /// <summary>A fact that also needs a program, given by its path.</summary>
    public AnvilFactAttribute(string tool) =>
        Skip = NodePackages.MissingReason(NodePackages.Anvil) ?? ToolFactAttribute.MissingReason(tool)!;
}

/// <summary>A fact about an Anvil node and a disk of its own; skipped, with the reason, where there is not both.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnvilUnshareFactAttribute : FactAttribute
{
    public AnvilUnshareFactAttribute() =>
        Skip = NodePackages.MissingReason(NodePackages.Anvil) ?? new UnshareFactAttribute().Skip;
}

/// <summary>A theory about Anvil nodes; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnvilTheoryAttribute : TheoryAttribute
{
    public AnvilTheoryAttribute() => Skip = NodePackages.MissingReason(NodePackages.Anvil)!;
}

/// <summary>A fact about a Hardhat node; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HardhatFactAttribute : FactAttribute
{
    public HardhatFactAttribute() => Skip = NodePackages.MissingReason(NodePackages.Hardhat)!;
}

/// <summary>A theory about Hardhat nodes; skipped, with the reason, where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HardhatTheoryAttribute : TheoryAttribute
{
    public HardhatTheoryAttribute() => Skip = NodePackages.MissingReason(NodePackages.Hardhat)!;
}
