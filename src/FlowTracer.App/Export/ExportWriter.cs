using FlowTracer.App.Traces;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Export;

/// <summary>
/// Writes the files of a trace into a folder. They are written under other names first and take their own only when all
/// are complete, so that no failure leaves half a file that looks whole.
/// </summary>
public static class ExportWriter
{
    /// <summary>Writes a trace; files of the same names are replaced, others are left alone.</summary>
    /// <param name="directory">Where to; made when it is not there.</param>
    /// <param name="formats">Names of formats (<see cref="Exports"/>); a name given twice counts once.</param>
    /// <param name="report">What to write.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Stops between two files; then none is changed.</param>
    /// <returns>The paths of the files, in the order of the formats.</returns>
    /// <exception cref="InputException">A format is unknown, or the folder cannot be written to.</exception>
    public static async Task<IReadOnlyList<string>> WriteAsync(
        string directory,
        IReadOnlyList<string> formats,
        TraceReport report,
        ExportOptions options,
        CancellationToken cancellationToken)
    {
        PendingFile[] files =
        [
            .. from format in formats.Distinct()
               let exporter = Exports.Find(format)
               from name in exporter.FileNames
               select new PendingFile(directory, name, stream => exporter.Write(name, report, options, stream)),
        ];
        try
        {
            Directory.CreateDirectory(directory);

            // Each file is a pure function of the report, so that they may be written at once.
            await Parallel.ForEachAsync(files, cancellationToken, static (file, token) => file.WriteAsync(token))
                .ConfigureAwait(false);
            Array.ForEach(files, static file => file.Publish());
            return [.. files.Select(static file => file.Path)];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot write to {directory}: {fault.Message.ReplaceLineEndings(" ")}");
        }
        catch (ArgumentOutOfRangeException fault) when (fault.TargetSite?.DeclaringType == typeof(RandomAccess))
        {
            // How the runtime reports EFBIG, alone of all errors of a write: a limit of the user, or of a file system.
            throw new InputException($"cannot write to {directory}: a file would be larger than is allowed there");
        }
        finally
        {
            Array.ForEach(files, static file => file.Discard());
        }
    }

    /// <summary>A file that has its own name only when it is complete.</summary>
    private sealed class PendingFile(string directory, string name, Action<Stream> write)
    {
        private const int BufferBytes = 1 << 16;

        private readonly string _temporary =
            System.IO.Path.Combine(directory, $".{name}.{System.IO.Path.GetRandomFileName()}.part");

        private bool _isCreated;

        public string Path { get; } = System.IO.Path.Combine(directory, name);

        public async ValueTask WriteAsync(CancellationToken cancellationToken)
        {
            FileStream stream = new(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
            _isCreated = true;
            await using (stream.ConfigureAwait(false))
            {
                write(stream);
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);

                // To the disk before the name: a machine that stops must not leave a name without its bytes.
                stream.Flush(flushToDisk: true);
            }
        }

        public void Publish()
        {
            File.Move(_temporary, Path, overwrite: true);
            _isCreated = false;
        }

        // On the way out of another failure, which is the one to report.
        public void Discard()
        {
            if (!_isCreated)
            {
                return;
            }

            try
            {
                File.Delete(_temporary);
            }
            catch (IOException)
            {
                // The file stays under its temporary name, which says what it is.
            }
            catch (UnauthorizedAccessException)
            {
                // As above.
            }
        }
    }
}
