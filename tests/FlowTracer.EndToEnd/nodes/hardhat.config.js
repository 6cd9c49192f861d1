// The second client: no trace_*, no ots_*. Nothing is compiled here, so no compiler is ever downloaded.
'use strict';

module.exports = {
  solidity: { compilers: [] },
  networks: {
    hardhat: {
      chainId: 1,
      hardfork: 'cancun',
      initialBaseFeePerGas: 0,
      gasPrice: 0,
      blockGasLimit: 30000000,
      initialDate: '2020-09-13T12:26:40Z',
      allowBlocksWithSameTimestamp: false,
      mining: { auto: false, interval: 0, mempool: { order: 'fifo' } },
      loggingEnabled: false,
      throwOnTransactionFailures: false,
      throwOnCallFailures: false,
      accounts: { count: 1, accountsBalance: '1000000000000000000000000000' },
    },
  },
};
