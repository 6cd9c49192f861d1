using System.Numerics;
using System.Text;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.CsvText;

namespace FlowTracer.Tests.Chains;

/// <summary>What the transfers CSV means, and that it is taken whole or refused with its line.</summary>
public sealed class TransfersCsvTests
{
    private const string MostUnits = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    private const string OneTooMany = "115792089237316195423570985008687907853269984665640564039457584007913129639936";

    // --- what is accepted -------------------------------------------------------------------------------------------

    [Fact]
    public void A_row_is_a_movement_with_everything_it_states()
    {
        string row = Row(
            block: "14442835", time: "2022-03-23T13:29:09Z", tx: Tx(7), txIndex: "3", logIndex: "12", kind: "internal",
            amount: "173600", source: "somebody");
        Movement movement = Assert.Single(Read(CsvText.File(row)));
        Assert.Equal((MovementKind.Internal, Grade.Recorded, "somebody"), (movement.Kind, movement.Grade, movement.Source));
        Assert.Equal(new Position(14442835, 3, 1), movement.Position);
        // 19,074 days after 1970-01-01, 13 hours, 29 minutes and 9 seconds.
        Assert.Equal(new Stamp(14442835, null, 3, (19_074L * 86_400) + (13 * 3600) + (29 * 60) + 9), movement.Stamp);
        Assert.Equal(Tx(7), movement.Tx?.ToString(ChainFamily.Account));
        Assert.Equal((A, B), (Lower(movement.Inputs[0]), Lower(movement.Outputs[0])));
        Assert.Equal((Amount)173600, movement.Inputs[0].Amount);
    }

    [Fact]
    public void A_header_alone_is_a_record_of_nothing() => Assert.Empty(Read(CsvText.File()));

    [Fact]
    public void The_largest_amount_is_accepted() =>
        Assert.Equal(Amount.MaxValue, Assert.Single(Read(CsvText.File(Row(amount: MostUnits)))).Inputs[0].Amount);

    [Fact]
    public void Lines_may_end_in_CR_LF() =>
        Assert.Equal(2, Read(CsvText.File(Row(amount: "5"), Row(amount: "6")).Replace("\n", "\r\n", StringComparison.Ordinal)).Count);

    [Fact]
    public void A_byte_order_mark_is_passed_over() =>
        Assert.Single(Read([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(CsvText.File(Row()))]));

    [Fact]
    public void Quoted_fields_hold_commas_quotes_and_line_ends()
    {
        string row = Row(source: "\"a, \"\"b\"\" c\"", note: "\"two\nlines\"");
        IReadOnlyList<Movement> movements = Read(CsvText.File(row, Row(source: "next")));
        Assert.Equal(["a, \"b\" c", "next"], movements.Select(m => m.Source));
    }

    [Fact]
    public void Columns_may_come_in_any_order()
    {
        string[] columns = Header.Split(',');
        string[] fields = Row(amount: "42", block: "9").Split(',');
        string text = $"{string.Join(',', columns.Reverse())}\n{string.Join(',', fields.Reverse())}\n";
        Movement movement = Assert.Single(Read(text));
        Assert.Equal((new Position(9, 0, 1), (Amount)42), (movement.Position, movement.Inputs[0].Amount));
        Assert.Equal(A, Lower(movement.Inputs[0]));
    }

    [Fact]
    public void A_fee_has_no_receiver_and_a_reward_no_giver()
    {
        IReadOnlyList<Movement> movements = Read(CsvText.File(Row(kind: "fee", to: ""), Row(kind: "reward", from: "")));
        Assert.Equal([MovementKind.Fee, MovementKind.Reward], movements.Select(m => m.Kind));
        Assert.Empty(movements[0].Outputs);
        Assert.Empty(movements[1].Inputs);
    }

    [Fact]
    public void A_transfer_of_nothing_is_no_movement() => Assert.Empty(Read(CsvText.File(Row(amount: "0"))));

    [Fact]
    public void A_range_of_blocks_may_overlap_the_block_before_it() =>
        Assert.Equal(2, Read(CsvText.File(Row(block: "15"), Row(block: "10", blockMax: "20"))).Count);

    [Fact]
    public void Each_chain_has_an_order_of_its_own() =>
        Assert.Equal(
            [new Position(9, 0, 1), new Position(5, 0, 1), new Position(9, 0, 2)],
            Read(CsvText.File(Row(block: "9"), Row(chain: "ethereum-11155111", block: "5"), Row(block: "9"))).Select(m => m.Position));

    // --- the file as a whole ----------------------------------------------------------------------------------------

    [Fact]
    public void An_empty_file() => Assert.Equal("t.csv:1: the file is empty: it should start with a header line", Refused(""));

    [Fact]
    public void A_torn_last_line() => Assert.Equal(
        "t.csv:3: the last line has no line end, so the file may have been cut short",
        Refused(CsvText.File(Row(), Row()).TrimEnd('\n')));

    [Fact]
    public void Bytes_that_are_not_UTF8() => Assert.Equal(
        "t.csv: not UTF-8 text", Refused([.. Encoding.UTF8.GetBytes(Header), (byte)'\n', 0xC3, 0x28, (byte)'\n']));

    [Fact]
    public void Latin_1_text() =>
        Assert.Equal("t.csv: not UTF-8 text", Refused(Encoding.Latin1.GetBytes(CsvText.File(Row(note: "Zürich")))));

    [Fact]
    public void Zero_bytes() => Assert.Equal(
        "t.csv: not text: it contains zero bytes", Refused(CsvText.File(Row(note: "a\0b"))));

    [Fact]
    public void A_picture() => Assert.Equal(
        "t.csv: not UTF-8 text",
        Refused([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52]));

    // --- the header -------------------------------------------------------------------------------------------------

    [Fact]
    public void A_missing_column() => Assert.Equal(
        "t.csv:1: column 'grade' is missing: all of them must be there, those that may be empty too",
        Refused(Header.Replace(",grade", "", StringComparison.Ordinal) + "\n"));

    [Fact]
    public void An_unknown_column_is_refused_by_name() => Assert.StartsWith(
        "t.csv:1: unknown column 'ammount': it should be one of chain, block, block_max, ",
        Refused(Header.Replace("amount", "ammount", StringComparison.Ordinal) + "\n"), StringComparison.Ordinal);

    [Fact]
    public void A_column_in_capitals_is_another_column() => Assert.StartsWith(
        "t.csv:1: unknown column 'Amount': ",
        Refused(Header.Replace("amount", "Amount", StringComparison.Ordinal) + "\n"), StringComparison.Ordinal);

    [Fact]
    public void A_column_twice() => Assert.Equal("t.csv:1: column 'amount' appears twice", Refused(Header + ",amount\n"));

    // --- a field ----------------------------------------------------------------------------------------------------

    [Fact]
    public void A_negative_amount() => Assert.Equal(
        "t.csv:2: amount '-5': " + AmountReason("-5"), Refused(CsvText.File(Row(amount: "-5"))));

    [Fact]
    public void A_fractional_amount() => Assert.Equal(
        "t.csv:3: amount '1.5': " + AmountReason("1.5"), Refused(CsvText.File(Row(), Row(amount: "1.5"))));

    [Theory]
    [InlineData("")]
    [InlineData("1e18")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("0x10")]
    [InlineData("1 000")]
    [InlineData("١")]
    public void An_amount_that_is_not_digits(string amount) =>
        Assert.StartsWith($"t.csv:2: amount '{amount}': ", Refused(CsvText.File(Row(amount: amount))), StringComparison.Ordinal);

    [Fact]
    public void An_amount_over_256_bits() => Assert.Equal(
        $"t.csv:2: amount '{OneTooMany}': " + AmountReason(OneTooMany), Refused(CsvText.File(Row(amount: OneTooMany))));

    [Theory]
    [InlineData("2022-03-23")]
    [InlineData("2022-03-23 13:29:09")]
    [InlineData("2022-03-23T13:29:09")]
    [InlineData("2022-03-23T13:29:09+01:00")]
    [InlineData("2022-02-29T00:00:00Z")]
    [InlineData("1648041417")]
    public void A_bad_time(string time) => Assert.Equal(
        $"t.csv:2: time '{time}': not a time like 2022-03-23T13:29:09Z", Refused(CsvText.File(Row(time: time))));

    [Fact]
    public void A_bad_grade() => Assert.Equal(
        "t.csv:2: grade 'certain': not a grade: recorded, derived, inferred or hypothesis",
        Refused(CsvText.File(Row(grade: "certain"))));

    [Fact]
    public void A_bad_kind() => Assert.Equal(
        "t.csv:2: kind 'swap': not a kind: external, internal, erc20, fee or reward", Refused(CsvText.File(Row(kind: "swap"))));

    [Fact]
    public void A_bad_chain() => Assert.Equal(
        "t.csv:2: chain 'dogecoin': not a chain: ethereum, or ethereum-N for a test network",
        Refused(CsvText.File(Row(chain: "dogecoin"))));

    [Fact]
    public void A_Bitcoin_row() => Assert.Equal(
        "t.csv:2: chain 'bitcoin': a Bitcoin transaction is not a transfer; this format is for account chains",
        Refused(CsvText.File(Row(chain: "bitcoin"))));

    [Fact]
    public void An_address_whose_checksum_is_wrong()
    {
        // The right one ends in f291 with a capital B in 225685's neighbour; here one letter's case is turned.
        const string wrong = "0xa160cdAB225685dA1d56aa342Ad8841c3b53f291";
        Assert.Single(Read(CsvText.File(Row(to: "0xA160cdAB225685dA1d56aa342Ad8841c3b53f291"))));
        string message = Refused(CsvText.File(Row(to: wrong)));
        Assert.StartsWith($"t.csv:2: to '{wrong}': ", message, StringComparison.Ordinal);
        Assert.Contains("checksum", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0xaa")]
    [InlineData("aa")]
    [InlineData("")]
    public void An_address_that_is_none(string address) =>
        Assert.StartsWith($"t.csv:2: from '{address}': ", Refused(CsvText.File(Row(from: address))), StringComparison.Ordinal);

    [Fact]
    public void A_fee_with_a_receiver() => Assert.Equal(
        $"t.csv:2: to '{B}': a fee has none: leave it empty", Refused(CsvText.File(Row(kind: "fee"))));

    [Fact]
    public void An_unknown_symbol_is_no_asset() => Assert.StartsWith(
        "t.csv:2: asset 'USDC': neither ETH nor a token contract: ", Refused(CsvText.File(Row(asset: "USDC"))), StringComparison.Ordinal);

    [Fact]
    public void A_bad_transaction_hash() => Assert.StartsWith(
        "t.csv:2: tx_hash '0x12': ", Refused(CsvText.File(Row(tx: "0x12"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("-1")]
    [InlineData("1.0")]
    [InlineData("latest")]
    [InlineData("18446744073709551616")]
    public void A_block_that_is_no_number(string block) =>
        Assert.Equal($"t.csv:2: block '{block}': not a whole number", Refused(CsvText.File(Row(block: block))));

    [Fact]
    public void A_transaction_index_that_no_block_has() => Assert.Equal(
        "t.csv:2: tx_index '4294967296': too large", Refused(CsvText.File(Row(block: "1", txIndex: "4294967296"))));

    [Fact]
    public void A_log_index_that_is_no_number() => Assert.Equal(
        "t.csv:2: log_index 'x': not a whole number", Refused(CsvText.File(Row(logIndex: "x"))));

    [Fact]
    public void A_range_that_ends_before_it_starts() => Assert.Equal(
        "t.csv:2: block_max '9': the last block of a range comes after its first, in column 'block'",
        Refused(CsvText.File(Row(block: "10", blockMax: "9"))));

    [Fact]
    public void A_range_without_its_start() => Assert.Equal(
        "t.csv:2: block_max '9': the last block of a range comes after its first, in column 'block'",
        Refused(CsvText.File(Row(blockMax: "9"))));

    // --- a row ------------------------------------------------------------------------------------------------------

    [Fact]
    public void Too_few_fields() => Assert.Equal(
        "t.csv:3: 14 fields where the header has 15", Refused(CsvText.File(Row(), Row()[..Row().LastIndexOf(',')])));

    [Fact]
    public void Too_many_fields() =>
        Assert.Equal("t.csv:2: 16 fields where the header has 15", Refused(CsvText.File(Row() + ",more")));

    [Fact]
    public void A_stray_quote() => Assert.StartsWith(
        "t.csv:3: not valid CSV: ", Refused(CsvText.File(Row(), Row(note: "\"open"), Row())), StringComparison.Ordinal);

    [Fact]
    public void A_quote_inside_a_plain_field() => Assert.StartsWith(
        "t.csv:2: not valid CSV: ", Refused(CsvText.File(Row(source: "a \"b\" c"))), StringComparison.Ordinal);

    [Fact]
    public void The_line_of_a_fault_counts_the_lines_of_quoted_fields() => Assert.Equal(
        "t.csv:5: grade 'x': not a grade: recorded, derived, inferred or hypothesis",
        Refused(CsvText.File(Row(note: "\"one\ntwo\nthree\""), Row(grade: "x"))));

    // --- the order of rows ------------------------------------------------------------------------------------------

    [Fact]
    public void An_earlier_block() => Assert.Equal(
        "t.csv:3: an earlier block than the row before it: rows must be in chain order",
        Refused(CsvText.File(Row(block: "10"), Row(block: "9"))));

    [Fact]
    public void A_range_that_ends_before_the_row_above_it() => Assert.Equal(
        "t.csv:3: an earlier block than the row before it: rows must be in chain order",
        Refused(CsvText.File(Row(block: "10"), Row(block: "5", blockMax: "9"))));

    [Fact]
    public void An_earlier_time() => Assert.Equal(
        "t.csv:4: an earlier time than the row before it: rows must be in chain order",
        Refused(CsvText.File(Row(time: "2022-03-23T13:29:09Z"), Row(), Row(time: "2022-03-23T13:29:08Z"))));

    [Fact]
    public void An_earlier_transaction_index_in_one_block() => Assert.Equal(
        "t.csv:3: an earlier transaction index than the row before it: rows must be in chain order",
        Refused(CsvText.File(Row(block: "10", txIndex: "4"), Row(block: "10", txIndex: "3"))));

    [Fact]
    public void A_lower_transaction_index_in_a_later_block_is_in_order() =>
        Assert.Equal(2, Read(CsvText.File(Row(block: "10", txIndex: "4"), Row(block: "11", txIndex: "3"))).Count);

    [Fact]
    public void Rows_of_one_transaction_that_do_not_stand_together() => Assert.Equal(
        $"t.csv:4: transaction {Tx(1)} was there before: its rows must stand together, in order",
        Refused(CsvText.File(Row(tx: Tx(1)), Row(tx: Tx(2)), Row(tx: Tx(1)))));

    [Fact]
    public void One_transaction_whose_rows_state_two_blocks() => Assert.Equal(
        "t.csv:3: not the block, time or index of its transaction's first row",
        Refused(CsvText.File(Row(tx: Tx(1), block: "10"), Row(tx: Tx(1), block: "11"))));

    [Fact]
    public void One_transaction_that_would_give_somebody_more_than_256_bits_can_count() => Assert.Equal(
        "t.csv:2: the transfers of this transaction add up to more than 2^256-1, the most there is", Refused(CsvText.File(
            Row(tx: Tx(1), from: A, to: B, amount: MostUnits),
            Row(tx: Tx(1), from: B, to: C, amount: MostUnits),
            Row(tx: Tx(1), from: "0x00000000000000000000000000000000000000dd", to: C, amount: MostUnits))));

    // --- positions --------------------------------------------------------------------------------------------------

    [Fact]
    public void Positions_rise_whatever_is_stated()
    {
        for (int number = 0; number < 400; number++)
        {
            string text = CsvText.File([.. SortedRows(new Random(number))]);
            Position[] positions = [.. Read(text).Select(m => m.Position)];
            for (int i = 1; i < positions.Length; i++)
            {
                Assert.True(positions[i - 1].CompareTo(positions[i]) < 0, $"record {number}: {positions[i - 1]}, then {positions[i]}\n{text}");
            }
        }
    }

    // Rows in chain order, of which each states what it likes: block, range, index, time, transaction or none of them.
    private static IEnumerable<string> SortedRows(Random random)
    {
        int block = random.Next(100);
        int index = 0;
        int tx = 0;
        for (int i = random.Next(1, 25); i > 0; i--)
        {
            bool nextBlock = random.Next(2) == 0;
            block += nextBlock ? random.Next(1, 4) : 0;
            index = nextBlock ? random.Next(5) : index + 1;
            bool statesBlock = random.Next(3) > 0;
            bool isRange = statesBlock && random.Next(4) == 0;
            string time = random.Next(2) == 0 ? "" : DateTimeOffset.UnixEpoch.AddSeconds(block * 12L).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);
            string hash = random.Next(2) == 0 ? "" : Tx(++tx);
            string row = Row(
                block: statesBlock ? $"{block}" : "", blockMax: isRange ? $"{block + random.Next(3)}" : "", time: time, tx: hash,
                txIndex: statesBlock && !isRange && nextBlock && random.Next(2) == 0 ? $"{index}" : "", amount: $"{random.Next(3)}",
                from: random.Next(2) == 0 ? A : C);
            for (int rows = hash.Length == 0 ? 1 : random.Next(1, 4); rows > 0; rows--)
            {
                yield return row;
            }
        }
    }

    // --- the real record --------------------------------------------------------------------------------------------

    private static byte[] Ronin() => System.IO.File.ReadAllBytes(TestFiles.Fixture("ethereum", "ronin-2022", "transfers.csv"));

    // The file quotes nothing, so that splitting it is a reading of it independent of the reader under test.
    private static List<string[]> RoninRows()
    {
        string text = Encoding.UTF8.GetString(Ronin());
        Assert.DoesNotContain('"', text);
        return [.. text.TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split(','))];
    }

    [Fact]
    public void The_Ronin_record_is_2081_rows_with_6_swaps_of_which_both_sides_are_known()
    {
        IReadOnlyList<Movement> movements = Read(Ronin());
        Assert.Equal(2081, RoninRows().Count);
        // 2,069 transfers, and 6 transactions of 2 rows in which a trader and the exchange it trades with both swap.
        Movement[] swaps = [.. movements.Where(m => m.IsSwap)];
        Assert.Equal((2081, 12, 6), (movements.Count, swaps.Length, swaps.Select(m => m.Tx).Distinct().Count()));
        Assert.Equal(
            RoninRows().Where(r => r[4].Length > 0).GroupBy(r => r[4]).Where(g => g.Count() == 2).Select(g => g.Key).Order(),
            swaps.Select(m => m.Tx!.Value.ToString(ChainFamily.Account)).Distinct().Order());
        // Every USDC stolen was sold.
        Assert.Equal(
            new BigInteger(25_500_000_000_000),
            swaps.Where(m => m.Outputs[0].Holder.Asset.IsCoin).Aggregate(BigInteger.Zero, (sum, m) => sum + m.Inputs[0].Amount.ToBigInteger()));
    }

    [Fact]
    public void What_the_Ronin_record_says_Tornado_Cash_received()
    {
        const string tornado = "0xa160cdab225685da1d56aa342ad8841c3b53f291";
        BigInteger bySplitting = RoninRows().Where(r => r[9] == tornado && r[10] == "ETH")
            .Aggregate(BigInteger.Zero, (sum, r) => sum + BigInteger.Parse(r[11], null));
        BigInteger byReader = Read(Ronin()).SelectMany(m => m.Outputs).Where(leg => Lower(leg) == tornado)
            .Aggregate(BigInteger.Zero, (sum, leg) => sum + leg.Amount.ToBigInteger());
        Assert.Equal(bySplitting, byReader);
        // Its pool takes 100 ETH at a time.
        Assert.Equal(BigInteger.Zero, byReader % BigInteger.Parse("100000000000000000000", null));
        Assert.Equal(BigInteger.Parse("175100000000000000000000", null), byReader);
    }

    [Fact]
    public void A_file_cut_anywhere_but_at_a_line_end_is_refused()
    {
        byte[] whole = Ronin();
        Random random = new(2022);
        int[] lineEnds = [.. Enumerable.Range(0, whole.Length).Where(i => whole[i] == '\n')];
        int[] cuts =
        [
            .. Enumerable.Range(0, 400).Select(_ => random.Next(whole.Length)),
            .. Enumerable.Range(0, 20).Select(_ => lineEnds[random.Next(lineEnds.Length)] + 1),
        ];
        foreach (int cut in cuts)
        {
            byte[] part = whole[..cut];
            if (cut > 0 && part[^1] == '\n')
            {
                int rows = part.Count(b => b == '\n') - 1;
                Assert.True(Read(part).Count <= rows, $"cut at {cut}");
            }
            else
            {
                Assert.Matches("^t.csv:[0-9]+: ", Refused(part));
            }
        }
    }

    private static string Lower(Leg leg) => leg.Holder.Address.ToString().ToLowerInvariant();

    // The reasons are the amount's own, tested where amounts are.
    private static string AmountReason(string text)
    {
        Assert.False(Amount.TryParse(text, out _, out ParseError error));
        return error.Reason;
    }
}
