using System.Globalization;
using System.Numerics;

namespace FlowTracer.Tests.Reference;

/// <summary>The published Ronin bridge record as a reference ledger; each swap's two rows become one conversion.</summary>
internal static class RoninLedger
{
    public const string TornadoCash = "0xa160cdab225685da1d56aa342ad8841c3b53f291";
    public const string EthTheft = "0xc28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7";
    public const string UsdcTheft = "0xed2c72ef1a552ddaec6dd1f5cddf0b59a8f37f82bdda5257d9c7c37db7bb9b08";

    public static RefCase Load()
    {
        List<RefMovement> ledger = [];
        string[] lines = File.ReadAllLines(TestFiles.Fixture("ethereum", "ronin-2022", "transfers.csv"));
        List<string[]> rows = lines.Skip(1).Select(Fields).ToList();
        for (int i = 0; i < rows.Count; i++)
        {
            (string tx, string from, string to, string asset, BigInteger amount) = Read(rows[i]);
            bool isSwap = tx.Length > 0 && i + 1 < rows.Count && Read(rows[i + 1]).Tx == tx;
            if (!isSwap)
            {
                ledger.Add(new RefMovement(i + 1, [($"{from}/{asset}", amount)], [($"{to}/{asset}", amount)], "transfer", tx));
                continue;
            }

            // The router in between passes everything on: the sender gives X and gets Y.
            (string _, string _, string receiver, string bought, BigInteger got) = Read(rows[i + 1]);
            Assert.Equal(from, receiver);
            ledger.Add(new RefMovement(
                i + 1, [($"{from}/{asset}", amount)], [($"{receiver}/{bought}", got)], "conversion", tx));
            i++;
        }

        return new RefCase(
            ledger,
            [
                RefSeed.OfTransfer("eth", ledger.Single(m => m.Tx == EthTheft).Order),
                RefSeed.OfTransfer("usdc", ledger.Single(m => m.Tx == UsdcTheft).Order),
            ],
            new() { [TornadoCash] = ("mixer", "Tornado Cash") },
            [],
            RefLimits.None);
    }

    private static string[] Fields(string line)
    {
        // The file quotes nothing; the day it does, this must fail and not misread.
        Assert.DoesNotContain('"', line);
        string[] fields = line.Split(',');
        Assert.Equal(15, fields.Length);
        return fields;
    }

    private static (string Tx, string From, string To, string Asset, BigInteger Amount) Read(string[] f) =>
        (f[4], f[8], f[9], f[10], BigInteger.Parse(f[11], NumberStyles.None, CultureInfo.InvariantCulture));
}
