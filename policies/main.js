// The engine requires this folder after it has registered a type-checking TypeScript loader (seconds per start). sucrase only
// strips types and is registered last, so it wins; `tsc --noEmit` checks the types as a step of its own.
require('v8-compile-cache');
require('sucrase/register/ts');
module.exports = require('./index.ts');
