import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { CarrierSettings } from './config';

const root = resolve(__dirname, '../..');

export const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });

/** The stand-in for the carriers, which is a program of its own: it is started, never imported. */
export const startSandbox = async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = '';
  const program = spawn(process.execPath, ['--import', 'tsx', join(root, 'local/sandbox/carriers/main.ts')], {
    cwd: root,
    // Parcels only move when they are moved.
    env: { ...process.env, PORT: String(port), STEP_SECONDS: '3600' },
  });
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  for (let tries = 0; ; tries++) {
    const up = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) break;
    if (program.exitCode !== null || tries > 400) throw new Error(`the sandbox did not start: ${output}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  const settings: CarrierSettings = {
    ...{ FEDEX_CLIENT_ID: 'id', FEDEX_CLIENT_SECRET: 'secret', FEDEX_ACCOUNT_NUMBER: '740561073' },
    ...{ UPS_CLIENT_ID: 'id', UPS_CLIENT_SECRET: 'secret', UPS_ACCOUNT_NUMBER: 'A1B2C3' },
    ...{ DHL_USERNAME: 'name', DHL_PASSWORD: 'secret', DHL_ACCOUNT_NUMBER: '123456789' },
    ...{ USPS_CLIENT_ID: 'id', USPS_CLIENT_SECRET: 'secret', USPS_CRID: '12345678' },
    ...{ USPS_MID: '901234567', USPS_ACCOUNT_NUMBER: '1000000000' },
    ...{ FEDEX_API_URL: url, UPS_API_URL: url, DHL_API_URL: url, USPS_API_URL: url },
  };
  // biome-ignore lint/suspicious/noExplicitAny: the sandbox's own controls
  const control = async (path: string, body?: object): Promise<any> => {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${url}/_sandbox/${path}`, init);
    if (!answer.ok) throw new Error(`the sandbox refused ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    settings,
    control,
    /** What a carrier sold and did not take back. */
    async labels(carrier: string): Promise<{ id: string; reference: string }[]> {
      const all: { id: string; reference: string; carrier: string; voided: boolean }[] = (
        await control('labels')
      ).labels;
      return all.filter((label) => label.carrier === carrier && !label.voided);
    },
    fault: (carrier: string, kind: string, more: object = {}) =>
      control('faults', { carrier, kind, ...more }),
    stop: () => program.kill('SIGKILL'),
  };
};
