import { freePort, startProgram } from '@platform/libs/testing';

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
  let program: Awaited<ReturnType<typeof startProgram>> | undefined;
  const read = async <T>(path: string): Promise<T> => (await fetch(`${url}${path}`)).json() as Promise<T>;
  return {
    smtpUrl: `smtp://127.0.0.1:${smtp}`,
    webhookUrl: `${url}/webhook`,
    async start() {
      const ports = { PORT: String(http), SMTP_PORT: String(smtp) };
      program = await startProgram('local/sandbox/mail/main.ts', [url], ports);
    },
    /** What it was sent goes with it. */
    stop: () => program?.stop('SIGKILL'),
    mails: async (to: string) => (await read<{ messages: SandboxMail[] }>(`/messages?to=${to}`)).messages,
    webhooks: async () =>
      (await read<{ webhooks: { headers: Record<string, string>; body: string }[] }>('/webhooks')).webhooks,
  };
};
