using System.Text;
using FlowTracer.Chains.Recorded;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Chains;

/// <summary>Transfers CSVs for tests: a row says only what the test is about.</summary>
internal static class CsvText
{
    public const string Header =
        "chain,block,block_max,time,tx_hash,tx_index,log_index,kind,from,to,asset,amount,grade,source,note";

    public const string A = "0x00000000000000000000000000000000000000aa";
    public const string B = "0x00000000000000000000000000000000000000bb";
    public const string C = "0x00000000000000000000000000000000000000cc";

    public static string Tx(int number) => $"0x{number:x64}";

    public static string Row(
        string chain = "ethereum", string block = "", string blockMax = "", string time = "", string tx = "", string txIndex = "",
        string logIndex = "", string kind = "external", string from = A, string to = B, string asset = "ETH",
        string amount = "1", string grade = "recorded", string source = "test", string note = "") =>
        string.Join(',', chain, block, blockMax, time, tx, txIndex, logIndex, kind, from, to, asset, amount, grade, source, note);

    /// <summary>A file with the usual header.</summary>
    public static string File(params string[] rows) => string.Join('\n', [Header, .. rows, ""]);

    public static IReadOnlyList<Movement> Read(string text) => Read(Encoding.UTF8.GetBytes(text));

    public static IReadOnlyList<Movement> Read(byte[] bytes) => TransfersCsv.Read(bytes, "t.csv");

    /// <summary>Reads what must be refused, and returns why. The reason is always one line.</summary>
    public static string Refused(byte[] bytes)
    {
        string message = Assert.Throws<InputException>(() => Read(bytes)).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain('\r', message);
        return message;
    }

    public static string Refused(string text) => Refused(Encoding.UTF8.GetBytes(text));
}
