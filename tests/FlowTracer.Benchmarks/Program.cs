using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using FlowTracer.Benchmarks;

// `process` times whole runs of the program, `live` asks a real node, `blocks` reads blocks, `ledger-statistics` describes made-up ledgers; anything else goes to BenchmarkDotNet (--filter, --list …).
if (args is ["process", .. string[] rest])
{
    return WholeProcess.Run(rest);
}

// `live` counts what tracing costs a real node behind latency (docs/performance.md).
if (args is ["live"])
{
    return await LiveNodes.RunAsync();
}

// `blocks` reads Bitcoin blocks from memory, and folders of block files.
if (args is ["blocks", .. string[] numbers])
{
    return await BlockReading.RunAsync(numbers);
}

// `bulk` traces whole made-up ledgers (docs/performance.md); `bulk-lots` shows FIFO's worst cases;
// the other two are for side-by-side/side_by_side.py.
if (args is ["bulk", .. string[] sizes])
{
    return WholeLedgers.Run(sizes);
}

if (args is ["bulk-lots", .. string[] counts])
{
    return WholeLedgers.RunLots(
        counts.Length > 0 ? int.Parse(counts[0], CultureInfo.InvariantCulture) : 100_000,
        counts.Length > 1 ? int.Parse(counts[1], CultureInfo.InvariantCulture) : 1_000);
}

if (args is ["bulk-edges", string transfers, string seed, string file])
{
    return WholeLedgers.WriteEdges(int.Parse(transfers, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), file);
}

if (args is ["bulk-run", string rows, string number, string policy, string taint])
{
    return WholeLedgers.RunOne(
        int.Parse(rows, CultureInfo.InvariantCulture), int.Parse(number, CultureInfo.InvariantCulture), policy, taint);
}

// `clickhouse` loads two shards on this machine and asks them for frontiers (docs/cluster.md).
if (args is ["clickhouse", string movements])
{
    return await ClickHouseLoads.RunAsync(int.Parse(movements, CultureInfo.InvariantCulture));
}

// `store` fills a store with a made-up chain and asks it (docs/performance.md).
if (args is ["store", .. string[] store])
{
    return await Stores.RunAsync(store);
}

// `import` imports large made-up files (docs/import.md), `ingest` whole blocks of real nodes (docs/ingest.md).
if (args is ["import", .. string[] rowsOfFile])
{
    return Imports.Run(rowsOfFile);
}

if (args is ["ingest"])
{
    return await Ingests.RunAsync();
}

// `ledger-statistics` describes the made-up ledgers beside real data (docs/benchmark-ledgers.md).
if (args is ["ledger-statistics", .. string[] shape])
{
    return LedgerStatistics.Run(shape);
}

// In process: the figures are of this build, and nothing is restored or compiled while measuring.
IConfig config = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(RoninTrace).Assembly).Run(args, config);
return 0;
