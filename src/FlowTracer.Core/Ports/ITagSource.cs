using FlowTracer.Core.Attributions;
using FlowTracer.Core.Model;

namespace FlowTracer.Core.Ports;

/// <summary>What is claimed about addresses. Asked once for each address a trace reaches, so it must answer from memory.</summary>
public interface ITagSource
{
    /// <summary>Every claim about the address; empty when there is none. The order carries no meaning.</summary>
    IReadOnlyList<Tag> TagsOf(Address address);
}
