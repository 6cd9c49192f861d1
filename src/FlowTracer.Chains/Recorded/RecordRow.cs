using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Recorded;

/// <summary>One transfer of a record, with what the record states of its place. What it does not state is null.</summary>
/// <param name="File">The file it stands in, for errors.</param>
/// <param name="Line">The line, for errors.</param>
/// <param name="Chain">An account chain.</param>
/// <param name="Block">Its block, or the first of a range.</param>
/// <param name="BlockMax">The last block of the range when the block is not exact.</param>
/// <param name="Time">Unix time of the block in seconds.</param>
/// <param name="Tx">Its transaction.</param>
/// <param name="TxIndex">The transaction's index in its block.</param>
/// <param name="Fact">What moved.</param>
public sealed record RecordRow(
    string File, long Line, ChainId Chain, ulong? Block, ulong? BlockMax, long? Time, TxHash? Tx, uint? TxIndex, TransferFact Fact)
{
    internal InputException Fault(string reason) => new(File, Line, 0, reason);
}
