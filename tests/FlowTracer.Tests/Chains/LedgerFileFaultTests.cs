using System.Buffers.Binary;
using System.Security.Cryptography;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains;

/// <summary>Files that are not, or no longer, what a ledger file should be: each refused with what is wrong with it.</summary>
public sealed class LedgerFileFaultTests : IDisposable
{
    private const int ColumnsAt = 64;
    private const int ColumnBytes = 72;
    private static readonly BlockColumns NoBlocks = new(default, default, default);
    private static readonly LegColumns<Units64> NoLegs = new(default, new int[1], default, default);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string Path => System.IO.Path.Combine(_folder.FullName, "chain.ledger");

    public void Dispose() => _folder.Delete(recursive: true);

    // --- files that do not open --------------------------------------------------------------------------------------

    [Fact]
    public void A_file_that_is_not_there_is_named() => Assert.StartsWith(
        $"cannot read {Path}: ", Assert.Throws<InputException>(() => LedgerFile.Open(Path)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_is_no_file() => Assert.StartsWith(
        $"cannot read {_folder.FullName}: ", Assert.Throws<InputException>(() => LedgerFile.Open(_folder.FullName)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(4095)]
    public void A_file_shorter_than_a_header_is_refused(int length) => Refused(
        $"too short for a ledger file: it has {length} bytes, and the header alone has 4096", bytes => bytes[..length]);

    [Fact]
    public void Another_kind_of_file_is_refused() =>
        Refused("not a ledger file: it does not begin with FTLEDGER", bytes => With(bytes, 0, 0x1f, 0x8b));

    [Fact]
    public void A_file_of_a_big_endian_machine_is_refused() => Refused(
        "written the most significant byte first; ledger files are little-endian", bytes => With(bytes, 8, 1, 2, 3, 4));

    [Fact]
    public void A_file_that_states_no_order_of_bytes_is_refused() =>
        Refused("the header is damaged: it does not say in which order bytes are", bytes => With(bytes, 8, 0));

    [Fact]
    public void A_file_of_a_newer_version_is_refused() =>
        Refused("a ledger file of version 2; this program reads version 1", bytes => With(bytes, 12, 2));

    [Theory]
    [InlineData(16)]
    [InlineData(60)]
    [InlineData(ColumnsAt + 40)]
    [InlineData(4000)]
    [InlineData(4095)]
    public void An_altered_header_is_refused(int at) => Refused(
        "the header is damaged: its SHA-256 is not the one it states", bytes => With(bytes, at, (byte)(bytes[at] ^ 1)));

    [Fact]
    public void A_kind_that_is_none_is_refused() =>
        Refused("a ledger of kind 3, neither accounts (1) nor coins (2)", bytes => Sealed(With(bytes, 16, 3)));

    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 16)]
    public void A_width_that_is_none_is_refused(byte kind, byte width) => Refused(
        $"amounts {width} bytes wide; they are 8, 16 or 32 of accounts, 8 of coins",
        bytes => Sealed(With(With(bytes, 16, kind), 20, width)));

    [Fact]
    public void A_file_cut_short_is_refused() => Refused(
        "it has 53247 bytes and should have 53248: it was cut short", bytes => bytes[..^1]);

    [Fact]
    public void A_file_cut_after_its_header_is_refused() => Refused(
        "it has 4096 bytes and should have 53248: it was cut short", bytes => bytes[..4096]);

    [Fact]
    public void A_file_with_something_behind_it_is_refused() => Refused(
        "it has 53249 bytes and should have 53248: it was added to", bytes => [.. bytes, 0]);

    [Fact]
    public void A_column_outside_the_file_is_refused() => Refused(
        "column 2 lies at byte 1099511627776 and should lie at 8192",
        bytes => Sealed(With(bytes, ColumnsAt + ColumnBytes + 16, BitConverter.GetBytes(1L << 40))));

    [Fact]
    public void A_column_inside_another_is_refused() => Refused(
        "column 2 lies at byte 4096 and should lie at 8192",
        bytes => Sealed(With(bytes, ColumnsAt + ColumnBytes + 16, BitConverter.GetBytes(4096L))));

    [Fact]
    public void A_column_of_more_than_an_array_holds_is_refused() => Refused(
        "column 1 has 2147483648 elements; no column has more than 2147483591",
        bytes => Sealed(With(bytes, ColumnsAt + 24, BitConverter.GetBytes(1L << 31))));

    [Fact]
    public void A_column_longer_than_the_file_is_refused() => Refused(
        "column 2 lies at byte 8192 and should lie at 4005888",
        bytes => Sealed(With(bytes, ColumnsAt + 24, BitConverter.GetBytes(1_000_000L))));

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void Elements_of_no_width_are_refused(byte width) => Refused(
        $"column 1 has elements of {width} bytes; they have 1 to 32", bytes => Sealed(With(bytes, ColumnsAt + 32, width)));

    [Fact]
    public void Elements_of_another_width_are_refused() =>
        Refused("column 1 is not 'from' in elements of 4 bytes", bytes => Sealed(With(bytes, ColumnsAt + 32, 8)));

    [Fact]
    public void Columns_of_other_names_are_refused() => Refused(
        "column 3 is not 'amounts' in elements of 8 bytes", bytes => Sealed(With(bytes, ColumnsAt + (2 * ColumnBytes), (byte)'b')));

    [Fact]
    public void More_columns_than_a_header_has_room_for_are_refused() =>
        Refused("56 columns; a header has room for 55", bytes => Sealed(With(bytes, 24, 56)));

    [Fact]
    public void A_missing_column_is_refused() => Refused(
        "column 16 is not 'first-rows' in elements of 4 bytes", bytes => Sealed(With(bytes, 24, 15))[..^4096]);

    [Fact]
    public void One_column_too_many_is_refused() => Refused(
        "17 columns; it should have 16",
        bytes => Sealed(With(
            With(bytes, 24, 17), ColumnsAt + (16 * ColumnBytes) + 16, [.. BitConverter.GetBytes((long)bytes.Length), .. new byte[8], 4])));

    [Theory]
    [InlineData(1, 3, "column 'to' has 3 elements and should have 2")]
    [InlineData(2, 1, "column 'amounts' has 1 elements and should have 2")]
    [InlineData(4, 1, "column 'assets' has 1 elements and should have 3")]
    [InlineData(6, 2, "column 'leg-starts' has 2 elements and should have 1")]
    [InlineData(8, 1, "column 'leg-amounts' has 1 elements and should have 0")]
    [InlineData(10, 2, "column 'block-numbers' has 2 elements and should have 1")]
    [InlineData(11, 0, "column 'block-times' has 0 elements and should have 1")]
    [InlineData(12, 0, "column 'next-of-from' has 0 elements and should have 2")]
    [InlineData(13, 4, "column 'next-of-to' has 4 elements and should have 2")]
    [InlineData(14, 1, "column 'next-of-legs' has 1 elements and should have 0")]
    [InlineData(15, 2, "column 'first-rows' has 2 elements and should have 3")]
    public void Columns_whose_lengths_do_not_fit_are_refused(int column, byte count, string fault) => Refused(fault, bytes =>
    {
        // Empty columns take no page: what changes is where those behind begin.
        byte[] changed = With(bytes, ColumnsAt + (column * ColumnBytes) + 24, count);
        return Sealed(Placed(changed));
    });

    [Fact]
    public void Starts_that_do_not_begin_at_zero_are_refused() => Refused(
        "column 'leg-starts' begins with 7, not 0",
        bytes => With(bytes, (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(ColumnsAt + (6 * ColumnBytes) + 16)), 7));

    // --- files whose numbers are wrong -------------------------------------------------------------------------------

    [Fact]
    public void Every_altered_byte_of_a_column_is_found()
    {
        LedgerFile.Write(Path, Small, CancellationToken.None);
        byte[] good = File.ReadAllBytes(Path);
        string[] names = ["from", "to", "amounts", "addresses", "block-numbers", "first-rows"];
        foreach (string name in names)
        {
            int entry = Enumerable.Range(0, 16).Select(i => ColumnsAt + (i * ColumnBytes)).Single(
                at => System.Text.Encoding.ASCII.GetString(good, at, 16).TrimEnd('\0') == name);
            int at = (int)BinaryPrimitives.ReadInt64LittleEndian(good.AsSpan(entry + 16));
            File.WriteAllBytes(Path, With(good, at, (byte)(good[at] ^ 0x40)));
            using LedgerFile file = LedgerFile.Open(Path);

            Assert.Equal(
                $"{Path}: column '{name}' was altered: its SHA-256 is not the one the header states",
                Assert.Throws<InputException>(() => file.Check(CancellationToken.None)).Message);
        }
    }

    [Theory]
    [InlineData(0, -2, 0, "column 'from': element 1 is -2; the least is -1, the most 1")]
    [InlineData(0, 2, 0, "column 'from': element 1 is 2; the least is -1, the most 1")]
    [InlineData(0, 0, -2, "column 'to': element 1 is -2; the least is -1, the most 1")]
    [InlineData(0, 0, 2, "column 'to': element 1 is 2; the least is -1, the most 1")]
    [InlineData(2, 0, 1, "column 'addresses': element 1 is 2; the least is 0, the most 1")]
    [InlineData(-1, 0, 1, "column 'addresses': element 1 is -1; the least is 0, the most 1")]
    public void Holders_that_are_not_there_are_found(int address, int from, int to, string fault) => Found(fault, new AccountLedger<Units64>(
        new[] { -1, from }, new[] { 0, to }, new Units64[2], new HolderColumns(new[] { 0, address }, default), NoLegs, NoBlocks,
        new Links(new int[2], new int[2], default, new int[2])));

    [Theory]
    [InlineData(0, -1, 1, -1, 0, "column 'next-of-from': element 0 is 0, and by the rows it should be 1")]
    [InlineData(1, 0, 1, -1, 0, "column 'next-of-from': element 1 is 0, and by the rows it should be -1")]
    [InlineData(1, -1, -1, -1, 0, "column 'next-of-to': element 0 is -1, and by the rows it should be 1")]
    [InlineData(1, -1, 1, 1, 0, "column 'next-of-to': element 1 is 1, and by the rows it should be -1")]
    [InlineData(1, -1, 1, -1, 1, "column 'first-rows': element 0 is 1, and by the rows it should be 0")]
    public void Links_that_lead_elsewhere_are_found(int from0, int from1, int to0, int to1, int first0, string fault) =>
        // Holder 0 pays holder 1 and is paid back.
        Found(fault, new AccountLedger<Units64>(
            new[] { 0, 1 }, new[] { 1, 0 }, new Units64[2], new HolderColumns(new[] { 0, 1 }, default), NoLegs, NoBlocks,
            new Links(new[] { from0, from1 }, new[] { to0, to1 }, default, new[] { first0, 0 })));

    [Theory]
    [InlineData(8, 0, 1, 2, 0, 1, -1, "")]
    [InlineData(0, 0, 1, 2, 0, 1, -1, "column 'leg-kinds': element 0 is 0, which is no kind of movement")]
    [InlineData(9, 0, 1, 2, 0, 1, -1, "column 'leg-kinds': element 0 is 9, which is no kind of movement")]
    [InlineData(7, 0, 3, 2, 0, 1, -1, "column 'leg-starts': element 2 is 2, less than 3 before it")]
    [InlineData(7, 0, 1, 2, 0, 2, -1, "column 'leg-holders': element 1 is 2; the least is 0, the most 1")]
    [InlineData(6, 0, 2, 2, 0, 1, -1, "legs 0 are a swap of 2 givers and 0 receivers; it has one of each")]
    [InlineData(7, 0, 1, 2, 0, 1, 5, "column 'next-of-legs': element 1 is 5, and by the rows it should be -1")]
    [InlineData(7, -1, 1, 2, 0, 1, -1, "column 'assets': element 1 is -1; the least is 0, the most 2147483647")]
    public void Legs_that_are_wrong_are_found(byte kind, int asset, int middle, int end, int giver, int taker, int next, string fault)
    {
        AccountLedger<Units64> ledger = new(
            new[] { -2 }, new[] { -1 }, new Units64[1], new HolderColumns(new[] { 0, 1 }, new[] { 0, asset }),
            new LegColumns<Units64>(new[] { (MovementKind)kind }, new[] { 0, middle, end }, new[] { giver, taker }, new Units64[2]),
            NoBlocks, new Links(new int[1], new int[1], new[] { -1, next }, new int[2]));
        Found(fault, ledger);
    }

    [Theory]
    [InlineData(0, 2, 7, 8, 5, "column 'block-rows': element 1 is 2; the least is 0, the most 1")]
    [InlineData(1, 0, 7, 8, 5, "column 'block-rows': element 1 is 0, less than 1 before it")]
    [InlineData(0, 1, 8, 7, 5, "column 'block-numbers': element 1 is 7, less than 8 before it")]
    [InlineData(0, 1, 7, 8, -2, "column 'block-times': element 1 is -2; the least is -1, the most 9223372036854775807")]
    public void Blocks_out_of_order_are_found(int row0, int row1, ulong number0, ulong number1, long time, string fault) =>
        Found(fault, new AccountLedger<Units64>(
            new[] { -1 }, new[] { 0 }, new Units64[1], new HolderColumns(new int[1], default), NoLegs,
            new BlockColumns(new[] { row0, row1 }, new[] { number0, number1 }, new[] { -1, time }), null));

    // Row 0 issues coin 0 (10), row 1 spends it and makes coin 1 (9), row 2 is a coinbase that takes the fee in and makes coin 2.
    [Theory]
    [InlineData("")]
    [InlineData("kinds 1 1", "column 'kinds': element 1 is 1, neither transaction, reward nor unresolved")]
    [InlineData("input-starts 1 2", "column 'input-starts': element 2 is 1, less than 2 before it")]
    [InlineData("output-starts 2 4", "column 'output-starts': element 3 is 3, less than 4 before it")]
    [InlineData("inputs 0 3", "column 'inputs': element 0 is 3; the least is -3, the most 2")]
    [InlineData("inputs 1 -4", "column 'inputs': element 1 is -4; the least is -3, the most 2")]
    [InlineData("inputs 0 -1", "row 1 takes in the fee of row 0; only a coinbase takes in fees, of rows before it")]
    [InlineData("inputs 1 -3", "row 2 takes in the fee of row 2; only a coinbase takes in fees, of rows before it")]
    [InlineData("inputs 0 2", "row 1 spends coin 2, which is made later")]
    [InlineData("inputs 1 0", "row 2 spends coin 0, which is spent already")]
    [InlineData("spenders 0 2", "column 'spenders': element 0 is 2, and by the rows it should be 1")]
    [InlineData("spenders 1 2", "column 'spenders': element 1 is 2, and no row spends it")]
    [InlineData("spenders 1 3", "column 'spenders': element 1 is 3; the least is -1, the most 2")]
    [InlineData("addresses 2 -2", "column 'addresses': element 2 is -2; the least is -1, the most 2147483647")]
    [InlineData("values 1 11", "row 1 pays out 11 and spends 10")]
    public void Coins_that_are_wrong_are_found(string change, string fault = "")
    {
        Dictionary<string, int[]> columns = new()
        {
            ["kinds"] = [5, 7, 5],
            ["input-starts"] = [0, 0, 1, 2],
            ["inputs"] = [0, ~1],
            ["output-starts"] = [0, 1, 2, 3],
            ["values"] = [10, 9, 51],
            ["addresses"] = [0, 1, -1],
            ["spenders"] = [1, -1, -1],
        };
        if (change.Split(' ') is [string name, string at, string number])
        {
            columns[name][int.Parse(at, System.Globalization.CultureInfo.InvariantCulture)] = int.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
        }

        LedgerFile.Write(
            Path,
            new CoinLedger(
                Array.ConvertAll(columns["kinds"], static kind => (MovementKind)kind), columns["input-starts"], columns["inputs"],
                columns["output-starts"], Array.ConvertAll(columns["values"], static value => new Units64((ulong)value)),
                columns["addresses"], columns["spenders"], NoBlocks),
            CancellationToken.None);
        CheckSays(fault);
    }

    [Fact]
    public void Coins_with_more_outputs_than_coins_are_refused() => Assert.Equal(
        "the ledger's columns do not fit together: column 'output-starts' ends at 2, and there are 1 coins",
        Assert.Throws<ArgumentException>(() => LedgerFile.Write(
            Path,
            new CoinLedger(new[] { MovementKind.Reward }, new int[2], default, new[] { 0, 2 }, new Units64[1], new int[1], new int[1], NoBlocks),
            CancellationToken.None)).Message);

    // Two rows, three holders of two assets, one block, no legs: 16 columns, four of them empty, on 12 pages behind the header.
    private static AccountLedger<Units64> Small
    {
        get
        {
            AccountLedgerBuilder<Units64> builder = new();
            (int first, int second) = (builder.AddHolder(0), builder.AddHolder(1));
            builder.AddHolder(1, asset: 1);
            builder.BeginBlock(1, -1);
            builder.Issue(first, new Units64(3));
            builder.Transfer(first, second, new Units64(2));
            return builder.Build();
        }
    }

    private void Refused(string fault, Func<byte[], byte[]> damage)
    {
        LedgerFile.Write(Path, Small, CancellationToken.None);
        LedgerFile.Open(Path).Dispose();
        File.WriteAllBytes(Path, damage(File.ReadAllBytes(Path)));

        Assert.Equal($"{Path}: {fault}", Assert.Throws<InputException>(() => LedgerFile.Open(Path)).Message);
    }

    private void Found(string fault, AccountLedger<Units64> ledger)
    {
        LedgerFile.Write(Path, ledger, CancellationToken.None);
        CheckSays(fault);
    }

    private void CheckSays(string fault)
    {
        using LedgerFile file = LedgerFile.Open(Path);
        Exception? found = Record.Exception(() => file.Check(CancellationToken.None));

        Assert.Equal(fault.Length == 0 ? null : $"{Path}: {fault}", (found as InputException)?.Message ?? found?.ToString());
    }

    private static byte[] With(byte[] bytes, int at, params byte[] put)
    {
        byte[] changed = [.. bytes];
        put.CopyTo(changed, at);
        return changed;
    }

    // What somebody who writes files of this format by hand would do last.
    private static byte[] Sealed(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        SHA256.HashData(changed.AsSpan(0, 4064)).CopyTo(changed, 4064);
        return changed;
    }

    // Gives every column the place its predecessors leave it, and the file the length that all of them take.
    private static byte[] Placed(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        long end = 4096;
        for (int i = 0; i < changed[24]; i++)
        {
            Span<byte> entry = changed.AsSpan(ColumnsAt + (i * ColumnBytes), ColumnBytes);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], end);
            long pages = ((BinaryPrimitives.ReadInt64LittleEndian(entry[24..]) * entry[32]) + 4095) / 4096;
            end += pages * 4096;
        }

        Array.Resize(ref changed, (int)end);
        return changed;
    }
}
