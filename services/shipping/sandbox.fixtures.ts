import { freePort, startProgram } from '@platform/libs/testing';
import type { CarrierSettings } from './config';

/** The stand-in for the carriers, which is a program of its own: it is started, never imported. */
export const startSandbox = async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // Parcels only move when they are moved.
  const settled = { PORT: String(port), STEP_SECONDS: '3600' };
  const program = await startProgram('local/sandbox/carriers/main.ts', [url], settled);
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
    stop: () => program.stop('SIGKILL'),
  };
};
