using FlowTracer.Core.Model;
using FlowTracer.Core.Ports;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>What tokens state of themselves: few rows, by chain and contract, which lead to no other table.</summary>
internal static class SqliteTokens
{
    /// <summary>Adds names inside a transaction that is open; what was told before stays.</summary>
    public static void Add(SqliteConnection connection, IReadOnlyList<TokenName> names)
    {
        using Statement add = new(
            connection, "INSERT INTO tokens(chain, contract, symbol, decimals) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");
        foreach (TokenName name in names)
        {
            Name(add, name.Token).Set(4, name.Decimals);
            (name.Symbol is string symbol ? add.Set(3, symbol) : add.SetNothing(3)).Run();
        }
    }

    /// <summary>The names of tokens; those it was told none of are left out.</summary>
    public static IReadOnlyList<TokenName> Read(SqliteConnection connection, IReadOnlyCollection<Asset> tokens)
    {
        using Statement read = new(connection, "SELECT symbol, decimals FROM tokens WHERE chain = ?1 AND contract = ?2");
        List<TokenName> names = [];
        foreach (Asset token in tokens)
        {
            if (Name(read, token).Read())
            {
                names.Add(new TokenName(token, read.IsNull(0) ? null : read.Text(0), read.IsNull(1) ? null : checked((int)read.Long(1))));
            }

            read.Close();
        }

        return names;
    }

    private static Statement Name(Statement statement, Asset token)
    {
        Span<byte> contract = stackalloc byte[Keys.MostBytes];
        return statement.Set(1, token.Chain.ToString()).Set(2, contract[..Keys.Write(token.Contract, contract)]);
    }
}
