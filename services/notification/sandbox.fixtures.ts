import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });

export interface SandboxMail {
  from: string;
  to: string[];
  subject: string;
  messageId: string;
  text: string;
}

/** The stand-in for mail server and staff's webhook, which is a program of its own: it is started, never imported. */
export const createSandbox = async () => {
  const [smtp, http] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  let program: ReturnType<typeof spawn> | undefined;
  const read = async <T>(path: string): Promise<T> => (await fetch(`${url}${path}`)).json() as Promise<T>;
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp}`,
    webhookUrl: `${url}/webhook`,
    async start() {
      let output = '';
      const started = spawn(process.execPath, ['--import', 'tsx', join(root, 'local/sandbox/mail/main.ts')], {
        cwd: root,
        env: { ...process.env, PORT: String(http), SMTP_PORT: String(smtp) },
      });
      program = started;
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (chunk) => {
          output += chunk;
        });
      }
      for (let tries = 0; ; tries++) {
        const up = await fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (up) return;
        if (started.exitCode !== null || tries > 400) throw new Error(`the sandbox did not start: ${output}`);
        await new Promise((done) => setTimeout(done, 100));
      }
    },
    /** What it was sent goes with it. */
    stop: () => program?.kill('SIGKILL'),
    mails: async (to: string) => (await read<{ messages: SandboxMail[] }>(`/messages?to=${to}`)).messages,
    webhooks: async () =>
      (await read<{ webhooks: { headers: Record<string, string>; body: string }[] }>('/webhooks')).webhooks,
  };
};
