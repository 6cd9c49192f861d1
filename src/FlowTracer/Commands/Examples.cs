using System.CommandLine;

namespace FlowTracer.Commands;

/// <summary>Examples that help prints under a command's options.</summary>
internal static class Examples
{
    private static readonly Dictionary<Command, string[]> Lines = [];

    /// <summary>Gives a command its examples.</summary>
    public static Command WithExamples(this Command command, params string[] lines)
    {
        Lines[command] = lines;
        return command;
    }

    /// <summary>Prints a command's examples, if it has any.</summary>
    public static void Print(Command command)
    {
        if (Lines.TryGetValue(command, out string[]? lines))
        {
            Console.WriteLine("Examples:");
            foreach (string line in lines)
            {
                Console.WriteLine($"  flowtracer {line}");
            }

            Console.WriteLine();
        }
    }
}
