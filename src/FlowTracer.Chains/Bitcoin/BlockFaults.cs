namespace FlowTracer.Chains.Bitcoin;

/// <summary>What in a well-formed block does not hold together.</summary>
[Flags]
public enum BlockFaults
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The header's hash does not meet its target, or the chain does not allow that target.</summary>
    ProofOfWork = 1,

    /// <summary>The header's merkle root is not that of the transactions.</summary>
    MerkleRoot = 2,

    /// <summary>The list of transactions may be another block's with its end repeated (CVE-2012-2459).</summary>
    RepeatedMerkleBranch = 4,

    /// <summary>The coinbase commits to other witnesses (BIP 141), or its own has no reserved value of 32
    /// bytes.</summary>
    WitnessCommitment = 8,

    /// <summary>Transactions have witnesses to which the coinbase does not commit.</summary>
    UncommittedWitness = 16,
}
