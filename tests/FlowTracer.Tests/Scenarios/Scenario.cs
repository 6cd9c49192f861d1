using System.Numerics;

namespace FlowTracer.Tests.Scenarios;

/// <summary>
/// What can hold value in a scenario: an address by its name, and an asset by its symbol. On Bitcoin the name is a coin's:
/// <c>Bob.1</c> is a coin of the address <c>Bob</c>, and so is <c>Bob</c>.
/// </summary>
internal readonly record struct ScenarioHolder(string Address, string Asset)
{
    /// <summary>On Bitcoin, the address a coin's name begins with.</summary>
    public string OfAddress => Address.Split('.')[0];

    public override string ToString() => $"{Address}/{Asset}";
}

/// <summary>One side of a row, in base units.</summary>
internal sealed record ScenarioLeg(ScenarioHolder Holder, BigInteger Amount);

/// <summary>Kinds of rows; the scenario format's README says what each needs.</summary>
internal enum ScenarioRowKind
{
    Transfer,
    Swap,
    Fee,
    Reward,
    Unresolved,
    Transaction,
    Coinbase,
}

/// <summary>One row of the ledger. <see cref="Order"/> counts rows from 1; rows are in chain order.</summary>
internal sealed record ScenarioRow(
    int Order,
    string Label,
    long Block,
    int TxIndex,
    DateTimeOffset Time,
    ScenarioRowKind Kind,
    IReadOnlyList<ScenarioLeg> Inputs,
    IReadOnlyList<ScenarioLeg> Outputs);

/// <summary>
/// A seed: an output (from 0) of a transfer row, or, when <see cref="Holder"/> is set, an address from that row on.
/// A null amount means all.
/// </summary>
internal sealed record ScenarioSeed(string Id, ScenarioRow Row, int Output, ScenarioHolder? Holder, BigInteger? Amount);

/// <summary>Where the trace is made to stop; null and empty mean nowhere.</summary>
internal sealed record ScenarioLimits(
    int? Hops,
    int? Addresses,
    IReadOnlyDictionary<string, BigInteger> SmallestLot,
    ScenarioRow? Until,
    int? Degree);

/// <summary>A stop: what category of service the address is and who runs it.</summary>
internal sealed record ScenarioStop(string Kind, string Name);

/// <summary>One expected fact, as canonical text, and the line of the file it stands on.</summary>
internal sealed record ScenarioFact(string Text, int Line);

/// <summary>
/// What a scenario expects under some policies. It is complete for the topics in
/// <see cref="ScenarioFacts.AlwaysCompared"/>: what is not listed there must not be found.
/// </summary>
internal sealed record ScenarioExpectation(
    IReadOnlyList<string> Policies,
    IReadOnlyList<ScenarioFact> Facts,
    int Line);

/// <summary>A small ledger, a question about it and the answer worked out by hand.</summary>
internal sealed record Scenario(
    string Title,
    string Question,
    IReadOnlyList<string> Sources,
    IReadOnlyList<ScenarioRow> Rows,
    IReadOnlyList<ScenarioSeed> Seeds,
    IReadOnlyDictionary<string, ScenarioStop> Stops,
    IReadOnlySet<ScenarioHolder> Covered,
    ScenarioLimits Limits,
    bool Backward,
    bool FollowFees,
    IReadOnlyList<ScenarioExpectation> Expectations)
{
    /// <summary>Whether holders are coins.</summary>
    public bool IsBitcoin => ScenarioParser.IsBitcoin(Rows[0].Kind);

    /// <summary>Every policy some expectation speaks of, in the order they appear.</summary>
    public IReadOnlyList<string> Policies => Expectations.SelectMany(e => e.Policies).Distinct().ToList();
}

/// <summary>One way to answer a scenario: the reference, or the engine.</summary>
internal interface IScenarioEngine
{
    /// <summary>Shown when an answer is wrong.</summary>
    string Name { get; }

    /// <summary>Answers for every policy in <see cref="Scenario.Policies"/>.</summary>
    ScenarioResult Run(Scenario scenario);
}

/// <summary>The answers of one engine, by policy.</summary>
internal sealed record ScenarioResult(IReadOnlyDictionary<string, ScenarioOutcome> ByPolicy);

/// <summary>
/// The answer under one policy. Sinks of value policies are in origin units of the seed's asset; those of poison are
/// what arrived (or lies there) marked, in the asset it is in. Lists may come in any order and without zero rows.
/// </summary>
internal sealed record ScenarioOutcome(
    IReadOnlyList<ScenarioSeedOutcome> Seeds,
    IReadOnlyList<(ScenarioHolder Holder, BigInteger Amount)> UnexplainedInflows,
    IReadOnlyList<ScenarioHolder> UnknownOpenings,
    IReadOnlyList<(string Seed, string Earlier, ScenarioHolder Holder, BigInteger Amount)> Collisions,
    IReadOnlyDictionary<ScenarioHolder, IReadOnlyList<ScenarioLot>> Lots,
    int Hops);

/// <summary>A seed's balance sheet and the addresses that received some of it.</summary>
internal sealed record ScenarioSeedOutcome(
    string Id,
    BigInteger Stolen,
    BigInteger ClaimedEarlier,
    IReadOnlyList<(string Kind, string Name, string Asset, BigInteger Amount)> Sinks,
    IReadOnlyList<string> Reached);

/// <summary>A lot left in a holder; no seeds means clean, one under value policies, any number under poison.</summary>
internal sealed record ScenarioLot(IReadOnlyList<string> Seeds, BigInteger Amount, BigInteger Origin);
