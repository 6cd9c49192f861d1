using System.Runtime.InteropServices;
using FlowTracer.Core.Model;
using Microsoft.Data.Sqlite;

namespace FlowTracer.Store.Sqlite;

/// <summary>
/// The numbers that a file has for chains, texts and holders, both ways. What was looked up is kept, within bounds; what a transaction
/// added and then gave up is forgotten (<see cref="Forget"/>).
/// </summary>
internal sealed class SqliteNames : IDisposable
{
    private const int EntriesAtOnce = 1_000_000;

    private readonly SqliteConnection _connection;
    private readonly Kept<Holder, long> _holderIds = new();
    private readonly Kept<long, Holder> _holders = new();
    private readonly Kept<string, long> _textIds = new();
    private readonly Kept<long, string> _texts = new();
    private readonly Dictionary<ChainId, long> _chainIds = [];
    private readonly Dictionary<long, ChainId> _chains = [];

    // One source states many movements, one after the other.
    private (string? Text, long Id) _lastText;
    private readonly PairIndex _addresses;
    private readonly PairIndex _coins;
    private readonly Statement _findChain;
    private readonly Statement _addChain;
    private readonly Statement _readChain;
    private readonly Statement _findText;
    private readonly Statement _addText;
    private readonly Statement _readText;
    private readonly Statement _readAddress;
    private readonly Statement _lastAddress;
    private readonly Statement _addAddress;
    private readonly Statement _findAccount;
    private readonly Statement _lastHolder;
    private readonly Statement _addHolder;
    private readonly Statement _readHolder;

    public SqliteNames(SqliteConnection connection)
    {
        _connection = connection;
        _addresses = new PairIndex(connection, SqliteSchema.ByAddress);
        _coins = new PairIndex(connection, SqliteSchema.ByCoin);
        _findChain = new Statement(connection, "SELECT id FROM chains WHERE name = ?1");
        _addChain = new Statement(connection, "INSERT INTO chains(name) VALUES(?1) RETURNING id");
        _readChain = new Statement(connection, "SELECT name FROM chains WHERE id = ?1");
        _findText = new Statement(connection, "SELECT id FROM texts WHERE text = ?1");
        _addText = new Statement(connection, "INSERT INTO texts(text) VALUES(?1) RETURNING id");
        _readText = new Statement(connection, "SELECT text FROM texts WHERE id = ?1");
        _readAddress = new Statement(connection, "SELECT chain, key FROM addresses WHERE id = ?1");
        _lastAddress = new Statement(connection, "SELECT max(id) FROM addresses");
        _addAddress = new Statement(connection, "INSERT INTO addresses(id, chain, key) VALUES(?1, ?2, ?3)");
        _findAccount = new Statement(connection, "SELECT id FROM holders WHERE address = ?1 AND contract IS ?2 AND coin_tx IS NULL");
        _lastHolder = new Statement(connection, "SELECT max(id) FROM holders");
        _addHolder = new Statement(
            connection, "INSERT INTO holders(id, chain, address, contract, coin_tx, coin_index) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
        _readHolder = new Statement(
            connection,
            """
            SELECT h.chain, a.key, c.key, h.coin_tx, h.coin_index FROM holders h
            LEFT JOIN addresses a ON a.id = h.address LEFT JOIN addresses c ON c.id = h.contract WHERE h.id = ?1
            """);
    }

    /// <summary>The number of a chain; a new one where it has none.</summary>
    public long IdOf(ChainId chain)
    {
        if (Find(chain) is long known)
        {
            return known;
        }

        return _chainIds[chain] = _addChain.Set(1, chain.ToString()).Number()!.Value;
    }

    /// <summary>The number of a chain; null where it has none.</summary>
    public long? Find(ChainId chain)
    {
        if (_chainIds.TryGetValue(chain, out long id))
        {
            return id;
        }

        if (_findChain.Set(1, chain.ToString()).Number() is not long found)
        {
            return null;
        }

        return _chainIds[chain] = found;
    }

    /// <summary>The chain of a number.</summary>
    public ChainId ChainOf(long id)
    {
        if (_chains.TryGetValue(id, out ChainId chain))
        {
            return chain;
        }

        return ChainId.TryParse(_readChain.Set(1, id).First(static row => row.Text(0)), out chain)
            ? _chains[id] = chain
            : throw new InvalidDataException($"no chain has number {id}");
    }

    /// <summary>The number of a text; a new one where it has none.</summary>
    public long IdOf(string text)
    {
        if (!ReferenceEquals(text, _lastText.Text))
        {
            _lastText = (text, _textIds.TryGet(text, out long id)
                ? id
                : _textIds.Keep(text, _findText.Set(1, text).Number() ?? _addText.Set(1, text).Number()!.Value));
        }

        return _lastText.Id;
    }

    /// <summary>The text of a number.</summary>
    public string TextOf(long id)
    {
        if (_texts.TryGet(id, out string? text))
        {
            return text;
        }

        text = _readText.Set(1, id).First(static row => row.Text(0)) ?? throw new InvalidDataException($"no text has number {id}");
        return _texts.Keep(id, text);
    }

    /// <summary>The number of a holder; null where it has none.</summary>
    public long? Find(Holder holder) =>
        _holderIds.TryGet(holder, out long id) || Find([holder]).TryGetValue(holder, out id) ? id : null;

    /// <summary>The number of a holder that has one.</summary>
    /// <exception cref="InvalidDataException">It has none.</exception>
    public long IdOf(Holder holder) => Find(holder) ?? throw new InvalidDataException($"{holder} has no number");

    /// <summary>The numbers of those of many holders that have one, looked up together.</summary>
    public Dictionary<Holder, long> Find(IReadOnlyCollection<Holder> holders)
    {
        long[] found = new long[holders.Count];
        List<Stranger> strangers = StrangersOf(holders, found);
        LookUp(strangers, AddressesOf(strangers), long.MaxValue);
        Settle(found, strangers);
        Dictionary<Holder, long> ids = [];
        foreach ((Holder holder, long id) in holders.Zip(found))
        {
            if (id != 0)
            {
                ids[holder] = id;
            }
        }

        return ids;
    }

    /// <summary>The number of each of many holders, looked up at once; those that have none get one, in the order they come in.</summary>
    public long[] Add(List<Holder> holders)
    {
        long[] ids = new long[holders.Count];
        List<Stranger> strangers = StrangersOf(holders, ids);
        if (strangers.Count > 0)
        {
            Dictionary<Address, long> addresses = AddressesOf(strangers);
            long last = _lastAddress.Number() ?? 0;
            AddAddresses(strangers, addresses, last);
            LookUp(strangers, addresses, last);
            AddHolders(strangers);
            Settle(ids, strangers);
        }

        return ids;
    }

    /// <summary>The number of an address; null where it has none.</summary>
    public long? Find(Address address)
    {
        foreach (Pair pair in _addresses.Find([Keys.IndexOf(address)]))
        {
            if (IsAddress(pair.Value, address))
            {
                return pair.Value;
            }
        }

        return null;
    }

    /// <summary>The holder of a number.</summary>
    public Holder HolderOf(long id)
    {
        if (_holders.TryGet(id, out Holder? holder))
        {
            return holder;
        }

        holder = _readHolder.Set(1, id).First(_ => Read()) ?? throw new InvalidDataException($"no holder has number {id}");
        _holderIds.Keep(holder, id);
        return _holders.Keep(id, holder);
    }

    /// <summary>Forgets what was not asked for lately, where there is much: before a question or a load, not within.</summary>
    public void Trim()
    {
        _holderIds.Trim();
        _holders.Trim();
        _textIds.Trim();
        _texts.Trim();
    }

    /// <summary>Forgets everything: a transaction was given up.</summary>
    public void Forget()
    {
        _holderIds.Clear();
        _holders.Clear();
        _textIds.Clear();
        _texts.Clear();
        _lastText = default;
        _chainIds.Clear();
        _chains.Clear();
    }

    /// <summary>What the indexes of addresses and coins should have.</summary>
    public IEnumerable<(string Index, Pair Pair)> Entries()
    {
        using Statement addresses = new(_connection, "SELECT id, chain, key FROM addresses");
        while (addresses.Read())
        {
            Address address = Keys.AddressOf(ChainOf(addresses.Long(1)), addresses.Blob(2));
            yield return (SqliteSchema.ByAddress, new Pair(Keys.IndexOf(address), addresses.Long(0)));
        }

        using Statement coins = new(_connection, "SELECT id, coin_tx, coin_index FROM holders WHERE coin_tx IS NOT NULL");
        while (coins.Read())
        {
            OutPoint coin = new(TxHash.FromBytes(coins.Blob(1)), (uint)coins.Long(2));
            yield return (SqliteSchema.ByCoin, new Pair(Keys.IndexOf(coin), coins.Long(0)));
        }
    }

    /// <summary>Makes the indexes of addresses and coins, which are empty.</summary>
    public void AddEntries()
    {
        foreach ((string Index, Pair Pair)[] entries in Entries().Chunk(EntriesAtOnce))
        {
            _addresses.Add([.. entries.Where(static entry => entry.Index == SqliteSchema.ByAddress).Select(static entry => entry.Pair)]);
            _coins.Add([.. entries.Where(static entry => entry.Index == SqliteSchema.ByCoin).Select(static entry => entry.Pair)]);
        }
    }

    public void Dispose()
    {
        foreach (IDisposable one in (IDisposable[])[
            _addresses, _coins, _findChain, _addChain, _readChain, _findText, _addText, _readText, _readAddress, _lastAddress, _addAddress,
            _findAccount, _lastHolder, _addHolder, _readHolder])
        {
            one.Dispose();
        }
    }

    // Those nobody asked for lately, each once, in the order they come in. The numbers of the others go to their places; in the place of
    // such a one, less than zero, is where it stands among them.
    private List<Stranger> StrangersOf(IReadOnlyCollection<Holder> holders, long[] ids)
    {
        List<Stranger> strangers = [];
        Dictionary<Holder, int> places = [];
        int at = -1;
        foreach (Holder holder in holders)
        {
            if (_holderIds.TryGet(holder, out ids[++at]))
            {
                continue;
            }

            ref int place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, holder, out bool isThere);
            if (!isThere)
            {
                place = strangers.Count;
                strangers.Add(new Stranger(holder));
            }

            ids[at] = ~place;
        }

        return strangers;
    }

    private static void Settle(long[] ids, List<Stranger> strangers)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = ids[i] < 0 ? strangers[(int)~ids[i]].Id : ids[i];
        }
    }

    // The numbers of the addresses and contracts of some holders: 0 for one that has none.
    private Dictionary<Address, long> AddressesOf(List<Stranger> strangers)
    {
        Dictionary<Address, long> ids = new(strangers.Count);
        foreach (Stranger stranger in strangers)
        {
            ids.TryAdd(stranger.Holder.Address, 0);
            ids.TryAdd(stranger.Holder.Asset.Contract, 0);
        }

        ids.Remove(default);
        foreach ((Address address, long id) in _addresses.Candidates(ids.Keys, Keys.IndexOf))
        {
            if (IsAddress(id, address))
            {
                ids[address] = id;
            }
        }

        return ids;
    }

    private bool IsAddress(long id, Address address)
    {
        Span<byte> key = stackalloc byte[Keys.MostBytes];
        bool isIt = _readAddress.Set(1, id).Read() && _readAddress.Blob(1).SequenceEqual(key[..Keys.Write(address, key)]);
        long chain = isIt ? _readAddress.Long(0) : 0;
        _readAddress.Close();
        return isIt && ChainOf(chain) == address.Chain;
    }

    private void AddAddresses(List<Stranger> strangers, Dictionary<Address, long> ids, long last)
    {
        List<Pair> added = [];
        Span<byte> key = stackalloc byte[Keys.MostBytes];
        foreach (Stranger stranger in strangers)
        {
            foreach (Address address in (ReadOnlySpan<Address>)[stranger.Holder.Address, stranger.Holder.Asset.Contract])
            {
                ref long id = ref CollectionsMarshal.GetValueRefOrNullRef(ids, address);
                if (!address.IsNone && id == 0)
                {
                    id = ++last;
                    _addAddress.Set(1, id).Set(2, IdOf(address.Chain)).Set(3, key[..Keys.Write(address, key)]).Run();
                    added.Add(new Pair(Keys.IndexOf(address), id));
                }
            }
        }

        _addresses.Add(added);
    }

    // A holder whose address or contract is behind the last one that was there is not there either.
    private void LookUp(List<Stranger> strangers, Dictionary<Address, long> addresses, long last)
    {
        foreach (Stranger stranger in strangers)
        {
            stranger.Address = addresses.GetValueOrDefault(stranger.Holder.Address);
            stranger.Contract = addresses.GetValueOrDefault(stranger.Holder.Asset.Contract);
            if (stranger.IsAccount && stranger.Address != 0 && stranger.Address <= last && stranger.Contract <= last
                && (stranger.Contract != 0 || stranger.Holder.Asset.IsCoin)
                && _findAccount.Set(1, stranger.Address).Set(2, stranger.Contract == 0 ? null : stranger.Contract).Number() is long id)
            {
                Settle(stranger, id);
            }
        }

        foreach ((Stranger coin, long id) in _coins.Candidates(
            strangers.Where(static stranger => !stranger.IsAccount), static stranger => Keys.IndexOf(stranger.Holder.Coin)))
        {
            if (HolderOf(id).Coin == coin.Holder.Coin && HolderOf(id).Chain == coin.Holder.Chain)
            {
                Settle(coin, id);
            }
        }
    }

    private void Settle(Stranger stranger, long id)
    {
        stranger.Id = id;
        _holderIds.Keep(stranger.Holder, id);
    }

    private void AddHolders(List<Stranger> strangers)
    {
        List<Pair> coins = [];
        long last = _lastHolder.Number() ?? 0;
        Span<byte> hash = stackalloc byte[TxHash.ByteLength];
        foreach (Stranger stranger in strangers.Where(static stranger => stranger.Id == 0))
        {
            Holder holder = stranger.Holder;
            _addHolder.Set(1, ++last).Set(2, IdOf(holder.Chain)).Set(3, stranger.Address == 0 ? null : stranger.Address)
                .Set(4, stranger.Contract == 0 ? null : stranger.Contract);
            if (stranger.IsAccount)
            {
                _addHolder.SetNothing(5).SetNothing(6);
            }
            else
            {
                holder.Coin.Tx.CopyTo(hash);
                _addHolder.Set(5, hash).Set(6, holder.Coin.Index);
                coins.Add(new Pair(Keys.IndexOf(holder.Coin), last));
            }

            _addHolder.Run();
            Settle(stranger, last);
        }

        _coins.Add(coins);
    }

    private Holder Read()
    {
        ChainId chain = ChainOf(_readHolder.Long(0));
        Address address = _readHolder.IsNull(1) ? default : Keys.AddressOf(chain, _readHolder.Blob(1));
        if (!_readHolder.IsNull(3))
        {
            OutPoint coin = new(TxHash.FromBytes(_readHolder.Blob(3)), (uint)_readHolder.Long(4));
            return Holder.Output(chain, coin, address);
        }

        return Holder.Account(
            address, _readHolder.IsNull(2) ? Asset.Coin(chain) : Asset.Token(Keys.AddressOf(chain, _readHolder.Blob(2))));
    }

    // A holder to be looked up, and the numbers that were found; 0 for none.
    private sealed class Stranger(Holder holder)
    {
        public Holder Holder => holder;

        public bool IsAccount => holder.Chain.Family == ChainFamily.Account;

        public long Address { get; set; }

        public long Contract { get; set; }

        public long Id { get; set; }
    }
}
