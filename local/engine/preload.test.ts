import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { preload } from './program';

// Each loads the SDK in a process of its own.
jest.setTimeout(60_000);

/** Runs a few lines with Pulumi's SDK as a program of the engine would. */
const run = async (lines: string) =>
  (await promisify(execFile)(process.execPath, [...preload, '-e', lines], { cwd: __dirname })).stdout.trim();

describe('the preload', () => {
  it('leaves the compiler and the package tree aside until a function is serialised', async () => {
    const printed = await run(`
      const loaded = () => Object.keys(require.cache).some((file) => /node_modules.(typescript|@npmcli.arborist)./.test(file));
      const { runtime } = require('@pulumi/pulumi');
      const before = loaded();
      const two = 2;
      runtime.serializeFunction(() => two + 1).then(({ text }) => console.log(before, loaded(), text.includes('two + 1')));
    `);
    expect(printed).toBe('false true true');
  });

  it('keeps debug messages to itself and passes on all others', async () => {
    const printed = await run(`
      require('@pulumi/pulumi');
      const { EngineClient } = require('@pulumi/pulumi/proto/engine_grpc_pb');
      const { LogRequest, LogSeverity } = require('@pulumi/pulumi/proto/engine_pb');
      const { credentials } = require('@grpc/grpc-js');
      const client = new EngineClient('127.0.0.1:1', credentials.createInsecure());
      const send = (severity) => new Promise((answer) => client.log(new LogRequest().setSeverity(severity), answer));
      Promise.all([send(LogSeverity.DEBUG), send(LogSeverity.INFO)]).then(([debug, info]) => console.log(debug, info.code));
    `);
    expect(printed).toBe('null 14');
  });
});
