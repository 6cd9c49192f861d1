// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// An ordinary ERC-20 (EIP-20). Anybody may mint: it is a test's token. Balances are in slot 0 in every token here.
contract Token {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 public totalSupply;
    string public name;
    string public symbol;
    uint8 public decimals;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory symbol_, uint8 decimals_) {
        name = symbol_;
        symbol = symbol_;
        decimals = decimals_;
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    /// With a value of zero this needs no allowance: anybody can make a log that names a stranger as the sender.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        require(allowance[from][msg.sender] >= value, "allowance");
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
        return true;
    }

    function _move(address from, address to, uint256 value) internal virtual {
        require(balanceOf[from] >= value, "balance");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Keeps a part of what is sent. With `silent` its only log states the full value, though the recipient gets less.
contract FeeToken is Token {
    uint256 public immutable feeBps;
    address public immutable collector;
    bool public immutable silent;

    constructor(string memory symbol_, uint256 feeBps_, address collector_, bool silent_) Token(symbol_, 18) {
        feeBps = feeBps_;
        collector = collector_;
        silent = silent_;
    }

    function _move(address from, address to, uint256 value) internal override {
        require(balanceOf[from] >= value, "balance");
        uint256 fee = value * feeBps / 10000;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        balanceOf[collector] += fee;
        if (silent) {
            emit Transfer(from, to, value);
        } else {
            emit Transfer(from, to, value - fee);
            emit Transfer(from, collector, fee);
        }
    }
}

/// Its transfer and transferFrom answer nothing, as those of the first big stablecoin do.
contract NoReturnToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    string public symbol = "NRT";
    uint8 public decimals = 6;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        require(allowance[from][msg.sender] >= value, "allowance");
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        require(balanceOf[from] >= value, "balance");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Holds shares; a rebase changes every balance and logs nothing. Logs state values, not shares.
contract RebasingToken {
    mapping(address => uint256) public sharesOf;
    uint256 public perMille = 1000;
    string public symbol = "REB";
    uint8 public decimals = 18;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function balanceOf(address owner) external view returns (uint256) {
        return sharesOf[owner] * perMille / 1000;
    }

    function mint(address to, uint256 shares) external {
        sharesOf[to] += shares;
        emit Transfer(address(0), to, shares * perMille / 1000);
    }

    function rebase(uint256 newPerMille) external {
        perMille = newPerMille;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        uint256 shares = value * 1000 / perMille;
        require(sharesOf[msg.sender] >= shares, "balance");
        sharesOf[msg.sender] -= shares;
        sharesOf[to] += shares;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/// Its name and symbol are bytes32, as in tokens older than EIP-20's final text.
contract Bytes32Token {
    mapping(address => uint256) public balanceOf;
    bytes32 public name = "Bytes Token";
    bytes32 public symbol = "B32";
    uint256 public decimals = 18;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        require(balanceOf[msg.sender] >= value, "balance");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

/// Logs whatever it is told and holds nothing: the stuff of address poisoning.
contract LyingToken {
    string public symbol;
    uint8 public decimals = 18;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(string memory symbol_) {
        symbol = symbol_;
    }

    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }

    function pretend(address from, address to, uint256 value) external {
        emit Transfer(from, to, value);
    }
}

/// A token for code put at a real token's address: anybody moves anybody's balance, with the log the real one makes.
contract ReplayToken {
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 value);

    function symbol() external pure returns (string memory) {
        return "USDC";
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function move(address from, address to, uint256 value) external {
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        require(balanceOf[from] >= value, "balance");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Wrapped coin: wrapping logs Deposit, unwrapping Withdrawal, and neither logs a Transfer.
contract Weth {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    string public symbol = "WETH";
    uint8 public decimals = 18;

    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    function withdraw(uint256 wad) external {
        require(balanceOf[msg.sender] >= wad, "balance");
        balanceOf[msg.sender] -= wad;
        (bool done,) = payable(msg.sender).call{value: wad}("");
        require(done, "send");
        emit Withdrawal(msg.sender, wad);
    }

    function approve(address guy, uint256 wad) external returns (bool) {
        allowance[msg.sender][guy] = wad;
        emit Approval(msg.sender, guy, wad);
        return true;
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        return transferFrom(msg.sender, dst, wad);
    }

    function transferFrom(address src, address dst, uint256 wad) public returns (bool) {
        require(balanceOf[src] >= wad, "balance");
        if (src != msg.sender) {
            require(allowance[src][msg.sender] >= wad, "allowance");
            allowance[src][msg.sender] -= wad;
        }
        balanceOf[src] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(src, dst, wad);
        return true;
    }
}
