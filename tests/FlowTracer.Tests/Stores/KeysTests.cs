using System.Buffers.Binary;
using FlowTracer.Core.Model;
using FlowTracer.Store.Sqlite;

namespace FlowTracer.Tests.Stores;

/// <summary>The keys of the indexes of addresses and hashes.</summary>
public sealed class KeysTests
{
    // The numbers are of the formula of docs/store.md, worked out in Python.
    [Fact]
    public void A_key_is_mixed_as_docs_store_says()
    {
        Address thief = Address.FromAccountBytes(ChainId.Ethereum, Convert.FromHexString("098B716B8Aaf21512996dC57EB0615e2383E2f96"));
        TxHash theft = TxHash.FromBytes(Convert.FromHexString("c28fad5e8d5e0ce6a2eaf67b6687be5d58113e16be590824d6cfa1a94467d0b7"));

        Assert.Equal(190_033_104_705_119, Keys.IndexOf(thief));
        Assert.Equal(1_571_459_572_082, Keys.IndexOf(theft));
        Assert.Equal(1_571_459_572_085, Keys.IndexOf(new OutPoint(theft, 3)));
    }

    // Were it otherwise, a look-up would go through all that share a key: an import of these addresses would take the square of them.
    [Fact]
    public void Addresses_and_hashes_that_differ_in_their_last_bytes_only_have_keys_of_their_own()
    {
        const int count = 100_000;
        HashSet<long> addresses = [];
        HashSet<long> hashes = [];
        byte[] bytes = new byte[TxHash.ByteLength];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(TxHash.ByteLength - sizeof(int)), i);
            hashes.Add(Keys.IndexOf(TxHash.FromBytes(bytes)));
            addresses.Add(Keys.IndexOf(Address.FromAccountBytes(ChainId.Ethereum, bytes.AsSpan(^20..))));
        }

        Assert.InRange(addresses.Count, count - 2, count);
        Assert.InRange(hashes.Count, count - 2, count);
    }
}
