namespace FlowTracer.App.Export;

/// <summary>The types that both graph formats know.</summary>
internal enum AttributeType
{
    /// <summary>Text; exact amounts too, since no number type of these formats holds 256 bits.</summary>
    Text,

    /// <summary>32 bits with a sign.</summary>
    Int,

    /// <summary>64 bits with a sign.</summary>
    Long,

    /// <summary>IEEE 754 binary64, for drawing.</summary>
    Double,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,
}

/// <summary>An attribute of the graph, its nodes or its edges.</summary>
/// <param name="Name">Its name, unique within its kind; letters, digits and underscores.</param>
/// <param name="Type">Its type.</param>
/// <param name="Meaning">What it says, for a person.</param>
/// <param name="Value">Its value as text; null or empty where there is none, and then nothing is written.</param>
internal sealed record GraphAttribute<T>(string Name, AttributeType Type, string Meaning, Func<T, string?> Value);
