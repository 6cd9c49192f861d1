using System.Diagnostics;
using System.Globalization;
using FlowTracer.Core.Model;

namespace FlowTracer.Benchmarks;

/// <summary>
/// A PostgreSQL of its own, on a socket in a temporary folder, that loads transfers by COPY: what one would take instead of the store.
/// </summary>
internal sealed class PostgresLoads : IDisposable
{
    private const string Binaries = "/usr/lib/postgresql/15/bin";
    private const string User = "postgres";
    private const int TriesToReach = 100;

    // The rows of the store, with addresses and hashes as they are; both directions, and the hash.
    private const string Table = """
        CREATE TABLE transfers(block bigint NOT NULL, tx_index integer NOT NULL, step integer NOT NULL, time bigint, hash bytea,
          kind smallint NOT NULL, giver bytea, receiver bytea, amount numeric(78) NOT NULL, source text NOT NULL)
        """;

    private const string Indexes = """
        CREATE INDEX ON transfers(giver, block, tx_index, step); CREATE INDEX ON transfers(receiver, block, tx_index, step);
        CREATE INDEX ON transfers(hash)
        """;

    private readonly string _folder;
    private readonly Process _server;

    private PostgresLoads(string folder, Process server) => (_folder, _server) = (folder, server);

    /// <summary>Loads some transfers twice, with the indexes there from the start and made at the end, and says what that took.</summary>
    public static void Run(int count, IEnumerable<Movement> transfers)
    {
        if (!File.Exists(Path.Combine(Binaries, "postgres")))
        {
            Console.WriteLine($"PostgreSQL 15: left out, {Binaries} is not there (Debian: apt-get install postgresql-15)");
            return;
        }

        string folder = Directory.CreateTempSubdirectory("flowtracer-postgres-").FullName;
        try
        {
            string rows = Path.Combine(folder, "rows.csv");
            File.WriteAllLines(rows, transfers.Select(Line));
            using PostgresLoads server = Start(folder);
            foreach (bool isFirst in (bool[])[true, false])
            {
                server.Ask("DROP TABLE IF EXISTS transfers");
                server.Ask(Table);
                Stopwatch clock = Stopwatch.StartNew();
                server.Ask(isFirst ? Indexes : "SELECT 1");
                server.Ask($"COPY transfers FROM '{rows}' (FORMAT csv)");
                server.Ask(isFirst ? "CHECKPOINT" : $"{Indexes}; CHECKPOINT");
                double seconds = clock.Elapsed.TotalSeconds;
                double bytes = double.Parse(server.Ask("SELECT pg_total_relation_size('transfers')"), CultureInfo.InvariantCulture);
                Console.WriteLine(
                    $"PostgreSQL 15, COPY, indexes {(isFirst ? "from the start" : "made at the end")}: {count / seconds:N0} a second ({seconds:F1} s); {bytes / count:F1} bytes a transfer on disk");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose()
    {
        // Fast shutdown, as pg_ctl does it.
        Programs("kill", "-INT", _server.Id.ToString(CultureInfo.InvariantCulture));
        _server.WaitForExit();
        _server.Dispose();
    }

    private static PostgresLoads Start(string folder)
    {
        Programs("chown", "-R", User, folder);
        string data = Path.Combine(folder, "data");
        AsUser("initdb", "-D", data, "-U", User, "--auth", "trust", "--encoding", "UTF8").WaitForExit();
        Process server = AsUser(
            "postgres", "-D", data, "-k", folder, "-h", "", "-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB",
            "-c", "maintenance_work_mem=512MB", "-c", "checkpoint_timeout=1h");
        PostgresLoads started = new(folder, server);
        for (int i = 0; i < TriesToReach; i++)
        {
            if (!File.Exists(Path.Combine(folder, ".s.PGSQL.5432.lock")))
            {
                Thread.Sleep(100);
            }
        }

        return started;
    }

    private string Ask(string sql) => Programs(Path.Combine(Binaries, "psql"), "-h", _folder, "-U", User, "-d", User, "-qtA", "-v", "ON_ERROR_STOP=1", "-c", sql);

    // The server refuses to run as root.
    private static Process AsUser(string program, params string[] arguments)
    {
        ProcessStartInfo start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", ["--reuid", User, "--regid", User, "--clear-groups", Path.Combine(Binaries, program), .. arguments])
            : new ProcessStartInfo(Path.Combine(Binaries, program), arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string Programs(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}");
    }

    private static string Line(Movement movement)
    {
        Span<byte> hash = stackalloc byte[TxHash.ByteLength];
        movement.Tx!.Value.CopyTo(hash);
        Amount amount = movement.Inputs.IsEmpty ? movement.Outputs[0].Amount : movement.Inputs[0].Amount;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{movement.Position.Block},{movement.Position.TxIndex},{movement.Position.Step},{movement.Stamp.TimeSeconds},\\x{Convert.ToHexStringLower(hash)},{(byte)movement.Kind},{AddressOf(movement.Inputs.AsSpan())},{AddressOf(movement.Outputs.AsSpan())},{amount},{movement.Source}");
    }

    private static string AddressOf(ReadOnlySpan<Leg> legs)
    {
        if (legs.IsEmpty)
        {
            return string.Empty;
        }

        Span<byte> address = stackalloc byte[Address.HashLength];
        legs[0].Holder.Address.CopyTo(address);
        return $"\\x{Convert.ToHexStringLower(address)}";
    }
}
