// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "./Exchange.sol";

/// Pays on what it is given to recipients the caller names.
contract Splitter {
    function split(address payable[] calldata to, uint256[] calldata amounts) external payable {
        for (uint256 i = 0; i < to.length; i++) {
            (bool done,) = to[i].call{value: amounts[i]}("");
            require(done, "send");
        }
    }
}

/// Pays on all it is given to a recipient that only its storage names.
contract StoredSplitter {
    address payable public recipient;

    constructor(address payable recipient_) {
        recipient = recipient_;
    }

    receive() external payable {
        (bool done,) = recipient.call{value: msg.value}("");
        require(done, "send");
    }
}

/// Pays a stranger and then undoes it.
contract Reverter {
    function payAndRevert(address payable to) external payable {
        (bool done,) = to.call{value: msg.value}("");
        require(done, "send");
        revert("undone");
    }
}

/// Calls with value, lives with the revert, and sends the value elsewhere.
contract Catcher {
    function attempt(address reverter, address payable lost, address payable fallbackTo) external payable {
        try Reverter(reverter).payAndRevert{value: msg.value}(lost) {
            revert("should have reverted");
        } catch {
            (bool done,) = fallbackTo.call{value: msg.value}("");
            require(done, "send");
        }
    }
}


/// Runs another contract's code as its own: the delegatecall shows the value but moves none, the call in it does.
contract Delegator {
    function pay(address code, address payable to) external payable {
        (bool done,) = code.delegatecall(abi.encodeCall(DelegatedCode.pay, (to, msg.value)));
        require(done, "delegatecall");
    }
}

contract DelegatedCode {
    function pay(address payable to, uint256 amount) external payable {
        (bool done,) = to.call{value: amount}("");
        require(done, "send");
    }
}

/// Leaves all it holds to somebody. Since EIP-6780 (Cancun) its code stays, its coins go all the same.
contract Bomb {
    receive() external payable {}

    function die(address payable heir) external {
        selfdestruct(heir);
    }
}

/// Withdrawals come out by an internal call, for an operator who is somebody else; the recipient is in the calldata.
contract Bridge {
    event Withdrew(uint256 indexed id, address to, uint256 amount);

    receive() external payable {}

    function withdraw(uint256 id, address payable to, uint256 amount) external {
        (bool done,) = to.call{value: amount}("");
        require(done, "send");
        emit Withdrew(id, to, amount);
    }
}

/// Sends a token, or coins, to many at once.
contract Airdrop {
    function dropToken(address token, address[] calldata to, uint256 each) external {
        for (uint256 i = 0; i < to.length; i++) {
            IToken(token).transferFrom(msg.sender, to[i], each);
        }
    }

    function dropCoins(address payable[] calldata to, uint256 each) external payable {
        for (uint256 i = 0; i < to.length; i++) {
            (bool done,) = to[i].call{value: each}("");
            require(done, "send");
        }
    }
}

/// Does what anybody tells it: code for any address whose internal transfers a test wants to make.
contract Puppet {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    receive() external payable {}

    function run(Call[] calldata calls) external payable {
        for (uint256 i = 0; i < calls.length; i++) {
            (bool done,) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            require(done, "call");
        }
    }
}

/// Dies in favour of itself: before EIP-6780 its coins are burned, since then it keeps them.
contract SelfHeir {
    receive() external payable {}

    function die() external {
        selfdestruct(payable(address(this)));
    }
}

/// Creates vaults that it endows with what it is given, at addresses that nobody names beforehand.
contract VaultFactory {
    function create() external payable {
        new Vault{value: msg.value}();
    }

    function create2(bytes32 salt) external payable {
        new Vault{value: msg.value, salt: salt}();
    }
}

/// Keeps what it is created with until somebody sends it on.
contract Vault {
    constructor() payable {}

    function send(address payable to, uint256 amount) external {
        (bool done,) = to.call{value: amount}("");
        require(done, "send");
    }
}
