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
            connection, "INSERT INTO tokens(chain, contract, symbol, decimals) VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING", 4);
        foreach (TokenName name in names)
        {
            add.Set(1, name.Token.Chain.ToString()).Set(2, Keys.Of(name.Token.Contract)).Set(3, name.Symbol).Set(4, (long?)name.Decimals).Run();
        }
    }

    /// <summary>The names of tokens; those it was told none of are left out.</summary>
    public static IReadOnlyList<TokenName> Read(SqliteConnection connection, IReadOnlyCollection<Asset> tokens)
    {
        using Statement read = new(connection, "SELECT symbol, decimals FROM tokens WHERE chain = ?1 AND contract = ?2", 2);
        List<TokenName> names = [];
        foreach (Asset token in tokens)
        {
            using SqliteDataReader row = read.Set(1, token.Chain.ToString()).Set(2, Keys.Of(token.Contract)).Rows();
            if (row.Read())
            {
                names.Add(new TokenName(token, row.IsDBNull(0) ? null : row.GetString(0), row.IsDBNull(1) ? null : row.GetInt32(1)));
            }
        }

        return names;
    }
}
