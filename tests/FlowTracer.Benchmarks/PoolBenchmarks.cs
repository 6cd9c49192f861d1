using BenchmarkDotNet.Attributes;
using FlowTracer.Core.Bulk;
using FlowTracer.Core.Model;
using FlowTracer.Core.Taint;

namespace FlowTracer.Benchmarks;

/// <summary>The inner loops of a trace over a whole ledger, in memory that is near.</summary>
[MemoryDiagnoser]
public class PoolBenchmarks
{
    private const int Steps = 10_000;

    private readonly ulong[] _amounts = new ulong[Steps];
    private readonly LotSlab<Units64> _slab = new(new ClaimTable(1_000));

    public PoolBenchmarks()
    {
        for (int i = 0; i < Steps; i++)
        {
            _amounts[i] = 1 + ((ulong)i * 7_919 % 9_973);
        }
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong Fifo() => PassOn<QueuePool<Units64, No>>();

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong Lifo() => PassOn<QueuePool<Units64, Yes>>();

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong Libr() => PassOn<ClassPool<Units64, No>>();

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong Haircut() => PassOn<HaircutPool<Units64>>();

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong Poison() => PassOn<PoisonPool<Units64>>();

    [Benchmark(OperationsPerInvoke = Steps)]
    public ulong DivideIn64Bits()
    {
        ulong sum = 0;
        foreach (ulong amount in _amounts)
        {
            sum ^= Units64.MulDivFloor(new Units64(amount << 30), new Units64(amount << 32), new Units64((amount << 33) + 1), out _).Value;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Steps)]
    public int QueueOfRows()
    {
        RowQueue queue = new(64 * Steps);
        int sum = 0;
        for (int i = 0; i < Steps; i++)
        {
            queue.Add((int)(_amounts[i] * 61));
        }

        for (int row = queue.First(); row >= 0; row = queue.First())
        {
            queue.Remove(row);
            sum ^= row;
        }

        return sum;
    }

    // Shares of a payment among 1,000 claims.
    [Benchmark]
    public ulong ApportionAmongAThousand()
    {
        Units64[] weights = [.. _amounts.Take(1_000).Select(static amount => new Units64(amount))];
        Units64[] shares = new Units64[weights.Length];
        Units64 sum = weights.Aggregate(Units64.Zero, static (total, weight) => total + weight);
        Apportion.LargestRemainder(new Units64(sum.Value / 3), weights, sum, shares);
        return shares[7].Value;
    }

    // Two pools that pay each other, half of the money tainted.
    private ulong PassOn<TPool>()
        where TPool : struct, IHolderPool<Units64, TPool>
    {
        TPool left = default;
        TPool right = default;
        for (int i = 0; i < 20; i++)
        {
            Units64 amount = new(100_000);
            left.Put(_slab, _slab.Of(i % 2 == 0 ? Lot<Units64>.CleanOf(amount) : new Lot<Units64>(1, amount, amount)), amount);
        }

        foreach (ulong units in _amounts)
        {
            Units64 amount = new(units);
            bool isLeft = left.Total > right.Total;
            LotChain lots = isLeft ? left.Take(_slab, amount) : right.Take(_slab, amount);
            if (isLeft)
            {
                right.Put(_slab, lots, amount);
            }
            else
            {
                left.Put(_slab, lots, amount);
            }
        }

        ulong total = (left.Total + right.Total).Value;
        _slab.Free(left.Drain(_slab));
        _slab.Free(right.Drain(_slab));
        return total;
    }
}
