using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;
using Microsoft.Win32.SafeHandles;

namespace FlowTracer.Chains.Recorded;

/// <summary>What a ledger file holds.</summary>
public enum LedgerKind
{
    /// <summary>Movements of an account chain.</summary>
    Accounts = 1,

    /// <summary>Movements of Bitcoin.</summary>
    Coins = 2,
}

/// <summary>Where a column lies in a ledger file.</summary>
/// <param name="Name">At most 16 letters of ASCII.</param>
/// <param name="ElementBytes">How wide an element is.</param>
/// <param name="Count">How many elements.</param>
/// <param name="Offset">Bytes from the beginning of the file, a multiple of 4096.</param>
/// <param name="Digest">The SHA-256 of its bytes.</param>
internal sealed record LedgerColumn(string Name, int ElementBytes, int Count, long Offset, byte[] Digest);

/// <summary>The first page of a ledger file; docs/bulk.md has it byte by byte.</summary>
/// <param name="Kind">What kind of ledger it is.</param>
/// <param name="AmountBytes">How wide amounts are: 8, 16 or 32 bytes.</param>
/// <param name="Columns">In the order of the file.</param>
internal sealed record LedgerHeader(LedgerKind Kind, int AmountBytes, IReadOnlyList<LedgerColumn> Columns)
{
    /// <summary>How long it is, and to what columns are aligned.</summary>
    public const int PageBytes = 4096;

    public const uint Version = 1;

    // 01 02 03 04 where numbers are written the other way round.
    private const uint ByteOrder = 0x01020304;
    private const int NameBytes = 16;
    private const int ColumnsAt = 64;
    private const int ColumnBytes = 72;
    private const int DigestAt = PageBytes - SHA256.HashSizeInBytes;
    private const int MostColumns = (DigestAt - ColumnsAt) / ColumnBytes;
    private const int WidestElement = 32;

    private static ReadOnlySpan<byte> Magic => "FTLEDGER"u8;

    /// <summary>How long the file is.</summary>
    public long FileBytes => Columns is [.., var last] ? EndOf(last.Offset, last.ElementBytes, last.Count) : PageBytes;

    /// <summary>Where a column ends, and the next begins.</summary>
    public static long EndOf(long offset, int elementBytes, int count) =>
        (offset + ((long)elementBytes * count) + PageBytes - 1) / PageBytes * PageBytes;

    /// <summary>Its bytes.</summary>
    public byte[] Encode()
    {
        byte[] page = new byte[PageBytes];
        Magic.CopyTo(page);
        Put(page, 8, ByteOrder);
        Put(page, 12, Version);
        Put(page, 16, (uint)Kind);
        Put(page, 20, (uint)AmountBytes);
        Put(page, 24, (uint)Columns.Count);
        for (int i = 0; i < Columns.Count; i++)
        {
            Encode(Columns[i], page.AsSpan(ColumnsAt + (i * ColumnBytes), ColumnBytes));
        }

        SHA256.HashData(page.AsSpan(0, DigestAt), page.AsSpan(DigestAt));
        return page;
    }

    /// <summary>Reads the header of an open file, and holds it against the file's length.</summary>
    /// <param name="name">The file, for errors.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="InputException">It is not a whole ledger file of this version.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LedgerHeader Read(string name, SafeFileHandle file)
    {
        long length = RandomAccess.GetLength(file);
        byte[] page = new byte[PageBytes];
        int read = length < PageBytes ? 0 : RandomAccess.Read(file, page, 0);
        if (read < PageBytes)
        {
            throw new InputException(name, 0, 0, $"too short for a ledger file: it has {length} bytes, and the header alone has {PageBytes}");
        }

        try
        {
            LedgerHeader header = Decode(page);
            return header.FileBytes == length ? header : throw new FormatException(
                $"it has {length} bytes and should have {header.FileBytes}: it was {(length < header.FileBytes ? "cut short" : "added to")}");
        }
        catch (FormatException fault)
        {
            throw new InputException(name, 0, 0, fault.Message);
        }
    }

    private static LedgerHeader Decode(ReadOnlySpan<byte> page)
    {
        Check(page.StartsWith(Magic), "not a ledger file: it does not begin with FTLEDGER");
        uint order = NumberAt(page, 8);
        Check(order != BinaryPrimitives.ReverseEndianness(ByteOrder), "written the most significant byte first; ledger files are little-endian");
        Check(order == ByteOrder, "the header is damaged: it does not say in which order bytes are");
        Check(NumberAt(page, 12) == Version, $"a ledger file of version {NumberAt(page, 12)}; this program reads version {Version}");
        Check(
            SHA256.HashData(page[..DigestAt]).AsSpan().SequenceEqual(page[DigestAt..]),
            "the header is damaged: its SHA-256 is not the one it states");
        (uint kind, uint amountBytes, uint count) = (NumberAt(page, 16), NumberAt(page, 20), NumberAt(page, 24));
        Check(kind is (uint)LedgerKind.Accounts or (uint)LedgerKind.Coins, $"a ledger of kind {kind}, neither accounts (1) nor coins (2)");
        Check(
            amountBytes == 8 || (amountBytes is 16 or 32 && kind == (uint)LedgerKind.Accounts),
            $"amounts {amountBytes} bytes wide; they are 8, 16 or 32 of accounts, 8 of coins");
        Check(count <= MostColumns, $"{count} columns; a header has room for {MostColumns}");
        LedgerColumn[] columns = new LedgerColumn[count];
        long offset = PageBytes;
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = Column(page.Slice(ColumnsAt + (i * ColumnBytes), ColumnBytes), i, offset);
            offset = EndOf(offset, columns[i].ElementBytes, columns[i].Count);
        }

        return new LedgerHeader((LedgerKind)kind, (int)amountBytes, columns);
    }

    private static void Encode(LedgerColumn column, Span<byte> at)
    {
        Encoding.ASCII.GetBytes(column.Name, at[..NameBytes]);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], column.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(at[24..], column.Count);
        BinaryPrimitives.WriteInt32LittleEndian(at[32..], column.ElementBytes);
        column.Digest.CopyTo(at[40..]);
    }

    // Columns follow each other in pages of their own, so that none lies outside the file or in another.
    private static LedgerColumn Column(ReadOnlySpan<byte> at, int index, long offset)
    {
        ulong stated = BinaryPrimitives.ReadUInt64LittleEndian(at[16..]);
        ulong count = BinaryPrimitives.ReadUInt64LittleEndian(at[24..]);
        uint elementBytes = NumberAt(at, 32);
        Check(
            count <= (ulong)Array.MaxLength,
            $"column {index + 1} has {count} elements; no column has more than {Array.MaxLength}");
        Check(elementBytes is > 0 and <= WidestElement, $"column {index + 1} has elements of {elementBytes} bytes; they have 1 to {WidestElement}");
        Check(stated == (ulong)offset, $"column {index + 1} lies at byte {stated} and should lie at {offset}");
        return new LedgerColumn(
            Encoding.ASCII.GetString(at[..NameBytes]).TrimEnd('\0'), (int)elementBytes, (int)count, offset, at.Slice(40, 32).ToArray());
    }

    private static void Check(bool holds, string fault)
    {
        if (!holds)
        {
            throw new FormatException(fault);
        }
    }

    private static uint NumberAt(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static void Put(Span<byte> bytes, int at, uint number) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], number);
}
