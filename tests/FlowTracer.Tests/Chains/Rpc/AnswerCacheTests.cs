using System.Security.Cryptography;
using System.Text;
using FlowTracer.Chains.Rpc;

namespace FlowTracer.Tests.Chains.Rpc;

/// <summary>Answers kept in a folder.</summary>
public sealed class AnswerCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("answers").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("{\"result\":\"0x1\"}")]
    [InlineData("line\nline \0 ü")]
    public void What_is_written_is_read(string text)
    {
        byte[] answer = Encoding.UTF8.GetBytes(text);
        Open().Write("q\n\"1\"", answer, "http://a");

        Assert.True(Open().TryRead("q\n\"1\"", out byte[]? read));
        Assert.Equal(answer, read);
        Assert.False(Open().TryRead("q", out _));
    }

    [Fact]
    public void Files_are_named_by_the_hashes_of_what_they_hold()
    {
        Open().Write("the question", "the answer"u8, "http://a");

        // echo -n 'the question' | sha256sum, and likewise for the answer.
        string asked = Sha256("the question");
        string answered = Sha256("the answer");
        string line = File.ReadAllText(Path.Combine(_folder, "asked", asked[..2], asked));
        Assert.Equal($$"""{"question":"the question","answer":"{{answered}}","node":"http://a"}""" + "\n", line);
        Assert.True(File.Exists(Path.Combine(_folder, "objects", answered[..2], answered)));
    }

    [Fact]
    public void Equal_answers_are_kept_once_and_a_later_answer_replaces_an_earlier_one()
    {
        AnswerCache cache = Open();
        cache.Write("1", "same"u8, "http://a");
        cache.Write("2", "same"u8, "http://a");
        Assert.Single(Files("objects"));
        cache.Write("2", "other"u8, "http://b");

        Assert.True(cache.TryRead("2", out byte[]? read));
        Assert.Equal("other"u8.ToArray(), read);
    }

    [Fact]
    public void A_damaged_file_counts_as_not_kept_and_is_mended_by_writing_again()
    {
        byte[] answer = RandomNumberGenerator.GetBytes(5000);
        foreach (string kind in (string[])["objects", "asked"])
        {
            AnswerCache cache = Open();
            cache.Write("q", answer, "http://a");
            string file = Assert.Single(Files(kind));
            byte[] whole = File.ReadAllBytes(file);
            // Cut anywhere, filled with zeros (a power failure), garbage, one bit flipped.
            IEnumerable<byte[]> damages = new[] { 0, 1, whole.Length / 2, whole.Length - 1 }.Select(length => whole[..length])
                .Append(new byte[whole.Length])
                .Append(RandomNumberGenerator.GetBytes(whole.Length))
                .Append([.. whole[..20], (byte)(whole[20] ^ 1), .. whole[21..]]);
            foreach (byte[] damaged in damages)
            {
                File.WriteAllBytes(file, damaged);
                // The line's closing newline is all that may be missing without harm.
                if (cache.TryRead("q", out byte[]? read))
                {
                    Assert.Equal(answer, read);
                }

                cache.Write("q", answer, "http://a");
                Assert.True(cache.TryRead("q", out read));
                Assert.Equal(answer, read);
            }
        }
    }

    [Fact]
    public void A_line_that_names_a_path_or_another_question_is_not_followed()
    {
        AnswerCache cache = Open();
        cache.Write("q", "a"u8, "http://a");
        string file = Assert.Single(Files("asked"));
        foreach (string line in (string[])
            [
                "{\"question\":\"q\",\"answer\":\"../../../x\",\"node\":\"\"}",
                "{\"question\":\"q\",\"answer\":null,\"node\":\"\"}",
                "{\"question\":\"q\"}", "null", "[]", "1",
                $$"""{"question":"p","answer":"{{Sha256("a")}}","node":""}""",
            ])
        {
            File.WriteAllText(file, line);
            Assert.False(cache.TryRead("q", out _), line);
        }
    }

    [Fact]
    public void What_a_killed_process_left_is_removed_once_it_is_old()
    {
        Open();
        string old = Path.Combine(_folder, "unfinished", "old");
        string young = Path.Combine(_folder, "unfinished", "young");
        File.WriteAllText(old, "half");
        File.WriteAllText(young, "half");
        File.SetLastWriteTimeUtc(old, DateTime.UnixEpoch);

        Open();

        Assert.Equal((false, true), (File.Exists(old), File.Exists(young)));
    }

    [Fact]
    public async Task Many_threads_through_several_openings_read_whole_answers_or_none()
    {
        byte[][] answers = [.. Enumerable.Range(0, 8).Select(at => Encoding.ASCII.GetBytes(new string((char)('a' + at), 20_000)))];
        AnswerCache[] caches = [Open(), Open(), Open()];
        Task[] work = [.. Enumerable.Range(0, 12).Select(worker => Task.Run(() =>
        {
            for (int round = 0; round < 60; round++)
            {
                AnswerCache cache = caches[(worker + round) % caches.Length];
                string question = $"q{round % 5}";
                cache.Write(question, answers[(worker + round) % answers.Length], "http://a");
                Assert.True(cache.TryRead(question, out byte[]? read));
                Assert.Contains(answers, answer => answer.AsSpan().SequenceEqual(read));
            }
        }))];

        await Task.WhenAll(work);
        Assert.Empty(Files("unfinished"));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        IOException fault = Assert.Throws<IOException>(() => new AnswerCache(file, TimeProvider.System));

        Assert.StartsWith($"the cache in {file} cannot be opened: ", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void A_full_disk_is_named_and_what_is_kept_stays_usable()
    {
        AnswerCache cache = Open();
        cache.Write("q", "a"u8, "http://a");
        // A folder where a file should go stands for a disk that takes nothing more; it stops root, too.
        string hash = Sha256("b");
        Directory.CreateDirectory(Path.Combine(_folder, "objects", hash[..2], hash));

        IOException fault = Assert.Throws<IOException>(() => cache.Write("p", "b"u8, "http://a"));

        Assert.StartsWith($"the cache in {_folder} cannot be written: ", fault.Message, StringComparison.Ordinal);
        Assert.True(cache.TryRead("q", out _));
        Assert.False(cache.TryRead("p", out _));
        Assert.Empty(Files("unfinished"));
    }

    private AnswerCache Open() => new(_folder, TimeProvider.System);

    private string[] Files(string kind) =>
        Directory.GetFiles(Path.Combine(_folder, kind), "*", SearchOption.AllDirectories);

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
