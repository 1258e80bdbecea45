import { inPlatform } from './platform';

/** What the stand-in for a server of others says of itself, past everything that guards it. */
export const ofStandIn = async <T>(app: string, port: number, path: string): Promise<T> => {
  const script = `fetch('http://127.0.0.1:${port}${path}').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  return JSON.parse(
    await inPlatform('exec', `deployment/${app}`, '-c', 'sandbox', '--', 'node', '-e', script),
  );
};

/** Has the stand-in's next answers go wrong. */
export const plan = async (app: string, port: number, fault: object): Promise<void> => {
  const request = `{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '${JSON.stringify(fault)}' }`;
  const script = `fetch('http://127.0.0.1:${port}/_sandbox/faults', ${request}).then((r) => process.exit(r.ok ? 0 : 1))`;
  await inPlatform('exec', `deployment/${app}`, '-c', 'sandbox', '--', 'node', '-e', script);
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
