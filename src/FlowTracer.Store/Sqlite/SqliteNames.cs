using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// The numbers that a file has for chains, texts, addresses and holders, both ways. What was looked up is kept, within bounds;
/// what a transaction added and then gave up is forgotten (<see cref="Forget"/>).
/// </summary>
internal sealed class SqliteNames : IDisposable
{
    private const int MostKept = 2_000_000;

    private readonly Dictionary<Holder, long> _holderIds = [];
    private readonly Dictionary<long, Holder> _holders = [];
    private readonly Dictionary<Address, long> _addressIds = [];
    private readonly Dictionary<string, long> _textIds = [];
    private readonly Dictionary<long, string> _texts = [];
    private readonly Dictionary<ChainId, long> _chainIds = [];
    private readonly Dictionary<long, ChainId> _chains = [];
    private readonly Statement _findChain;
    private readonly Statement _addChain;
    private readonly Statement _readChain;
    private readonly Statement _findText;
    private readonly Statement _addText;
    private readonly Statement _readText;
    private readonly Statement _findAddress;
    private readonly Statement _addAddress;
    private readonly Statement _findAccount;
    private readonly Statement _findCoin;
    private readonly Statement _addHolder;
    private readonly Statement _readHolder;

    public SqliteNames(SqliteConnection connection)
    {
        _findChain = new Statement(connection, "SELECT id FROM chains WHERE name = ?1", 1);
        _addChain = new Statement(connection, "INSERT INTO chains(name) VALUES(?1) RETURNING id", 1);
        _readChain = new Statement(connection, "SELECT name FROM chains WHERE id = ?1", 1);
        _findText = new Statement(connection, "SELECT id FROM texts WHERE text = ?1", 1);
        _addText = new Statement(connection, "INSERT INTO texts(text) VALUES(?1) RETURNING id", 1);
        _readText = new Statement(connection, "SELECT text FROM texts WHERE id = ?1", 1);
        _findAddress = new Statement(connection, "SELECT id FROM addresses WHERE key = ?1 AND chain = ?2", 2);
        _addAddress = new Statement(connection, "INSERT INTO addresses(key, chain) VALUES(?1, ?2) RETURNING id", 2);
        _findAccount = new Statement(
            connection, "SELECT id FROM holders WHERE address = ?1 AND contract IS ?2 AND coin_tx IS NULL", 2);
        _findCoin = new Statement(connection, "SELECT id FROM holders WHERE coin_tx = ?1 AND coin_index = ?2 AND chain = ?3", 3);
        _addHolder = new Statement(
            connection, "INSERT INTO holders(chain, address, contract, coin_tx, coin_index) VALUES(?1, ?2, ?3, ?4, ?5) RETURNING id", 5);
        _readHolder = new Statement(
            connection,
            """
            SELECT h.chain, a.key, c.key, h.coin_tx, h.coin_index FROM holders h
            LEFT JOIN addresses a ON a.id = h.address LEFT JOIN addresses c ON c.id = h.contract WHERE h.id = ?1
            """,
            1);
    }

    /// <summary>The number of a chain; a new one where it has none.</summary>
    public long IdOf(ChainId chain) => Find(chain) ?? Kept(_chainIds, chain, _addChain.Set(1, chain.ToString()).Number()!.Value);

    /// <summary>The number of a chain; null where it has none.</summary>
    public long? Find(ChainId chain) => _chainIds.TryGetValue(chain, out long id) ? id
        : _findChain.Set(1, chain.ToString()).Number() is long found ? Kept(_chainIds, chain, found) : null;

    /// <summary>The chain of a number.</summary>
    public ChainId ChainOf(long id)
    {
        if (_chains.TryGetValue(id, out ChainId chain))
        {
            return chain;
        }

        using SqliteDataReader rows = _readChain.Set(1, id).Rows();
        return rows.Read() && ChainId.TryParse(rows.GetString(0), out chain)
            ? Kept(_chains, id, chain)
            : throw new InvalidDataException($"no chain has number {id}");
    }

    /// <summary>The number of a text; a new one where it has none.</summary>
    public long IdOf(string text) => _textIds.TryGetValue(text, out long id) ? id
        : Kept(_textIds, text, _findText.Set(1, text).Number() ?? _addText.Set(1, text).Number()!.Value);

    /// <summary>The text of a number.</summary>
    public string TextOf(long id)
    {
        if (_texts.TryGetValue(id, out string? text))
        {
            return text;
        }

        using SqliteDataReader rows = _readText.Set(1, id).Rows();
        return rows.Read() ? Kept(_texts, id, rows.GetString(0)) : throw new InvalidDataException($"no text has number {id}");
    }

    /// <summary>The number of a holder; a new one where it has none.</summary>
    public long IdOf(Holder holder) => Find(holder) ?? Kept(_holderIds, holder, Add(holder));

    /// <summary>The number of a holder; null where it has none.</summary>
    public long? Find(Holder holder)
    {
        if (_holderIds.TryGetValue(holder, out long known))
        {
            return known;
        }

        long? found = holder.Chain.Family == ChainFamily.Utxo ? FindCoin(holder) : FindAccount(holder);
        return found is long id ? Kept(_holderIds, holder, id) : null;
    }

    /// <summary>The number of an address; null where it has none.</summary>
    public long? Find(Address address)
    {
        if (_addressIds.TryGetValue(address, out long known))
        {
            return known;
        }

        return Find(address.Chain) is long chain && _findAddress.Set(1, Keys.Of(address)).Set(2, chain).Number() is long id
            ? Kept(_addressIds, address, id)
            : null;
    }

    /// <summary>The holder of a number.</summary>
    public Holder HolderOf(long id)
    {
        if (_holders.TryGetValue(id, out Holder? holder))
        {
            return holder;
        }

        using SqliteDataReader rows = _readHolder.Set(1, id).Rows();
        return rows.Read() ? Kept(_holders, id, Read(rows)) : throw new InvalidDataException($"no holder has number {id}");
    }

    /// <summary>Forgets everything: a transaction was given up.</summary>
    public void Forget()
    {
        _holderIds.Clear();
        _holders.Clear();
        _addressIds.Clear();
        _textIds.Clear();
        _texts.Clear();
        _chainIds.Clear();
        _chains.Clear();
    }

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_findChain, _addChain, _readChain, _findText, _addText, _readText, _findAddress, _addAddress, _findAccount, _findCoin, _addHolder, _readHolder])
        {
            statement.Dispose();
        }
    }

    private long? FindAccount(Holder holder)
    {
        long? contract = holder.Asset.IsCoin ? null : Find(holder.Asset.Contract);
        return Find(holder.Address) is long address && (contract is not null || holder.Asset.IsCoin)
            ? _findAccount.Set(1, address).Set(2, contract).Number()
            : null;
    }

    private long? FindCoin(Holder holder) => Find(holder.Chain) is long chain
        ? _findCoin.Set(1, Keys.Of(holder.Coin.Tx)).Set(2, (long)holder.Coin.Index).Set(3, chain).Number()
        : null;

    private long Add(Holder holder)
    {
        bool isCoin = holder.Chain.Family == ChainFamily.Utxo;
        _addHolder.Set(1, IdOf(holder.Chain))
            .Set(2, holder.Address.IsNone ? null : IdOf(holder.Address))
            .Set(3, holder.Asset.IsCoin ? null : IdOf(holder.Asset.Contract))
            .Set(4, isCoin ? Keys.Of(holder.Coin.Tx) : null)
            .Set(5, isCoin ? (long)holder.Coin.Index : null);
        return _addHolder.Number()!.Value;
    }

    private long IdOf(Address address) => Find(address)
        ?? Kept(_addressIds, address, _addAddress.Set(1, Keys.Of(address)).Set(2, IdOf(address.Chain)).Number()!.Value);

    private Holder Read(SqliteDataReader row)
    {
        ChainId chain = ChainOf(row.GetInt64(0));
        Address address = row.IsDBNull(1) ? default : Keys.AddressOf(chain, row.GetFieldValue<byte[]>(1));
        if (!row.IsDBNull(3))
        {
            OutPoint coin = new(TxHash.FromBytes(row.GetFieldValue<byte[]>(3)), (uint)row.GetInt64(4));
            return Holder.Output(chain, coin, address);
        }

        return Holder.Account(
            address, row.IsDBNull(2) ? Asset.Coin(chain) : Asset.Token(Keys.AddressOf(chain, row.GetFieldValue<byte[]>(2))));
    }

    private static TValue Kept<TKey, TValue>(Dictionary<TKey, TValue> kept, TKey key, TValue value)
        where TKey : notnull
    {
        if (kept.Count >= MostKept)
        {
            kept.Clear();
        }

        return kept[key] = value;
    }
}
