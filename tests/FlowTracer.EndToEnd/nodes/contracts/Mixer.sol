// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Takes one denomination and pays it out again to whoever asks, with a relayer's fee: a mixer without its proofs. The
/// events and the functions' shapes are those of Tornado Cash, so that its transactions look alike.
contract MixerPool {
    uint256 public denomination;
    uint32 public nextIndex;
    mapping(bytes32 => bool) public nullifierHashes;

    event Deposit(bytes32 indexed commitment, uint32 leafIndex, uint256 timestamp);
    event Withdrawal(address to, bytes32 nullifierHash, address indexed relayer, uint256 fee);

    constructor(uint256 denomination_) {
        denomination = denomination_;
    }

    function deposit(bytes32 commitment) external payable {
        require(msg.value == denomination, "denomination");
        emit Deposit(commitment, nextIndex, block.timestamp);
        nextIndex += 1;
    }

    function withdraw(
        bytes calldata,
        bytes32,
        bytes32 nullifierHash,
        address payable recipient,
        address payable relayer,
        uint256 fee,
        uint256 refund
    ) external payable {
        require(msg.value == refund, "refund");
        require(fee <= denomination, "fee");
        require(!nullifierHashes[nullifierHash], "spent");
        nullifierHashes[nullifierHash] = true;
        (bool done,) = recipient.call{value: denomination - fee}("");
        require(done, "recipient");
        if (fee > 0) {
            (done,) = relayer.call{value: fee}("");
            require(done, "relayer");
        }
        emit Withdrawal(recipient, nullifierHash, relayer, fee);
    }
}

/// Passes deposits and withdrawals on to a pool.
contract MixerRouter {
    event EncryptedNote(address indexed sender, bytes encryptedNote);

    function deposit(address tornado, bytes32 commitment, bytes calldata encryptedNote) external payable {
        MixerPool(tornado).deposit{value: msg.value}(commitment);
        emit EncryptedNote(msg.sender, encryptedNote);
    }

    function withdraw(
        address tornado,
        bytes calldata proof,
        bytes32 root,
        bytes32 nullifierHash,
        address payable recipient,
        address payable relayer,
        uint256 fee,
        uint256 refund
    ) external payable {
        MixerPool(tornado).withdraw{value: msg.value}(proof, root, nullifierHash, recipient, relayer, fee, refund);
    }
}
