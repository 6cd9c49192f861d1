// Compiles contracts/*.sol with the pinned compiler, offline: node compile.js OUTPUT. The output maps a contract's name to
// its creation code, its runtime code and its functions' selectors.
'use strict';
const fs = require('fs');
const path = require('path');
const solc = require('solc');

const folder = path.join(__dirname, 'contracts');
const sources = {};
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.sol')).sort()) {
  sources[file] = { content: fs.readFileSync(path.join(folder, file), 'utf8') };
}

const input = {
  language: 'Solidity',
  sources,
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: 'cancun',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: {
      '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.methodIdentifiers', 'abi'] },
    },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors || []).filter((error) => error.severity === 'error');
if (errors.length > 0) {
  process.stderr.write(errors.map((error) => error.formattedMessage).join('\n'));
  process.exit(1);
}

// A constructor's parameter types, as in a selector's text.
const typeOf = (input) =>
  input.type.startsWith('tuple') ? `(${input.components.map(typeOf).join(',')})${input.type.slice(5)}` : input.type;
const contracts = {};
for (const file of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(file)) {
    const constructor = contract.abi.find((entry) => entry.type === 'constructor');
    contracts[name] = {
      creation: '0x' + contract.evm.bytecode.object,
      runtime: '0x' + contract.evm.deployedBytecode.object,
      constructor: `constructor(${constructor ? constructor.inputs.map(typeOf).join(',') : ''})`,
      functions: contract.evm.methodIdentifiers,
    };
  }
}
fs.writeFileSync(process.argv[2], JSON.stringify(contracts));
