using System.Diagnostics.CodeAnalysis;

namespace FlowTracer.App.Labels;

/// <summary>
/// The label packs on this machine: those that ship with the program, and those a user has imported. Packs are kept as the
/// very bytes their publisher made.
/// </summary>
/// <param name="builtInDirectory">The packs that ship with the program; they are never written.</param>
/// <param name="userDirectory">The user's packs; it need not exist.</param>
public sealed class LabelStore(string builtInDirectory, string userDirectory)
{
    /// <summary>The packs that ship with the program.</summary>
    public string BuiltInDirectory { get; } = builtInDirectory;

    /// <summary>The user's packs.</summary>
    public string UserDirectory { get; } = userDirectory;

    /// <summary>
    /// The store beside the program, with the user's packs in <c>$XDG_DATA_HOME/flowtracer/labels</c>, which is
    /// <c>~/.local/share/flowtracer/labels</c> where the variable is not set, or the system's own place for such data.
    /// </summary>
    public static LabelStore Default()
    {
        string data = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return new LabelStore(
            Path.Combine(AppContext.BaseDirectory, "fixtures", "labels"), Path.Combine(data, "flowtracer", "labels"));
    }

    /// <summary>Reads every pack; false with the first fault found.</summary>
    public bool TryLoad(
        [NotNullWhen(true)] out LabelIndex? index, [NotNullWhen(false)] out LabelError? error, CancellationToken cancellation)
    {
        index = null;
        if (!TryListFiles(out List<string>? files, out error))
        {
            return false;
        }

        var packs = new List<LoadedPack>();
        foreach (string file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!TryReadFile(file, out _, out LoadedPack? pack, out error))
            {
                return false;
            }

            LoadedPack? twin = packs.Find(other => IsSameName(other.Name, pack.Name));
            if (twin is not null)
            {
                error = new LabelError(file, 0, 0, $"there is another pack named '{twin.Name}' ({twin.FileName}); remove one of them");
                return false;
            }

            packs.Add(pack);
        }

        index = LabelIndex.Of(packs);
        return true;
    }

    /// <summary>
    /// Checks label files and keeps them among the user's packs. A folder stands for the label files in it. Every file is
    /// checked before the first is written, and each is written whole or not at all. A file that is already there with the
    /// same bytes is left alone.
    /// </summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="replace">Whether a file may take the place of one with the same name and other content.</param>
    /// <param name="imports">What became of each file, in the order given, folders by name.</param>
    /// <param name="error">The first fault; then nothing has been written, unless writing itself failed.</param>
    /// <param name="cancellation">Stops between two files; what is already written stays.</param>
    public bool TryImport(
        IReadOnlyList<string> paths,
        bool replace,
        [NotNullWhen(true)] out IReadOnlyList<LabelImport>? imports,
        [NotNullWhen(false)] out LabelError? error,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(paths);
        imports = null;
        if (!TryPlan(paths, replace, out List<PlannedImport>? plan, out error, cancellation))
        {
            return false;
        }

        foreach (PlannedImport planned in plan)
        {
            cancellation.ThrowIfCancellationRequested();
            if (planned.Import.Outcome != LabelImportOutcome.Unchanged
                && !TryWrite(planned.Import.Path, planned.Content, out error))
            {
                return false;
            }
        }

        imports = plan.ConvertAll(planned => planned.Import);
        return true;
    }

    private bool TryPlan(
        IReadOnlyList<string> paths,
        bool replace,
        [NotNullWhen(true)] out List<PlannedImport>? plan,
        [NotNullWhen(false)] out LabelError? error,
        CancellationToken cancellation)
    {
        plan = null;
        if (!TryListFiles(out List<string>? existing, out error))
        {
            return false;
        }

        var planned = new List<PlannedImport>();
        foreach (string path in paths)
        {
            List<string>? files = [path];
            if (Directory.Exists(path) && !TryListFolder(path, out files, out error))
            {
                return false;
            }

            if (files.Count == 0)
            {
                error = new LabelError(path, 0, 0, "there is no label file (.csv, .yaml, .yml) in this folder");
                return false;
            }

            foreach (string file in files)
            {
                cancellation.ThrowIfCancellationRequested();
                if (!TryPlanFile(file, existing, planned, replace, out error))
                {
                    return false;
                }
            }
        }

        plan = planned;
        return true;
    }

    private bool TryPlanFile(
        string file, List<string> existing, List<PlannedImport> planned, bool replace, [NotNullWhen(false)] out LabelError? error)
    {
        if (!TryReadFile(file, out byte[]? content, out LoadedPack? pack, out error))
        {
            return false;
        }

        if (planned.Exists(other => IsSameName(other.Import.Name, pack.Name)))
        {
            error = new LabelError(file, 0, 0, $"another file of this import is named '{pack.Name}' too; rename one of them");
            return false;
        }

        string target = Path.Combine(UserDirectory, pack.Name + KeptEnding(file));
        string? present = existing.Find(other => IsSameName(LabelFileText.PackName(other), pack.Name));
        if (present is null)
        {
            planned.Add(new PlannedImport(new LabelImport(pack, target, LabelImportOutcome.Added), content));
            return true;
        }

        if (!TryReadBytes(present, out byte[]? presentContent, out error))
        {
            return false;
        }

        // The same bytes in the built-in directory are as good as imported.
        bool isSame = content.AsSpan().SequenceEqual(presentContent) && KeptEnding(present) == KeptEnding(file);
        bool isReplaceable = IsSamePath(present, target);
        if (!isSame && !(replace && isReplaceable))
        {
            error = new LabelError(file, 0, 0, isReplaceable
                ? $"a pack named '{pack.Name}' with other content is already there; use --replace to put this one in its place"
                : $"the name '{pack.Name}' is taken by {present}; rename the file");
            return false;
        }

        planned.Add(new PlannedImport(
            new LabelImport(pack, present, isSame ? LabelImportOutcome.Unchanged : LabelImportOutcome.Replaced), content));
        return true;
    }

    private bool TryWrite(string path, byte[] content, [NotNullWhen(false)] out LabelError? error)
    {
        // A name no loader takes for a pack, in the same directory: moving it there is one step, whole or not at all.
        string temporary = Path.Combine(UserDirectory, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            Directory.CreateDirectory(UserDirectory);
            try
            {
                using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
                {
                    stream.Write(content);
                    stream.Flush(flushToDisk: true);
                }

                File.Move(temporary, path, overwrite: true);
            }
            finally
            {
                File.Delete(temporary);
            }

            error = null;
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            error = new LabelError(path, 0, 0, "cannot be written: " + fault.Message);
            return false;
        }
    }

    private bool TryListFiles([NotNullWhen(true)] out List<string>? files, [NotNullWhen(false)] out LabelError? error)
    {
        files = null;
        if (!TryListFolder(BuiltInDirectory, out List<string>? builtIn, out error)
            || !TryListFolder(UserDirectory, out List<string>? user, out error))
        {
            return false;
        }

        files = [.. builtIn, .. user];
        return true;
    }

    // The label files of a folder by name; none when there is no such folder.
    private static bool TryListFolder(
        string folder, [NotNullWhen(true)] out List<string>? files, [NotNullWhen(false)] out LabelError? error)
    {
        (files, error) = ([], null);
        if (!Directory.Exists(folder))
        {
            return true;
        }

        try
        {
            foreach (string file in Directory.EnumerateFiles(folder))
            {
                string ending = Path.GetExtension(file);
                if (Path.GetFileName(file)[0] != '.' && LoadedPack.Endings.Contains(ending, StringComparer.OrdinalIgnoreCase))
                {
                    files.Add(file);
                }
            }

            files.Sort(StringComparer.Ordinal);
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            (files, error) = (null, new LabelError(folder, 0, 0, "cannot be read: " + fault.Message));
            return false;
        }
    }

    private static bool TryReadFile(
        string file,
        [NotNullWhen(true)] out byte[]? content,
        [NotNullWhen(true)] out LoadedPack? pack,
        [NotNullWhen(false)] out LabelError? error)
    {
        pack = null;
        return TryReadBytes(file, out content, out error) && LoadedPack.TryRead(content, file, out pack, out error);
    }

    private static bool TryReadBytes(
        string file, [NotNullWhen(true)] out byte[]? content, [NotNullWhen(false)] out LabelError? error)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return LabelFileText.TryReadBounded(stream, file, TagPackReader.MaxFileBytes, out content, out error);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            (content, error) = (null, new LabelError(file, 0, 0, "there is no such file"));
            return false;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            (content, error) = (null, new LabelError(file, 0, 0, "cannot be read: " + fault.Message));
            return false;
        }
    }

    private static string KeptEnding(string file) =>
        Path.GetExtension(file).Equals(".csv", StringComparison.OrdinalIgnoreCase) ? ".csv" : ".yaml";

    // A file system may not tell upper case from lower.
    private static bool IsSameName(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static bool IsSamePath(string a, string b) =>
        string.Equals(Path.GetFullPath(a), Path.GetFullPath(b), StringComparison.OrdinalIgnoreCase);

    private sealed record PlannedImport(LabelImport Import, byte[] Content);
}
