using System.IO.Compression;
using System.Text.Json.Nodes;
using FlowTracer.App.Import;
using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;

namespace FlowTracer.Tests.Import;

/// <summary>Transactions in Esplora's JSON, one a line.</summary>
public sealed class EsploraImportTests
{
    // --- real transactions ------------------------------------------------------------------------------------------

    [Fact]
    public void The_first_coinbase_is_a_reward_at_the_end_of_its_block()
    {
        using ImportCase files = new ImportCase().With("t.jsonl", EsploraText.Genesis(height: 7) + "\n");
        Assert.Equal(ImportFormat.Esplora, files.Open().Files.Single().Format);
        Movement movement = files.Movements().Single();
        Assert.Equal((MovementKind.Reward, Position.OfCoinbase(7)), (movement.Kind, movement.Position));
        Assert.Equal(new Stamp(7, null, 0, EsploraText.TimeOf(7)), movement.Stamp);
        Assert.Equal("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", movement.Tx?.ToString(ChainFamily.Utxo));
        Assert.Equal((Amount)5_000_000_000, movement.Outputs.Single().Amount);
    }

    [Fact]
    public void The_first_payment_has_its_input_its_outputs_and_no_fee()
    {
        using ImportCase files = new ImportCase().With("t.jsonl", EsploraText.FirstPayment(height: 170) + "\n");
        Movement movement = files.Movements().Single();
        Assert.Equal((MovementKind.Transaction, new Position(170, 0, 1)), (movement.Kind, movement.Position));
        Assert.Equal(new Stamp(170, null, null, EsploraText.TimeOf(170)), movement.Stamp);
        Assert.Equal([5_000_000_000UL], movement.Inputs.Select(EsploraText.Sats));
        Assert.Equal([1_000_000_000UL, 4_000_000_000UL], movement.Outputs.Select(EsploraText.Sats));
        Assert.Null(movement.Fee);
        Assert.Contains("order within the block not stated", movement.Source, StringComparison.Ordinal);
    }

    // The sums here are of the JSON's own numbers and addresses; the import's come from bytes that have the transactions' ids.
    [NeedsDataFact("esplora")]
    public void Eight_thousand_real_transactions_come_to_the_same_sums_by_address()
    {
        Dictionary<string, (long In, long Out)> expected = [];
        long fees = 0;
        int carrying = 0;
        int lines = 0;
        using MemoryStream packed = new();
        using (StreamReader data = new(new GZipStream(File.OpenRead(Path.Combine(SharedData.Folder("esplora"), "mempool.jsonl.gz")), CompressionMode.Decompress)))
        using (StreamWriter placed = new(new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)))
        {
            while (data.ReadLine() is string line)
            {
                JsonNode transaction = JsonNode.Parse(line)!;
                foreach (JsonNode? input in transaction["vin"]!.AsArray())
                {
                    Add(expected, input!["prevout"]!, (sum, sats) => (sum.In + sats, sum.Out));
                    fees += input!["prevout"]!["value"]!.GetValue<long>();
                }

                foreach (JsonNode? output in transaction["vout"]!.AsArray())
                {
                    Add(expected, output!, (sum, sats) => (sum.In, sum.Out + sats));
                    fees -= output!["value"]!.GetValue<long>();
                }

                carrying += transaction["vout"]!.AsArray().Any(static o => o!["scriptpubkey_type"]!.GetValue<string>() == "op_return" && o["value"]!.GetValue<long>() == 0) ? 1 : 0;
                transaction["status"] = EsploraText.Status(800_000 + (lines / 100));
                placed.Write(transaction.ToJsonString() + "\n");
                lines++;
            }
        }

        using ImportCase files = new ImportCase().With("t.jsonl.gz", packed.ToArray());
        List<Movement> movements = files.Movements(size: 1000);
        Assert.Equal((8131, 8131), (lines, movements.Count));
        Assert.Equal(8131, movements.Select(static m => m.Position).Distinct().Count());
        Assert.Equal(fees, movements.Sum(static m => (long)EsploraText.Sats(m.Fee!.Value)));
        Assert.Equal(carrying, movements.Count(static m => m.CarriesData));
        Dictionary<string, (long In, long Out)> actual = [];
        foreach (Movement movement in movements)
        {
            foreach (Leg leg in movement.Inputs)
            {
                Add(actual, leg, static (sum, sats) => (sum.In + sats, sum.Out));
            }

            foreach (Leg leg in movement.Outputs)
            {
                Add(actual, leg, static (sum, sats) => (sum.In, sum.Out + sats));
            }
        }

        Assert.Equal(expected.Where(static sum => sum.Value != (0, 0)).OrderBy(static sum => sum.Key, StringComparer.Ordinal), actual.OrderBy(static sum => sum.Key, StringComparer.Ordinal));
    }

    // --- order ------------------------------------------------------------------------------------------------------

    [Fact]
    public void Who_spends_a_coin_of_its_own_block_stands_behind_who_made_it_whatever_the_order_of_lines()
    {
        (string first, TxHash a) = EsploraText.Made(height: 9, pays: 90, spends: [(EsploraText.Tx(1), 100)]);
        (string second, TxHash b) = EsploraText.Made(height: 9, pays: 80, spends: [(a, 90)]);
        (string third, TxHash c) = EsploraText.Made(height: 9, pays: 70, spends: [(b, 80)]);
        (string before, _) = EsploraText.Made(height: 8, pays: 1, spends: [(EsploraText.Tx(2), 1)]);
        foreach (string[] lines in (string[][])[[first, second, third, before], [third, second, before, first], [second, before, third, first]])
        {
            using ImportCase files = new ImportCase().With("t.jsonl", string.Join('\n', [.. lines, ""]));
            FlowLoad load = files.Loads().Single();
            Assert.Equal([1UL, 90UL, 80UL, 70UL], load.Movements.Select(static m => EsploraText.Sats(m.Outputs[0])));
            Assert.Equal([new(8, 0, 1), new(9, 0, 1), new(9, 1, 1), new Position(9, 2, 1)], load.Movements.Select(static m => m.Position));
            Assert.Equal([a, b, c], load.Movements.Skip(1).Select(static m => m.Tx!.Value));
        }
    }

    [Fact]
    public void Files_are_one_record_and_a_transaction_in_two_of_them_counts_once()
    {
        (string first, _) = EsploraText.Made(height: 9, pays: 90, spends: [(EsploraText.Tx(1), 100)]);
        (string second, _) = EsploraText.Made(height: 9, pays: 80, spends: [(EsploraText.Tx(2), 90)]);
        using ImportCase files = new ImportCase().With("a.jsonl", first + "\n").With("b.jsonl", "\n" + second + "\r\n\n" + first + "\n");
        Assert.Equal(2, files.Movements().Count);
        Assert.Equal([1L, 4L], files.Open().Check().Files.Select(static file => file.Lines).Order());
    }

    [Fact]
    public void Outputs_that_carry_data_move_nothing_and_are_remembered()
    {
        (string line, _) = EsploraText.Made(height: 9, pays: 90, spends: [(EsploraText.Tx(1), 100)], dataScript: "6a0568656c6c6f");
        using ImportCase files = new ImportCase().With("a.jsonl", line + "\n");
        Movement movement = files.Movements().Single();
        Assert.True(movement.CarriesData);
        Assert.Single(movement.Outputs);
        Assert.Equal((Amount)10, movement.Fee?.Amount);
    }

    [Fact]
    public void Another_network_is_said()
    {
        using ImportCase files = new ImportCase { Chain = "bitcoin-regtest" }.With("a.jsonl", EsploraText.Genesis(height: 7) + "\n");
        Assert.Equal(ChainId.BitcoinRegtest, files.Loads().Single().Chain);
        using ImportCase wrong = new ImportCase { Chain = "ethereum-5" }.With("a.jsonl", EsploraText.Genesis(height: 7) + "\n");
        Assert.Equal("--chain 'ethereum-5': the files are of the other kind of chain", wrong.Problem());
    }

    // --- bad lines --------------------------------------------------------------------------------------------------

    [Fact]
    public void Every_bad_line_is_listed()
    {
        (string good, _) = EsploraText.Made(height: 9, pays: 90, spends: [(EsploraText.Tx(1), 100)]);
        (string poor, _) = EsploraText.Made(height: 9, pays: 90, spends: [(EsploraText.Tx(2), 89)]);
        string Changed(Action<JsonNode> change)
        {
            JsonNode node = JsonNode.Parse(good)!;
            change(node);
            return node.ToJsonString();
        }

        using ImportCase files = new ImportCase().With("a.jsonl", string.Join('\n', [
            good,
            good[..(good.Length / 2)],
            Changed(static tx => tx["status"] = JsonNode.Parse("{\"confirmed\":false}")),
            Changed(static tx => tx.AsObject().Remove("status")),
            Changed(static tx => tx["vin"]![0]!["prevout"] = null),
            Changed(static tx => tx["vout"]![0]!["value"] = 91),
            "[]",
            "{}",
            poor,
            Changed(static tx => tx["status"]!["block_time"] = 5),
            Changed(static tx => tx["status"] = EsploraText.Status(10)),
            "",
        ]));
        string[] expected =
        [
            "not JSON: each line must hold one transaction",
            "the line has a transaction that is in no block yet (unconfirmed): it has no place",
            "the line has a transaction without a status: nothing says which block it is in",
            "the line is not of the form that was asked for",
            "the line has a transaction whose fields are not those of its id",
            "the line is not of the form that was asked for",
            "the line is not of the form that was asked for",
            "the line has a transaction whose outputs are worth more than what it spends",
            "block 9 has another hash or time in a line before: one of them is of a chain that was reorganised",
            "the same transaction is in another block in a line before: one of them is of a chain that was reorganised",
        ];
        IReadOnlyList<string> problems = files.Problems();
        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected.Select(static (reason, i) => (reason, Line: i + 2)), wanted =>
        {
            Assert.StartsWith($"a.jsonl:{wanted.Line}:", problems[wanted.Line - 2], StringComparison.Ordinal);
            Assert.Contains(wanted.reason, problems[wanted.Line - 2], StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_block_has_one_coinbase()
    {
        JsonNode other = JsonNode.Parse(EsploraText.Genesis(height: 7))!;
        other["vout"]![0]!["value"] = 4_999_999_999;
        other["txid"] = EsploraText.IdOf(other);
        using ImportCase files = new ImportCase().With("a.jsonl", EsploraText.Genesis(height: 7) + "\n" + other.ToJsonString() + "\n");
        Assert.Equal("a.jsonl:2: block 7 has another coinbase in a line before", files.Problem());
    }

    // Longer lines than the buffer, which has 65,536 bytes at first, and lines that end within it.
    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void A_line_may_be_so_long_and_no_longer(int longest)
    {
        byte[] Text(int length) => [.. "a\n"u8, .. Enumerable.Repeat((byte)'b', length), .. "\nc\n"u8];
        using MemoryStream fits = new(Text(longest));
        Assert.Equal(
            [(1L, 1), (2L, longest), (3L, 1)], TextLines.Of(fits, "a.jsonl", longest).Select(static line => (line.Line, line.Bytes.Length)));
        using MemoryStream tooLong = new(Text(longest + 1));
        Assert.Equal(
            $"a.jsonl:2: longer than {longest} bytes: no transaction is, so something else is in this file",
            Assert.Throws<InputException>(() => TextLines.Of(tooLong, "a.jsonl", longest).Count()).Message);
    }

    private static void Add(Dictionary<string, (long, long)> sums, JsonNode output, Func<(long In, long Out), long, (long, long)> add)
    {
        string address = output["scriptpubkey_address"]?.GetValue<string>() ?? "";
        sums[address] = add(sums.GetValueOrDefault(address), output["value"]!.GetValue<long>());
    }

    private static void Add(Dictionary<string, (long, long)> sums, Leg leg, Func<(long In, long Out), long, (long, long)> add)
    {
        string address = leg.Holder.Address.IsNone ? "" : leg.Holder.Address.ToString();
        sums[address] = add(sums.GetValueOrDefault(address), (long)EsploraText.Sats(leg));
    }
}
