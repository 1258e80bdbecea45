import { z } from 'zod';
import { createApp, keepLast, type ReceivedHook } from './app';
import { createReceiver, type Mail } from './smtp';

const port = z.coerce.number().int().min(1).max(65_535);
const settings = z.object({
  SMTP_PORT: port.default(1025),
  PORT: port.default(12_131),
  /** How many mails and webhooks are kept, each. */
  STATE_LIMIT: z.coerce.number().int().min(10).default(5000),
});

const fail = (message: string, code: number): never => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const main = () => {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    return fail(`The mail sandbox cannot start with these variables:\n${lines.join('\n')}`, 2);
  }
  const { SMTP_PORT, PORT, STATE_LIMIT } = parsed.data;
  const mails = keepLast<Mail>(STATE_LIMIT);
  const receiver = createReceiver(mails.keep);
  receiver.on('error', (error) => fail(`Cannot listen on port ${SMTP_PORT}: ${error.message}`, 1));
  receiver.listen(SMTP_PORT);
  const server = createApp(mails, keepLast<ReceivedHook>(STATE_LIMIT)).listen(PORT, (error?: Error) => {
    if (error) fail(`Cannot listen on port ${PORT}: ${error.message}`, 1);
    const line = { time: new Date().toISOString(), level: 'info', msg: 'the mail sandbox listens' };
    process.stdout.write(`${JSON.stringify({ ...line, smtp: SMTP_PORT, http: PORT })}\n`);
  });
  // Longer than callers keep idle connections, or they would now and then reuse one we just closed.
  server.keepAliveTimeout = 65_000;
  const stop = () => {
    receiver.close();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 5000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

main();
