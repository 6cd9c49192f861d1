using FlowTracer.Testing;

namespace FlowTracer.EndToEnd;

/// <summary>A fact that reads recordings too large to commit; skipped, with the reason, where they are not beside the checkout.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedDataFactAttribute : FactAttribute
{
    /// <param name="folder">The folder in the shared data, with '/'.</param>
    public SharedDataFactAttribute(string folder)
    {
        Folder = folder;
        if (!Directory.Exists(Path.Combine(Repository.SharedData, folder)))
        {
            Skip = $"needs ../shared/data/{folder}, which is not here";
        }
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }
}
