using FlowTracer.App.Import;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Import.EtherscanText;

namespace FlowTracer.Tests.Import;

/// <summary>Etherscan's CSV exports: headers, amounts, what counts, what is refused (docs/import.md).</summary>
public sealed class EtherscanImportTests
{
    private const string OneEth = "1000000000000000000";

    // --- headers ----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $300.69/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\"")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $592.43/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"PrivateNote\"")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $3414.36/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $2038.09311913385/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\",\"PrivateNote\"")]
    [InlineData("\"Transaction Hash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1843.94523908609/Eth\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"")]
    [InlineData("\"Transaction Hash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"From\",\"To\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue\",\"TxnFee(ETH)\",\"TxnFee(USD)\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Method\"")]
    public void Transactions_with_every_header_known(string header)
    {
        using ImportCase files = new ImportCase().With("e.csv", Filled(header, new()
        {
            ["Value_OUT(ETH)"] = "1.5", ["TxnFee(ETH)"] = "0.00063",
        }));
        Assert.Equal(ImportFormat.EtherscanTransactions, files.Open().Files.Single().Format);
        // 1.5 ETH and 0.00063 ETH of 10^18 wei each.
        Assert.Equal(
            ["100/0/1 External aa 1500000000000000000 ETH > bb 1500000000000000000 ETH", "100/0/2 Fee aa 630000000000000 ETH > "],
            files.Movements().Select(ImportCase.Text));
    }

    [Theory]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"ParentTxFrom\",\"ParentTxTo\",\"ParentTxETH_Value\",\"From\",\"TxTo\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $300.69/Eth\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Type\"")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"ParentTxFrom\",\"ParentTxTo\",\"ParentTxETH_Value\",\"From\",\"TxTo\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $1785.9/Eth\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Type\",\"PrivateNote\"")]
    [InlineData("\"Transaction Hash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"ParentTxFrom\",\"ParentTxTo\",\"ParentTxETH_Value\",\"From\",\"TxTo\",\"ContractAddress\",\"Value_IN(ETH)\",\"Value_OUT(ETH)\",\"CurrentValue @ $3114.81135579845/Eth\",\"Historical $Price/Eth\",\"Status\",\"ErrCode\",\"Type\"")]
    public void Internal_transactions_with_every_header_known(string header)
    {
        using ImportCase files = new ImportCase().With("e.csv", Filled(header, new()
        {
            ["Value_IN(ETH)"] = "0.25", ["Status"] = "0", ["Type"] = "call",
        }));
        Assert.Equal(ImportFormat.EtherscanInternal, files.Open().Files.Single().Format);
        Assert.Equal(
            ["100/0/1 Internal aa 250000000000000000 ETH > bb 250000000000000000 ETH"], files.Movements().Select(ImportCase.Text));
    }

    [Theory]
    [InlineData("\"Txhash\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"Value\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"", "0/0/1")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"TokenValue\",\"USDValueDayOfTx\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"", "100/0/1")]
    [InlineData("\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"From\",\"To\",\"TokenValue\",\"USDValueDayOfTx\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"", "100/0/1")]
    [InlineData("\"Transaction Hash\",\"Blockno\",\"UnixTimestamp\",\"DateTime (UTC)\",\"From\",\"To\",\"TokenValue\",\"USDValueDayOfTx\",\"ContractAddress\",\"TokenName\",\"TokenSymbol\"", "100/0/1")]
    public void Token_transfers_with_every_header_known(string header, string position)
    {
        using ImportCase files = new ImportCase().With("e.csv", Filled(header, new()
        {
            ["Value"] = "1,234.5", ["TokenValue"] = "1,234.5", ["ContractAddress"] = Usdc,
        }));
        Assert.Equal(ImportFormat.EtherscanTokens, files.Open().Files.Single().Format);
        // USDC has six digits behind the point.
        Assert.Equal([$"{position} Token aa 1234500000 48 > bb 1234500000 48"], files.Movements().Select(ImportCase.Text));
    }

    [Fact]
    public void Without_quotes_with_byte_order_mark_and_CR_LF()
    {
        string text = "\uFEFF" + Transactions(Own(1, "1", "0.1")).Replace("\"", "", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal);
        using ImportCase files = new ImportCase().With("e.csv", text);
        Assert.Equal(2, files.Movements().Count);
    }

    [Fact]
    public void An_unknown_column_is_refused_by_name()
    {
        using ImportCase files = new ImportCase().With("e.csv", TransactionHeader + ",\"Refund\"\n");
        Assert.Equal("e.csv:1: column 'Refund': not one that a known etherscan-transactions export has (docs/import.md)", files.Problem());
    }

    [Fact]
    public void A_missing_column_is_named()
    {
        using ImportCase files = new ImportCase().With("e.csv", TransactionHeader.Replace("\"Status\",", "", StringComparison.Ordinal) + "\n");
        Assert.Equal("e.csv:1: column 'Status' is missing: an etherscan-transactions export has it", files.Problem());
    }

    [Fact]
    public void Another_chains_coin_is_refused_until_the_chain_is_said()
    {
        string polygon = Transactions(Own(1, "1", "0.1")).Replace("(ETH)", "(MATIC)", StringComparison.Ordinal);
        using ImportCase unsaid = new ImportCase().With("e.csv", polygon);
        Assert.Contains("'Value_IN(MATIC)': an export of another chain", unsaid.Problem(), StringComparison.Ordinal);
        using ImportCase said = new ImportCase { Chain = "ethereum-137" }.With("e.csv", polygon);
        Assert.Equal("ethereum-137", said.Loads().Single().Chain.ToString());
    }

    [Fact]
    public void NFTs_are_refused()
    {
        using ImportCase files = new ImportCase().With(
            "e.csv", "\"Txhash\",\"Blockno\",\"UnixTimestamp\",\"DateTime\",\"From\",\"To\",\"ContractAddress\",\"TokenId\",\"TokenName\",\"TokenSymbol\"\n");
        Assert.Equal("e.csv:1: an export of NFTs: they have no amounts that could be followed", files.Refused());
    }

    // --- amounts ----------------------------------------------------------------------------------------------------

    [Theory]
    [InlineData("0.000000000000000001", "1")]
    [InlineData("59959.9992", "59959999200000000000000")]
    [InlineData("1,234,567.000000000000000001", "1234567000000000000000001")]
    [InlineData("115792089237316195423570985008687907853269984665640564039457.584007913129639935", "115792089237316195423570985008687907853269984665640564039457584007913129639935")]
    public void Amounts_are_exact(string text, string wei)
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, text, "0")));
        Assert.Equal(wei, files.Movements().Single().Inputs[0].Amount.ToString());
    }

    [Theory]
    [InlineData("1.58E+09", "expected an amount of ETH, e.g. 1,700 or 0.25")] // a spreadsheet's work
    [InlineData("0,63862227", "expected an amount of ETH, e.g. 1,700 or 0.25")] // a comma for a point
    [InlineData("1,7", "expected an amount of ETH, e.g. 1,700 or 0.25")]
    [InlineData("1234,567", "expected an amount of ETH, e.g. 1,700 or 0.25")]
    [InlineData("-1", "expected an amount of ETH, e.g. 1,700 or 0.25")]
    [InlineData("", "expected an amount of ETH, e.g. 1,700 or 0.25")]
    [InlineData("0.0000000000000000001", "ETH has 18 digits behind the point")]
    public void What_is_no_exact_amount_is_refused_with_its_line_and_column(string text, string reason)
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "1", "0"), Own(2, text, "0")));
        Assert.Equal($"e.csv:3: Value_OUT(ETH) '{text}': {reason}", files.Problem());
    }

    [Fact]
    public void A_token_whose_digits_nobody_states_is_refused_until_they_are_said()
    {
        string text = Tokens(Token(1, A, B, "1,000", Unknown));
        using ImportCase unsaid = new ImportCase().With("e.csv", text);
        Assert.True(Address.TryParse(ChainId.Ethereum, Unknown, out Address token, out _));
        Assert.Equal($"e.csv:2: nobody says how many digits token {token} has behind the point: give it as --decimals {token}=N", unsaid.Problem());
        using ImportCase said = new ImportCase { Decimals = [$"{Unknown}=2"] }.With("e.csv", text);
        Assert.Equal("100000", said.Movements().Single().Inputs[0].Amount.ToString());
    }

    [Theory]
    [InlineData("x=6", "--decimals 'x=6': expected the address of a token's contract before the =")]
    [InlineData(Unknown, $"--decimals '{Unknown}': expected CONTRACT=N, N from 0 to 77")]
    [InlineData(Unknown + "=78", $"--decimals '{Unknown}=78': expected CONTRACT=N, N from 0 to 77")]
    [InlineData(Usdc + "=18", $"--decimals '{Usdc}=18': USDC has 6")]
    public void Digits_that_are_no_digits_or_others_than_known(string text, string reason)
    {
        using ImportCase files = new() { Decimals = [text] };
        Assert.Equal(reason, files.Refused());
    }

    // --- what counts ------------------------------------------------------------------------------------------------

    [Fact]
    public void A_failed_transaction_pays_its_fee_and_moves_nothing()
    {
        string failed = Own(1, "1.5", "0.1", status: "Error(0)");
        using ImportCase files = new ImportCase().With("e.csv", Transactions(failed))
            .With("i.csv", Internals(Internal(1, B, C, "1.5")));
        Assert.Equal(["100/0/1 Fee aa 100000000000000000 ETH > "], files.Movements().Select(ImportCase.Text));
    }

    [Fact]
    public void What_failed_by_one_export_and_took_effect_by_another_is_a_contradiction()
    {
        string failed = Transactions(Own(1, "0", "0.1", status: "Error(0)"));
        using ImportCase tokens = new ImportCase().With("e.csv", failed).With("t.csv", Tokens(Token(1, A, B, "5", Usdc)));
        Assert.Equal("e.csv:2: this transaction took effect by one export, and failed by another", tokens.Problem());
        using ImportCase own = new ImportCase().With("e.csv", failed + Own(1, "0", "0.1") + "\n");
        Assert.Equal("e.csv:2: this transaction took effect by one export, and failed by another", own.Problem());
    }

    [Fact]
    public void A_created_contract_receives_what_its_creation_sends()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "2", "0", to: "", created: C)));
        Assert.Equal(["100/0/1 External aa 2000000000000000000 ETH > cc 2000000000000000000 ETH"], files.Movements().Select(ImportCase.Text));
    }

    [Fact]
    public void Somebody_must_receive_what_is_sent()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "2", "0", to: "")));
        Assert.Equal("e.csv:2: To '': nobody receives this, and no contract is created", files.Problem());
    }

    [Theory]
    [InlineData("1", "call")] // it failed
    [InlineData("Error(0)", "call")]
    [InlineData("0", "delegatecall")] // it repeats the value of the call around it
    public void Calls_without_effect_move_nothing(string status, string type)
    {
        using ImportCase files = new ImportCase().With("i.csv", Internals(Internal(1, A, B, "1", status, type), Internal(2, A, C, "1")));
        Assert.Equal([$"200/0/1 Internal aa {OneEth} ETH > cc {OneEth} ETH"], files.Movements().Select(ImportCase.Text));
    }

    [Theory]
    [InlineData("Success")]
    [InlineData("1")]
    public void A_status_that_nobody_knows_is_refused(string status)
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "1", "0", status: status)));
        Assert.Equal($"e.csv:2: Status '{status}': not a status that is known: empty or Error(…)", files.Problem());
    }

    [Fact]
    public void What_exports_do_not_state_is_said_where_the_fact_comes_from()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "1", "0")));
        Movement movement = files.Movements().Single();
        Assert.Contains("order within the block and transfers of others not stated", movement.Source, StringComparison.Ordinal);
        Assert.Equal(new Stamp(100, null, null, 1_500_000_100), movement.Stamp);
    }

    // --- rows -------------------------------------------------------------------------------------------------------

    [Fact]
    public void Every_bad_row_is_listed_with_its_line()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(
            Own(1, "1", "0"),
            Own(2, "1", "0").Replace(Tx(2), "0x12", StringComparison.Ordinal),
            Own(3, "1", "0").Replace(B, "bb", StringComparison.Ordinal),
            Own(4, "1", "0").Replace("\"400\"", "\"4e2\"", StringComparison.Ordinal),
            Own(5, "1", "0") + ",\"\"",
            Own(6, "1", "x"),
            Own(7, "1", "0").Replace("\"0\",\"1\"", "\"2\",\"1\"", StringComparison.Ordinal)));
        Assert.Equal(
            [
                "e.csv:3: Txhash '0x12': ", "e.csv:4: To 'bb': ", "e.csv:5: Blockno '4e2': not a whole number", "e.csv:6: 17 fields where the header has 16",
                "e.csv:7: TxnFee(ETH) 'x': ", "e.csv:8: Value_OUT(ETH) '1': another amount than is received",
            ],
            files.Problems().Select((problem, i) => problem[..Math.Min(problem.Length, ExpectedLength(i))]));
    }

    private static int ExpectedLength(int i) =>
        ((int[])["e.csv:3: Txhash '0x12': ".Length, "e.csv:4: To 'bb': ".Length, 200, 200, "e.csv:7: TxnFee(ETH) 'x': ".Length, "e.csv:8: Value_OUT(ETH) '1': another amount than is received".Length])[i];

    [Fact]
    public void Only_the_first_twenty_problems_are_listed_and_all_are_counted()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions([.. Enumerable.Range(1, 30).Select(static i => Own(i, "x", "0"))]));
        ImportReport report = files.Open().Check();
        Assert.Equal((20, 30L), (report.Problems.Length, report.ProblemCount));
    }

    [Fact]
    public void The_report_counts_lines_movements_blocks_and_times()
    {
        using ImportCase files = new ImportCase().With("e.csv", Transactions(Own(1, "1", "0.1"), Own(3, "1", "0")));
        ImportReport report = files.Open().Check();
        Assert.Equal(3, report.Files.Single().Lines);
        Assert.Equal(new ImportSpan(ChainId.Ethereum, 3, 100, 300, 1_500_000_100, 1_500_000_300), report.Spans.Single());
    }
}
