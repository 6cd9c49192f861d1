using System.Text;

namespace FlowTracer.EndToEnd;

/// <summary>How a run of the program ended, and what it wrote.</summary>
/// <param name="ExitCode">The process's exit code.</param>
/// <param name="OutputBytes">Standard output, byte for byte.</param>
/// <param name="ErrorBytes">Standard error, byte for byte.</param>
internal sealed record ProgramResult(int ExitCode, byte[] OutputBytes, byte[] ErrorBytes)
{
    // Strict: output that is not UTF-8 fails the test that reads it.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Standard output as text.</summary>
    public string Output => Utf8.GetString(OutputBytes);

    /// <summary>Standard error as text.</summary>
    public string Error => Utf8.GetString(ErrorBytes);

    /// <summary>Fails, showing what the program wrote, when the exit code is another.</summary>
    public ProgramResult Expect(int exitCode)
    {
        Assert.True(
            ExitCode == exitCode,
            $"exit code {ExitCode}, expected {exitCode}\n--- standard output\n{Output}\n--- standard error\n{Error}");
        return this;
    }
}
