using System.Numerics;
using FlowTracer.Core.Model;

namespace FlowTracer.Chains.Ethereum;

/// <summary>
/// One transfer within a transaction, as a source states it, in execution order. A fee has no receiver and a reward no
/// giver.
/// </summary>
/// <param name="Kind">External, internal, token, fee or reward.</param>
/// <param name="From">Who gives; <see cref="Address.IsNone"/> for a reward.</param>
/// <param name="To">Who receives; <see cref="Address.IsNone"/> for a fee.</param>
/// <param name="Asset">What moves.</param>
/// <param name="Amount">How much, in base units.</param>
/// <param name="Grade">How sure the source is.</param>
/// <param name="Source">Where the fact comes from.</param>
public sealed record TransferFact(
    MovementKind Kind, Address From, Address To, Asset Asset, Amount Amount, Grade Grade, string Source)
{
    internal BigInteger Signed => Amount.ToBigInteger();

    /// <summary>Who gives and who receives, of those there are.</summary>
    internal IEnumerable<Holder> Holders
    {
        get
        {
            Asset asset = Asset;
            return new[] { From, To }.Where(static address => !address.IsNone).Select(address => Holder.Account(address, asset));
        }
    }
}
