using FlowTracer.App.Sources;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>What speaks at an address, found by asking.</summary>
public sealed class SourceFinderTests
{
    // Web servers have each their own way to say that a path takes no POST.
    [Theory]
    [InlineData(404, false)]
    [InlineData(405, false)]
    [InlineData(405, true)]
    [InlineData(501, false)]
    [InlineData(501, true)]
    public async Task An_explorer_that_takes_no_post_is_found(int status, bool isEitherFamily)
    {
        await using TestNode test = new(request => request switch
        {
            { Method: "GET", Target: "/block-height/0" } => new Reply("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
            { Method: "GET" } => new Reply("no such page") { Status = 404 },
            _ => new Reply("no") { Status = status },
        });
        SourceFinder finder = new(new SourceSettings { Fetch = TestNode.Quick }, TimeProvider.System);

        FoundSource found = await finder.FindAsync(
            test.Server.Url, isEitherFamily ? null : ChainFamily.Utxo, test.Pipeline, CancellationToken.None);

        Assert.Equal((SourceKind.Esplora, ChainId.Bitcoin), (found.Kind, found.Chain));
    }
}
