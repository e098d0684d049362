// The framework takes local plugins from inside a service only.
module.exports = require('../../emulator/plugin/index.cjs');
