using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.Ethereum.Json;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>What call trees come to, worked out by hand; each case in the forms that say it.</summary>
public sealed class InternalTransferTests
{
    private static readonly ChainId Chain = ChainId.Ethereum;

    [Fact]
    public void The_transactions_own_value_is_not_internal()
    {
        Assert.Empty(Traces(Call("", A, B, 9)));
        Assert.Empty(Tree(Frame("CALL", A, B, 9)));
    }

    [Fact]
    public void Calls_move_in_the_order_in_which_they_run()
    {
        // A calls B, which pays C; C pays D; then B pays D.
        string[] expected = ["b c 5", "c d 4", "b d 3"];
        Assert.Equal(expected, Traces(Call("", A, B, 9), Call("0", B, C, 5), Call("0,0", C, D, 4), Call("1", B, D, 3)));
        Assert.Equal(expected, Traces(Call("1", B, D, 3), Call("0,0", C, D, 4), Call("", A, B, 9), Call("0", B, C, 5)));
        Assert.Equal(expected, Tree(Frame("CALL", A, B, 9, Frame("CALL", B, C, 5, Frame("CALL", C, D, 4)), Frame("CALL", B, D, 3))));
    }

    [Fact]
    public void Nothing_below_a_failed_call_moves()
    {
        string[] expected = ["b d 3"];
        string failed = Call("0", B, C, 5).Replace("'subtraces'", "'error':'Reverted','subtraces'", StringComparison.Ordinal);
        Assert.Equal(expected, Traces(Call("", A, B, 9), failed, Call("0,0", C, D, 4), Call("1", B, D, 3)));
        string reverted = Frame("CALL", B, C, 5, Frame("CALL", C, D, 4)).Replace("'type'", "'error':'out of gas','type'", StringComparison.Ordinal);
        Assert.Equal(expected, Tree(Frame("CALL", A, B, 9, reverted, Frame("CALL", B, D, 3))));
    }

    [Fact]
    public void A_failed_transaction_moves_nothing_inside()
    {
        string top = Call("", A, B, 9).Replace("'subtraces'", "'error':'Reverted','subtraces'", StringComparison.Ordinal);
        Assert.Empty(Traces(top, Call("0", B, C, 5)));
        Assert.False(InternalTransfers.TookEffectByTraces(Of($"[{top}]"), Chain));
        Assert.True(InternalTransfers.TookEffectByTraces(Of($"[{Call("", A, B, 9)}]"), Chain));
        Assert.False(InternalTransfers.TookEffectByCallTracer(Of("{'type':'CALL','error':'execution reverted'}")));
    }

    // A delegate call repeats the value of the call around it; a callcode runs as its caller.
    [Theory]
    [InlineData("delegatecall")]
    [InlineData("callcode")]
    [InlineData("staticcall")]
    public void Borrowed_code_moves_nothing_itself_but_what_it_calls_does(string kind)
    {
        string[] expected = ["b d 4"];
        Assert.Equal(expected, Traces(Call("", A, B, 9), Call("0", B, C, 9, kind), Call("0,0", B, D, 4)));
        Assert.Equal(expected, Tree(Frame("CALL", A, B, 9, Frame(kind.ToUpperInvariant(), B, C, 9, Frame("CALL", B, D, 4)))));
    }

    [Fact]
    public void A_creation_endows_what_it_creates()
    {
        string[] expected = ["b c 5"];
        string creation = $"{{'type':'create','action':{{'from':'{B}','value':'0x5','init':'0x','gas':'0x1'}},'result':{{'address':'{C}'}},'transactionHash':'{Hash1}','traceAddress':[0]}}";
        Assert.Equal(expected, Traces(Call("", A, B, 9), creation));
        Assert.Equal(expected, Tree(Frame("CALL", A, B, 9, Frame("CREATE2", B, C, 5))));
        Assert.Equal(expected, Ots($"{{'type':2,'from':'{B}','to':'{C}','value':'0x5'}}"));
        Assert.Equal(expected, Ots($"{{'type':3,'from':'{B}','to':'{C}','value':'0x5'}}"));
        string nameless = creation.Replace($",'result':{{'address':'{C}'}}", ",'result':null", StringComparison.Ordinal);
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), nameless));
        string failed = nameless.Replace("'type'", "'error':'out of gas','type'", StringComparison.Ordinal);
        Assert.Empty(Traces(Call("", A, B, 9), failed));
    }

    [Theory]
    [InlineData(D, "b d 5")]
    [InlineData(B)] // to itself
    public void A_self_destruct_moves_the_balance(string heir, params string[] expected)
    {
        foreach (string name in new[] { "suicide", "selfdestruct" })
        {
            string row = $"{{'type':'{name}','action':{{'address':'{B}','refundAddress':'{heir}','balance':'0x5'}},'result':null,'transactionHash':'{Hash1}','traceAddress':[0]}}";
            Assert.Equal(expected, Traces(Call("", A, B, 9), row));
        }

        Assert.Equal(expected, Tree(Frame("CALL", A, B, 9, Frame("SELFDESTRUCT", B, heir, 5))));
        Assert.Equal(expected, Ots($"{{'type':1,'from':'{B}','to':'{heir}','value':'0x5'}}"));
    }

    [Fact]
    public void Rewards_among_the_rows_are_passed_over() => Assert.Equal(["b c 5"], Traces(
        Call("", A, B, 9), Call("0", B, C, 5),
        $"{{'type':'reward','action':{{'author':'{D}','rewardType':'block','value':'0x1'}},'traceAddress':[]}}"));

    [Fact]
    public void Rows_that_are_not_all_of_one_transaction_are_refused()
    {
        Assert.Throws<AnswerFormatException>(() => Traces());
        Assert.Throws<AnswerFormatException>(() => Traces(Call("0", B, C, 5)));
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), Call("", A, B, 9)));
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), Call("0", B, C, 5), Call("0", B, C, 5)));
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), Call("0,0", B, C, 5)));
        string foreign = Call("0", B, C, 5).Replace(Hash1, Hash2, StringComparison.Ordinal);
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), foreign));
    }

    [Fact]
    public void An_unknown_kind_of_call_is_refused_and_never_passed_over()
    {
        Assert.Throws<AnswerFormatException>(() => Traces(Call("", A, B, 9), Call("0", B, C, 5, "authcall")));
        Assert.Throws<AnswerFormatException>(() => Tree(Frame("CALL", A, B, 9, Frame("AUTHCALL", B, C, 5))));
        Assert.Throws<AnswerFormatException>(() => Ots($"{{'type':4,'from':'{B}','to':'{C}','value':'0x5'}}"));
    }

    [Fact]
    public void The_deepest_tree_that_the_virtual_machine_allows_is_read()
    {
        string tree = Frame("CALL", A, B, 1);
        for (int depth = 0; depth < 1024; depth++)
        {
            tree = Frame("CALL", A, B, 1, tree);
        }

        System.Text.Json.JsonElement frame = System.Text.Json.JsonDocument.Parse(
            tree.Replace('\'', '"'), new System.Text.Json.JsonDocumentOptions { MaxDepth = 4096 }).RootElement;
        Assert.Equal(1024, InternalTransfers.FromCallTracer(frame, Chain).Count);
    }

    // One creation on a development node (Anvil 1.7.1), as each method answers: its code pays 5 wei and then destroys
    // itself. The list of operations has the self-destruct first.
    [Fact]
    public void Methods_agree_on_what_a_development_node_ran()
    {
        const string sender = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
        const string contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
        const string dead = "0x000000000000000000000000000000000000dead";
        const string beef = "0x000000000000000000000000000000000000beef";
        const string tx = "'transactionHash':'0xf15f9d2358bb052a12961dacd810c224c21e0032e61f12381d56e367cc48544a'";
        string[] expected = ["3 d 5", "3 f 95"];
        Assert.Equal(expected, Traces(
            $"{{'action':{{'from':'{sender}','gas':'0xf2fe6','init':'0x','value':'0x64','creationMethod':'create'}},'result':{{'address':'{contract}','code':'0x','gasUsed':'0x1056d'}},'subtraces':2,'traceAddress':[],{tx},'type':'create'}}",
            $"{{'action':{{'from':'{contract}','callType':'call','gas':'0xe6f53','input':'0x','to':'{dead}','value':'0x5'}},'result':{{'gasUsed':'0x0','output':'0x'}},'subtraces':0,'traceAddress':[0],{tx},'type':'call'}}",
            $"{{'action':{{'address':'{contract}','balance':'0x5f','refundAddress':'{beef}'}},'result':null,'subtraces':0,'traceAddress':[1],{tx},'type':'suicide'}}"));
        Assert.Equal(expected, Tree(
            $"{{'from':'{sender}','to':'{contract}','input':'0x','calls':[{{'from':'{contract}','to':'{dead}','input':'0x','value':'0x5','type':'CALL'}},{{'from':'{contract}','to':'{beef}','input':'0x','value':'0x5f','type':'SELFDESTRUCT'}}],'value':'0x64','type':'CREATE'}}"));
        Assert.Equal(expected.Reverse(), Ots(
            $"{{'type':1,'from':'{contract}','to':'{beef}','value':'0x5f'}},{{'type':0,'from':'{contract}','to':'{dead}','value':'0x5'}}"));
    }

    [Fact]
    public void Explorers_rows_are_put_in_call_order_where_they_have_a_place()
    {
        ExplorerInternalRow[] rows = [Row(B, D, 3, [1]), Row(C, D, 4, [0, 10]), Row(B, C, 5, [0]), Row(C, A, 2, [0, 9])];
        Assert.Equal(["b c 5", "c a 2", "c d 4", "b d 3"], Show(InternalTransfers.FromExplorer(rows)));
        rows[0] = rows[0] with { Place = [] };
        Assert.Equal(["b d 3", "c d 4", "b c 5", "c a 2"], Show(InternalTransfers.FromExplorer(rows)));
    }

    [Fact]
    public void Explorers_rows_that_failed_or_move_nothing_are_left_out()
    {
        ExplorerInternalRow[] rows =
        [
            Row(B, C, 5, [0]) with { TookEffect = false }, Row(B, C, 0, [1]), Row(B, C, 7, [2]) with { Kind = "delegatecall" },
            Row(B, B, 8, [3]) with { Kind = "suicide" }, Row(B, C, 6, [4]) with { Kind = "create2" },
        ];
        Assert.Equal(["b c 6"], Show(InternalTransfers.FromExplorer(rows)));
        Assert.Throws<ArgumentException>(() => InternalTransfers.FromExplorer([rows[0], rows[1] with { Tx = null }]));
    }

    private static IEnumerable<string> Traces(params string[] rows) =>
        Show(InternalTransfers.FromTraces(Of($"[{string.Join(',', rows)}]"), Chain));

    private static IEnumerable<string> Tree(string frame) => Show(InternalTransfers.FromCallTracer(Of(frame), Chain));

    private static IEnumerable<string> Ots(string operation) => Show(InternalTransfers.FromOts(Of($"[{operation}]"), Chain));

    private static IEnumerable<string> Show(IReadOnlyList<InternalTransfer> transfers) =>
        transfers.Select(static t => $"{Name(t.From)} {Name(t.To)} {t.Value}");

    private static string Name(Address address) => Raw.Of(address)[^1..];

    private static string Call(string place, string from, string to, int value, string kind = "call") =>
        $"{{'type':'call','action':{{'callType':'{kind}','from':'{from}','to':'{to}','value':'0x{value:x}'}},'transactionHash':'{Hash1}','subtraces':0,'traceAddress':[{place}]}}";

    private static string Frame(string type, string from, string to, int value, params string[] calls) =>
        $"{{'type':'{type}','from':'{from}','to':'{to}','value':'0x{value:x}','calls':[{string.Join(',', calls)}]}}";

    private static ExplorerInternalRow Row(string from, string to, ulong value, System.Collections.Immutable.ImmutableArray<uint> place) => new(
        TxHash.FromBytes(new byte[32]), 1, 1, Parse(from), Parse(to), value, "call", place, TookEffect: true);

    private static Address Parse(string text) => Address.TryParse(Chain, text, out Address address, out _) ? address : default;
}
