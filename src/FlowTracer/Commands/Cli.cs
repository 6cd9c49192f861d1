using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using FlowTracer.Core.Tracing;

namespace FlowTracer.Commands;

/// <summary>Exit codes (docs/formats.md).</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Fault = 1;
    public const int BadInput = 2;
    public const int NoAnswer = 3;
    public const int CheckFailed = 4;
    public const int Cancelled = 130;
}

/// <summary>The program: what it understands, and how it fails.</summary>
internal static class Cli
{
    /// <summary>Runs a command line. Results go to standard output, everything else to standard error.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = new("Follows stolen cryptocurrency to the last base unit, so that others can check the answer.")
        {
            TraceCommand.Create(),
            CompareCommand.Create(),
            HeistsCommand.Create(),
            LabelsCommand.Create(),
            ImportCommand.Create(),
            SourcesCommand.Create(),
            IngestCommand.Create(),
            StoreCommand.Create(),
        };
        // An argument is what it says: '@name' reads no file of further arguments.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Fail(Misunderstood(parsed), ExitCode.BadInput);
        }

        try
        {
            int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false })
                .ConfigureAwait(false);
            if (parsed.Action is HelpAction)
            {
                Examples.Print(parsed.CommandResult.Command);
            }

            return code;
        }
        catch (InputException fault)
        {
            return Fail(fault.Message, ExitCode.BadInput);
        }
        catch (SourceException fault)
        {
            return Fail(fault.Message, ExitCode.NoAnswer);
        }
        catch (LedgerException fault)
        {
            return Fail($"the facts cannot be true together: {fault.Message}", ExitCode.BadInput);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Fail(fault.Message, ExitCode.BadInput);
        }
        catch (OperationCanceledException)
        {
            return Fail("cancelled", ExitCode.Cancelled);
        }
        catch (Exception bug)
        {
            // Whatever was not foreseen: the report for whoever mends it, and exit code 1 instead of a crash.
            return Fail($"this is a bug in flowtracer, and no answer is given: {bug}", ExitCode.Fault);
        }
    }

    // What is not understood is named before what is therefore missing.
    private static string Misunderstood(ParseResult parsed)
    {
        string fault = parsed.UnmatchedTokens is [var token, ..]
            ? $"unknown command, option or argument {new Core.Model.ParseError(Shown(token), 1, "it does not belong here")}"
            : parsed.Errors[0].Message;
        IEnumerable<string> path = parsed.CommandResult.Command is RootCommand ? [] : PathOf(parsed.CommandResult);
        return $"{fault.TrimEnd('.')} (see {string.Join(' ', ["flowtracer", .. path, "--help"])})";
    }

    // A URL may hold a key behind its host, or before it.
    private static string Shown(string token) => token.IndexOf("://", StringComparison.Ordinal) is int at and >= 0
        ? token[..at] + "://…" : token;

    private static IEnumerable<string> PathOf(CommandResult command) =>
        (command.Parent is CommandResult { Command: not RootCommand } parent ? PathOf(parent) : []).Append(command.Command.Name);

    private static int Fail(string message, int code)
    {
        // Names of files and arguments may hold anything: nothing in them ends the line or steers the terminal.
        string shown = code == ExitCode.Fault ? message : string.Concat(message.Select(static c => char.IsControl(c) ? ' ' : c));
        Console.Error.WriteLine($"flowtracer: {shown}");
        return code;
    }
}
