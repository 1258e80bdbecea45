// Loaded before Pulumi's runners, which then start in half the time. What it leaves out is what this engine never asks of them:
// serialising functions (the compiler and the package tree it needs), tracing, and debug messages that the engine throws away.
const Module = require('node:module');
const { sep } = require('node:path');
require('v8-compile-cache');
const { quickenStructs } = require('./struct.cjs');

const spared = {
  [`@pulumi${sep}pulumi${sep}index.js`]: ['./automation'],
  [`closure${sep}parseFunction.js`]: ['../../typescript-shim'],
  [`closure${sep}codePaths.js`]: ['@npmcli/arborist'],
  [`run${sep}tracing.js`]: [
    'sdk-trace-node',
    'sdk-trace-base',
    'exporter-zipkin',
    'instrumentation-grpc',
    'instrumentation',
    'resources',
  ].map((name) => `@opentelemetry/${name}`),
};
const isSpared = (request, file) =>
  file?.includes(`${sep}@pulumi${sep}`) &&
  Object.entries(spared).some(([end, requests]) => file.endsWith(end) && requests.includes(request));

/** A module that is loaded when something of it is first used. */
const lazy = (load) => {
  let loaded;
  return new Proxy(
    {},
    {
      get: (_, key) => {
        if (key === '__esModule') return true;
        loaded ??= load();
        return loaded[key];
      },
    },
  );
};

const original = Module._load;
Module._load = function (request, parent, isMain) {
  const load = () => original.call(this, request, parent, isMain);
  if (isSpared(request, parent?.filename)) return lazy(load);
  const loaded = load();
  if (/google.protobuf.struct_pb(\.js)?$/.test(request)) quickenStructs(loaded);
  if (request.endsWith('engine_grpc_pb')) once(loaded, withoutDebugMessages);
  if (request.endsWith('debuggable') && !process.env.PULUMI_DEBUG_PROMISE_LEAKS)
    once(loaded, withoutStackTraces);
  if (request.endsWith('/resource') && loaded.Resource?.callsites) once(loaded, withoutPositions);
  return loaded;
};

const changed = new WeakSet();
const once = (module, change) => {
  if (!changed.has(module)) change(module);
  changed.add(module);
};

const debug = 0;
const withoutDebugMessages = ({ EngineClient }) => {
  const { log } = EngineClient.prototype;
  EngineClient.prototype.log = function (request, done, ...rest) {
    return request.getSeverity() === debug ? done(null) : log.call(this, request, done, ...rest);
  };
};

// The SDK takes a stack trace for every promise it watches, to tell which one leaked.
const withoutStackTraces = (module) => {
  const { debuggablePromise } = module;
  module.debuggablePromise = (...given) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...given);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
};

// Where in the program a resource is made is not asked for by this engine: it names resources.
const withoutPositions = ({ Resource }) => {
  Resource.callsites = () => [];
};
