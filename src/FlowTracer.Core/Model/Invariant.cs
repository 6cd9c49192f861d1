using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FlowTracer.Core.Model;

/// <summary>A bug in this program: a rule it promises to keep does not hold. Never thrown for bad input.</summary>
public sealed class InvariantException(string message) : Exception(message);

/// <summary>Checks that stay on in release builds: an answer that breaks one must not be given.</summary>
public static class Invariant
{
    /// <summary>Stops with <see cref="InvariantException"/> when <paramref name="condition"/> is false.</summary>
    public static void Check(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] ref Message message)
    {
        if (!condition)
        {
            throw new InvariantException(message.ToString());
        }
    }

    /// <summary>Builds the text only when the check has failed, so that a check costs a comparison.</summary>
    [InterpolatedStringHandler]
    public ref struct Message
    {
        private DefaultInterpolatedStringHandler _text;
        private readonly bool _needed;

        public Message(int literalLength, int formattedCount, bool condition, out bool enabled)
        {
            _needed = enabled = !condition;
            _text = enabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _needed ? _text.ToStringAndClear() : string.Empty;
    }
}
