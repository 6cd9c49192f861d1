using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlowTracer.Testing;

namespace FlowTracer.EndToEnd.Ethereum;

/// <summary>A contract as compiled.</summary>
/// <param name="Name">Its name in the source.</param>
/// <param name="Creation">Creation code, before the constructor's arguments.</param>
/// <param name="Runtime">Code to put at an address; immutable variables in it are zero.</param>
/// <param name="Constructor"><c>constructor(types)</c>.</param>
/// <param name="Functions">Selectors (four bytes, hexadecimal) by signature.</param>
internal sealed record CompiledContract(
    string Name,
    byte[] Creation,
    byte[] Runtime,
    string Constructor,
    IReadOnlyDictionary<string, string> Functions)
{
    /// <summary>Calldata for a function, by its name, which no other function of the contract has.</summary>
    public byte[] Encode(string function, params object[] arguments)
    {
        (string signature, string selector) = Functions.Single(one => one.Key.StartsWith(function + "(", StringComparison.Ordinal));
        return [.. Convert.FromHexString(selector), .. Abi.Encode(signature, arguments)];
    }

    /// <summary>Creation code with the constructor's arguments behind it.</summary>
    public byte[] Create(params object[] arguments) => [.. Creation, .. Abi.Encode(Constructor, arguments)];
}

/// <summary>
/// The tests' own contracts (<c>nodes/contracts</c>), compiled offline by the pinned compiler: once for each state of their
/// sources, beside the built tests.
/// </summary>
internal static class Contracts
{
    private static readonly Lazy<IReadOnlyDictionary<string, CompiledContract>> All = new(Load);

    /// <summary>A contract by its name.</summary>
    public static CompiledContract Named(string name) => All.Value[name];

    private static Dictionary<string, CompiledContract> Load()
    {
        string path = Path.Combine(AppContext.BaseDirectory, $"contracts-{Digest()}.json");
        if (!File.Exists(path))
        {
            Compile(path);
        }

        using JsonDocument compiled = JsonDocument.Parse(File.ReadAllBytes(path));
        return compiled.RootElement.EnumerateObject().ToDictionary(one => one.Name, one => new CompiledContract(
            one.Name,
            Abi.Bytes(one.Value.GetProperty("creation").GetString()!),
            Abi.Bytes(one.Value.GetProperty("runtime").GetString()!),
            one.Value.GetProperty("constructor").GetString()!,
            one.Value.GetProperty("functions").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!)));
    }

    private static void Compile(string path)
    {
        string partial = $"{path}.{Environment.ProcessId}";
        ProcessStartInfo start = new(NodePackages.Node!, [Path.Combine(NodePackages.Folder, "compile.js"), partial])
        {
            RedirectStandardError = true,
        };
        using Process compiler = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        string error = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        if (compiler.ExitCode != 0)
        {
            throw new InvalidOperationException($"The contracts do not compile.\n{error}");
        }

        File.Move(partial, path, overwrite: true);
    }

    // Of all that decides what the compiler says.
    private static string Digest()
    {
        string[] files =
        [
            .. Directory.GetFiles(Path.Combine(NodePackages.Folder, "contracts"), "*.sol").Order(StringComparer.Ordinal),
            Path.Combine(NodePackages.Folder, "compile.js"),
            Path.Combine(NodePackages.Folder, "package-lock.json"),
        ];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(Repository.Root, file)));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
