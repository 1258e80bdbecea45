import { inPlatform } from './platform';

/** Runs a script beside the stand-in for a server of others, past everything that guards it. */
const beside = (app: string, script: string): Promise<string> =>
  inPlatform('exec', `deployment/${app}`, '-c', 'sandbox', '--', 'node', '-e', script);

/** What the stand-in says of itself. */
export const ofStandIn = async <T>(app: string, port: number, path: string): Promise<T> => {
  const script = `fetch('http://127.0.0.1:${port}${path}').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  return JSON.parse(await beside(app, script));
};

/** Has the stand-in's next answers go wrong. */
export const plan = async (app: string, port: number, fault: object): Promise<void> => {
  const request = `{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '${JSON.stringify(fault)}' }`;
  const script = `fetch('http://127.0.0.1:${port}/_sandbox/faults', ${request}).then((r) => process.exit(r.ok ? 0 : 1))`;
  await beside(app, script);
};

export interface Mail {
  to: string[];
  subject: string;
  messageId: string;
  text: string;
}

/** What was sent to that address. */
export const mailsTo = async (address: string): Promise<Mail[]> => {
  const path = `/messages?to=${encodeURIComponent(address)}`;
  return (await ofStandIn<{ messages: Mail[] }>('mail-sandbox', 12131, path)).messages;
};
