// Serverless loads plugins with `require`; while tsx is registered, that works for TypeScript sources, too.
const unregister = require('tsx/cjs/api').register();
module.exports = require('./plugin.ts').default;
unregister();
