namespace FlowTracer.Tests;

/// <summary>A fact that reads shared data; where the folder is absent it is skipped, and the reason names the folder.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDataFactAttribute : FactAttribute
{
    public NeedsDataFactAttribute(string folder)
    {
        Folder = folder;
        if (!Directory.Exists(SharedData.Folder(folder)))
        {
            Skip = $"needs ../shared/data/{folder}, which is not here";
        }
    }

    public string Folder { get; }
}
