using System.Collections.Immutable;
using FlowTracer.Core.Model;

namespace FlowTracer.App.Heists;

/// <summary>
/// Reads the seeds of a heist that has too many for its YAML: lines of <c>chain,tx_hash,from,to,amount</c> in the chain's
/// own coin and base units, without quotes, under that header. It is a file of our own.
/// </summary>
internal static class HeistSeedFile
{
    private const string Header = "chain,tx_hash,from,to,amount";

    /// <summary>The seeds in the order of the file.</summary>
    /// <exception cref="InputException">A line is malformed; names it.</exception>
    public static ImmutableArray<HeistSeed> Read(string file)
    {
        ImmutableArray<HeistSeed>.Builder seeds = ImmutableArray.CreateBuilder<HeistSeed>();
        long line = 0;
        foreach (string row in File.ReadLines(file))
        {
            line++;
            if (line > 1)
            {
                seeds.Add(SeedOf(row.Split(','), file, line));
            }
            else if (row != Header)
            {
                throw new InputException(file, line, 0, $"expected the header {Header}");
            }
        }

        return seeds.ToImmutable();
    }

    private static HeistSeed SeedOf(string[] fields, string file, long line)
    {
        if (fields.Length != Header.Split(',').Length || !ChainId.TryParse(fields[0], out ChainId chain))
        {
            throw new InputException(file, line, 0, $"expected {Header}");
        }

        return !TxHash.TryParse(chain.Family, fields[1], out TxHash tx, out ParseError txError) ? throw Fault(txError)
            : !Address.TryParse(chain, fields[3], out Address to, out ParseError toError) ? throw Fault(toError)
            : !Amount.TryParse(fields[4], out Amount amount, out ParseError amountError) ? throw Fault(amountError)
            : new HeistSeed(tx, to, Asset.Coin(chain), amount, file, line);

        InputException Fault(ParseError error) => new(file, line, 0, error.ToString());
    }
}
