// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IToken {
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function approve(address spender, uint256 value) external returns (bool);
}

interface IWeth is IToken {
    function deposit() external payable;
    function withdraw(uint256 wad) external;
}

/// Two tokens at a constant product, 0.3 % kept, with the events of the best known pools.
contract Pool {
    address public immutable token0;
    address public immutable token1;
    uint256 public reserve0;
    uint256 public reserve1;

    event Sync(uint112 reserve0, uint112 reserve1);
    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    /// Takes what was sent here as the reserves.
    function sync() external {
        _update();
    }

    function amountOut(address tokenIn, uint256 amountIn) public view returns (uint256) {
        (uint256 have, uint256 want) = tokenIn == token0 ? (reserve0, reserve1) : (reserve1, reserve0);
        return amountIn * 997 * want / (have * 1000 + amountIn * 997);
    }

    function amountIn(address tokenOut, uint256 out) public view returns (uint256) {
        (uint256 have, uint256 want) = tokenOut == token1 ? (reserve0, reserve1) : (reserve1, reserve0);
        return have * out * 1000 / ((want - out) * 997) + 1;
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to) external {
        if (amount0Out > 0) IToken(token0).transfer(to, amount0Out);
        if (amount1Out > 0) IToken(token1).transfer(to, amount1Out);
        uint256 balance0 = IToken(token0).balanceOf(address(this));
        uint256 balance1 = IToken(token1).balanceOf(address(this));
        uint256 in0 = balance0 + amount0Out > reserve0 ? balance0 + amount0Out - reserve0 : 0;
        uint256 in1 = balance1 + amount1Out > reserve1 ? balance1 + amount1Out - reserve1 : 0;
        uint256 after0 = balance0 * 1000 - in0 * 3;
        uint256 after1 = balance1 * 1000 - in1 * 3;
        require(after0 * after1 >= reserve0 * reserve1 * 1000000, "K");
        _update();
        emit Swap(msg.sender, in0, in1, amount0Out, amount1Out, to);
    }

    function _update() private {
        reserve0 = IToken(token0).balanceOf(address(this));
        reserve1 = IToken(token1).balanceOf(address(this));
        emit Sync(uint112(reserve0), uint112(reserve1));
    }
}

/// Swaps along a list of pools; wraps ETH that comes in, unwraps what goes out as ETH, gives surplus ETH back.
contract Router {
    IWeth public immutable weth;

    constructor(address weth_) {
        weth = IWeth(weth_);
    }

    receive() external payable {
        require(msg.sender == address(weth), "only unwrapping");
    }

    function swapTokensForTokens(address tokenIn, uint256 amountIn, address[] calldata pools, address to) external {
        IToken(tokenIn).transferFrom(msg.sender, pools[0], amountIn);
        _swap(tokenIn, amountIn, pools, to);
    }

    function swapETHForTokens(address[] calldata pools, address to) external payable {
        weth.deposit{value: msg.value}();
        weth.transfer(pools[0], msg.value);
        _swap(address(weth), msg.value, pools, to);
    }

    function swapTokensForETH(address tokenIn, uint256 amountIn, address[] calldata pools, address payable to) external {
        IToken(tokenIn).transferFrom(msg.sender, pools[0], amountIn);
        uint256 out = _swap(tokenIn, amountIn, pools, address(this));
        weth.withdraw(out);
        (bool done,) = to.call{value: out}("");
        require(done, "send");
    }

    /// Takes only what `amountOut` of the token costs and sends the rest of the ETH back to the sender.
    function swapETHForExactTokens(address pool, address tokenOut, uint256 amountOut, address to) external payable {
        uint256 cost = Pool(pool).amountIn(tokenOut, amountOut);
        weth.deposit{value: cost}();
        weth.transfer(pool, cost);
        bool first = Pool(pool).token0() == tokenOut;
        Pool(pool).swap(first ? amountOut : 0, first ? 0 : amountOut, to);
        (bool done,) = payable(msg.sender).call{value: msg.value - cost}("");
        require(done, "refund");
    }

    function _swap(address tokenIn, uint256 amountIn, address[] calldata pools, address to)
        private
        returns (uint256 amount)
    {
        amount = amountIn;
        for (uint256 i = 0; i < pools.length; i++) {
            Pool pool = Pool(pools[i]);
            bool first = pool.token0() == tokenIn;
            amount = pool.amountOut(tokenIn, amount);
            pool.swap(first ? 0 : amount, first ? amount : 0, i + 1 < pools.length ? pools[i + 1] : to);
            tokenIn = first ? pool.token1() : pool.token0();
        }
    }
}

/// Stands between a user and a router: takes the token itself, swaps it, and hands the proceeds on.
contract Aggregator {
    Router public immutable router;

    constructor(address payable router_) {
        router = Router(router_);
    }

    receive() external payable {}

    function swapForETH(address tokenIn, uint256 amountIn, address[] calldata pools, address payable to) external {
        IToken(tokenIn).transferFrom(msg.sender, address(this), amountIn);
        IToken(tokenIn).approve(address(router), amountIn);
        router.swapTokensForETH(tokenIn, amountIn, pools, payable(address(this)));
        (bool done,) = to.call{value: address(this).balance}("");
        require(done, "send");
    }
}

interface IBorrower {
    function onLoan(uint256 coins, address token, uint256 tokens) external;
}

/// Lends coins or tokens for the length of one call.
contract FlashLender {
    receive() external payable {}

    function lend(address payable borrower, uint256 coins, address token, uint256 tokens) external {
        uint256 coinsBefore = address(this).balance;
        uint256 tokensBefore = token == address(0) ? 0 : IToken(token).balanceOf(address(this));
        if (coins > 0) {
            (bool done,) = borrower.call{value: coins}("");
            require(done, "send");
        }
        if (tokens > 0) IToken(token).transfer(borrower, tokens);
        IBorrower(borrower).onLoan(coins, token, tokens);
        require(address(this).balance == coinsBefore, "coins not back");
        require(token == address(0) || IToken(token).balanceOf(address(this)) == tokensBefore, "tokens not back");
    }
}

/// Borrows and gives all of it back; pays out what it holds besides.
contract FlashBorrower is IBorrower {
    receive() external payable {}

    function pay(address payable to, uint256 amount) external {
        (bool done,) = to.call{value: amount}("");
        require(done, "send");
    }

    function onLoan(uint256 coins, address token, uint256 tokens) external {
        if (coins > 0) {
            (bool done,) = payable(msg.sender).call{value: coins}("");
            require(done, "back");
        }
        if (tokens > 0) IToken(token).transfer(msg.sender, tokens);
    }
}
