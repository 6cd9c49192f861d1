using System.Text.Json;
using FlowTracer.Chains.Ethereum;
using FlowTracer.Core.Model;
using static FlowTracer.Tests.Chains.Ethereum.Json;

namespace FlowTracer.Tests.Chains.Ethereum;

/// <summary>Headers and the hashes that the chain gave them.</summary>
public sealed class HeaderHashTests
{
    // Ethereum's block 24,630,100, after Prague: the first fork whose headers have a requestsHash.
    private const string Prague = """
        {'baseFeePerGas':'0x246edf3','blobGasUsed':'0x40000','difficulty':'0x0','excessBlobGas':'0xa2a720e',
         'extraData':'0x4275696c6465724e6574202842656176657229','gasLimit':'0x3938700','gasUsed':'0x1a4ed69',
         'hash':'0x6c4c6ea047f0ca4bcb0b0fbbcc2e50061d8dd24ba1ab8a22a6d3583a497c3c82',
         'logsBloom':'0xfffffef97ffdf7dfb75fbbfeffffdfffffbeefffffbbffff6ffffdffbffffaf9df7fff7f7fff6ffbffffdfdffbffffff76fffffcbf7ffbfffffeefffffff7df7bffffffdefffff8fdfdf7f7ceffdffff7ff77affe7ef5ff5fbfff57ff7eeadfffffffabfff7bdffbbfbffcfffdefffeffefffffffff5fffefdffdffbffffdfdffbffe7fffffffffdffebf7e37fdfe977f7fbdfefdffddffffffffff5f97ffffdfbffdf7fffffbff9feff77afffefffeef77ffff7fff6fffeffd77ffffeefefdb7bffffff7f7ffdfbff7ffffffffefdffdffddffffffefffffffefdfbf7fdffef7fffff3bdf7fff6cefffdfffdf7ffffeffbfbffffdafffdfbf7efdbeffff7fff',
         'miner':'0xdadb0d80178819f2319190d340ce9a924f783711',
         'mixHash':'0xf824cbc0bffaa4862fffafa96c2cce90898dda8b97fc3eaa6a85ac38075991e5','nonce':'0x0000000000000000',
         'number':'0x177d354','parentBeaconBlockRoot':'0xd9b957562f8477151f61eddc77bcad7451ef62eab8f4fe470402073a794e8bba',
         'parentHash':'0x63ce16602b2afe4089fa8e0a2c16be1a2dea1c4d30b65bd717d9398ddd5fba23',
         'receiptsRoot':'0x52fc280ab6b1db61781dae4cc5f81b7ddd484eae78320bdd8161d5b2fe8e7719',
         'requestsHash':'0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
         'sha3Uncles':'0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347','size':'0x2a8a9',
         'stateRoot':'0x41ebb402f36d0ce15799e98d1aca83bbb5d4b08d1b6572e73b388e4ece192916','timestamp':'0x69b09d6b',
         'transactionsRoot':'0x3b889eb9fa0713d2e1d9e90725d45fd04ec4a550a7a390639c243c5f3b2c6215','uncles':[],
         'transactions':[],'withdrawals':[],
         'withdrawalsRoot':'0x76abcbef0846a5bd065d0207581dacc3cf8df4ec2ba0a8e4d4fbbe97864b82ee'}
        """;

    // The first block of a development node (Anvil 1.7.1), as it answers it.
    private const string Development = """
        {'hash':'0x51544da296ae473c26bfdc079ad798f27a0319bcc73b6b4e9a8057ae44875ec4',
         'parentHash':'0xd563c1932186a812e9947c8ee739870308989f8e2ee1900acc5b6e99ce65e7e5',
         'sha3Uncles':'0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
         'miner':'0x0000000000000000000000000000000000000000',
         'stateRoot':'0x8acc7cca7a91bf5fc1f35a023a56c27f732c8f7350e7fdcc867010e32cc4143b',
         'transactionsRoot':'0xebd5fe8d7d0af31dc55f2946378e22cb6fdb203ce282ddcc8be3aa31187bc045',
         'receiptsRoot':'0x46f7938e3709645a0ce28008744fe934ce407d9bf4c00dda05cc158c915c416a',
         'logsBloom':'BLOOM','difficulty':'0x0','number':'0x1','gasLimit':'0x1c9c380','gasUsed':'0x1d587',
         'timestamp':'0x6b02bff3','extraData':'0x',
         'mixHash':'0x706c00320bdf90a9eff81ac41d5d6dd6c708ec1966279e12aca92edbc6f55504','nonce':'0x0000000000000000',
         'baseFeePerGas':'0x3b9aca00',
         'withdrawalsRoot':'0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421','blobGasUsed':'0x0',
         'excessBlobGas':'0x0','parentBeaconBlockRoot':'0x0000000000000000000000000000000000000000000000000000000000000000',
         'requestsHash':'0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','totalDifficulty':'0x0',
         'size':'0x298','uncles':[],'transactions':[{'type':'0x2','chainId':'0x1','nonce':'0x0','gas':'0x100000',
         'maxFeePerGas':'0x77359400','maxPriorityFeePerGas':'0x3b9aca00','to':null,'value':'0x64','accessList':[],
         'input':'0x6000600060006000600561dead5af15061beefff','r':'0x0','s':'0x0','yParity':'0x0','v':'0x0',
         'hash':'0xf15f9d2358bb052a12961dacd810c224c21e0032e61f12381d56e367cc48544a',
         'blockHash':'0x51544da296ae473c26bfdc079ad798f27a0319bcc73b6b4e9a8057ae44875ec4','blockNumber':'0x1',
         'transactionIndex':'0x0','from':'0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266','gasPrice':'0x77359400',
         'blockTimestamp':'0x6b02bff3'}],'withdrawals':[]}
        """;

    private static readonly string OnAnvil =
        Development.Replace("BLOOM", "0x" + new string('0', 512), StringComparison.Ordinal);

    [Fact]
    public void A_header_of_Prague_hashes_to_its_hash()
    {
        Assert.True(HeaderHash.TryCompute(Of(Prague), out Word hash));
        Assert.Equal("0x6c4c6ea047f0ca4bcb0b0fbbcc2e50061d8dd24ba1ab8a22a6d3583a497c3c82", hash.ToString());
    }

    [Fact]
    public void A_development_nodes_block_hashes_to_its_hash()
    {
        Assert.True(HeaderHash.TryCompute(Of(OnAnvil), out Word hash));
        Assert.Equal("0x51544da296ae473c26bfdc079ad798f27a0319bcc73b6b4e9a8057ae44875ec4", hash.ToString());
        Transaction creation = Assert.Single(BlockDecoder.Decode(Of(OnAnvil), ChainId.Ethereum).Transactions);
        Assert.True(creation.To.IsNone);
    }

    [Theory]
    [InlineData("blockAccessListHash", $"'{Hash1}'")] // a fork to come
    [InlineData("mixHash", null)] // proof of authority has other fields in its place
    [InlineData("baseFeePerGas", null)] // later fields stand behind it
    [InlineData("parentBeaconBlockRoot", null)]
    public void A_header_of_another_kind_is_not_checked_rather_than_wrong(string field, string? value)
    {
        JsonElement header = With(OnAnvil, field, value);
        Assert.False(HeaderHash.TryCompute(header, out _));
        Assert.Equal(1UL, BlockDecoder.Decode(header, ChainId.Ethereum).Number);
    }

    [Fact]
    public void A_field_without_a_value_says_nothing() =>
        Assert.True(HeaderHash.TryCompute(With(OnAnvil, "blockAccessListHash", "null"), out _));

    [Theory]
    [InlineData("stateRoot", $"'{Hash1}'", "its header hashes to")]
    [InlineData("hash", $"'{Hash1}'", "its header hashes to")]
    [InlineData("requestsHash", null, "its header hashes to")]
    [InlineData("nonce", "'0x0'", "nonce is not 8 bytes")]
    [InlineData("logsBloom", "'0x00'", "logsBloom is not 256 bytes")]
    [InlineData("withdrawals", null, "has a withdrawalsRoot but no withdrawals")]
    [InlineData("transactions", "[]", "transactions are 0, which is not what the header's root says")]
    [InlineData("transactions", $"['{Hash1}']", "transactions are hashes only")]
    [InlineData("uncles", null, "uncles is missing")]
    [InlineData("hash", "null", "hash is missing")]
    [InlineData("number", "'0x'", "number is an empty quantity")]
    [InlineData("timestamp", "'0xffffffffffffffff'", "timestamp is no time in seconds")]
    public void A_block_that_contradicts_itself_is_refused(string field, string? value, string reason)
    {
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => BlockDecoder.Decode(Unchecked(field, value), ChainId.Ethereum));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_with_anothers_transaction_is_refused()
    {
        string moved = OnAnvil.Replace("'transactionIndex':'0x0'", "'transactionIndex':'0x1'", StringComparison.Ordinal);
        AnswerFormatException fault = Assert.Throws<AnswerFormatException>(
            () => BlockDecoder.Decode(Of(moved), ChainId.Ethereum));
        Assert.Contains("[0] is of another block, or another place in it", fault.Message, StringComparison.Ordinal);
    }

    // Withdrawals are credits in gwei (EIP-4895).
    [Fact]
    public void Withdrawals_are_turned_into_wei()
    {
        JsonElement block = With(
            OnAnvil, "withdrawals", $"[{{'index':'0x1','validatorIndex':'0x2','address':'{B}','amount':'0x355920'}}]");
        Withdrawal withdrawal = Assert.Single(BlockDecoder.Decode(block, ChainId.Ethereum).Withdrawals);
        Assert.Equal("3496224000000000", withdrawal.Amount.ToString());
    }

    // A change of what the hash covers would be found by the hash first, where the hash can be computed.
    private static JsonElement Unchecked(string field, string? value) =>
        field is "timestamp" or "number" ? With(With(OnAnvil, "mixHash", null).GetRawText(), field, value) : With(OnAnvil, field, value);
}
