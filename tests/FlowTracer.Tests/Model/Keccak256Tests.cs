using System.Security.Cryptography;
using System.Text;
using FlowTracer.Core.Model;

namespace FlowTracer.Tests.Model;

public sealed class Keccak256Tests
{
    // The empty hash and 'abc' are in the Keccak team's and Ethereum's test data; the event signatures are the first
    // topics of every ERC-20, Uniswap V2 and WETH log on the chain.
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("hello world", "47173285a8d7341e5e972fc677286384f802f8ef42a5ec5f03bbfa254cb01fad")]
    [InlineData(
        "Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")]
    [InlineData(
        "Approval(address,address,uint256)", "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925")]
    [InlineData(
        "Swap(address,uint256,uint256,uint256,uint256,address)",
        "d78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822")]
    [InlineData("Deposit(address,uint256)", "e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c")]
    [InlineData("Withdrawal(address,uint256)", "7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65")]
    public void Published_hashes(string text, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Keccak256.Hash(Encoding.ASCII.GetBytes(text))));

    // Byte i of a message of n bytes is (7i + n) mod 256. Computed with js-sha3 0.13.0's keccak256, and equal under
    // @noble/hashes 2.4.0's keccak_256. The rate is 136 bytes, so 135, 136, 137 and their doubles are where padding
    // turns.
    [Theory]
    [InlineData(1, "5fe7f977e71dba2ea1a68e21057beebb9be2ac30c6410aa38d4f3fbe41dcffd2")]
    [InlineData(8, "66d6ac686bbe637cb6cf3e4deb8a1bb6aec0163cbbbd2c22747069455e660457")]
    [InlineData(134, "8884d266ac61dea6a59234e679bb56fd1bf116a05634f2e8de1b7224302bc122")]
    [InlineData(135, "8ab570337c9a3a773c3605160ca58e3f0546d92d217c908669cc4f35a31933bc")]
    [InlineData(136, "16b30a6be318a7acbcba7a2194789f628abf68dfbbf55a4d840f22f6a4d29efd")]
    [InlineData(137, "6a7e8293441d51be41bf4994995b35981f90c07866c7fd0465f405e2b7a8f8dd")]
    [InlineData(271, "bb02bca6be57f42d131406260c6f1a81fd9922af8bd1c96d78f454b19ae10add")]
    [InlineData(272, "443464c0c3ac8036d14a6f8647fc93b592d514adefbe88683cbbda3b4b2c4553")]
    [InlineData(273, "73d5960773e36742ead7c872d84d535f35e75b9517ccb1023491276013f88890")]
    [InlineData(1000, "5cab097db1a529f5b1a15428cc494df950671bc3824340aad89941fa68e151bc")]
    public void Lengths_around_the_block_size(int length, string expected)
    {
        byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)(((7 * i) + length) & 0xFF))];
        byte[] digest = new byte[32];
        Keccak256.Hash(data, digest);
        Assert.Equal(expected, Convert.ToHexStringLower(digest));
    }

    [Fact]
    public void It_is_not_the_SHA3_of_FIPS_202()
    {
        // SHA3-256 of nothing, FIPS 202's own example value.
        const string standard = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
        Assert.NotEqual(standard, Convert.ToHexStringLower(Keccak256.Hash([])));
        if (SHA3_256.IsSupported)
        {
            Assert.Equal(standard, Convert.ToHexStringLower(SHA3_256.HashData([])));
        }
    }

    [Fact]
    public void Too_little_room_is_refused() =>
        Assert.Throws<ArgumentException>(() => Keccak256.Hash([], new byte[31]));
}
