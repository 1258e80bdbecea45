import { z } from 'zod';
import { createSandbox } from './app';
import { Store } from './store';

const settings = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(12_121),
  /** How long a parcel stays at each step of its way. */
  STEP_SECONDS: z.coerce.number().min(0.01).max(86_400).default(60),
  DATA_DIR: z.string().min(1).optional(),
  /** How many labels are kept. */
  STATE_LIMIT: z.coerce.number().int().min(10).default(20_000),
});

const log = (line: object) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);

const main = () => {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    process.stderr.write(`The carriers sandbox cannot start with these variables:\n${lines.join('\n')}\n`);
    process.exit(2);
  }
  const { PORT, STEP_SECONDS, DATA_DIR, STATE_LIMIT } = parsed.data;
  const { app, close } = createSandbox({
    store: new Store(STATE_LIMIT, DATA_DIR),
    stepMs: STEP_SECONDS * 1000,
  });
  const server = app.listen(PORT, (error?: Error) => {
    if (error) {
      process.stderr.write(`Cannot listen on port ${PORT}: ${error.message}\n`);
      process.exit(1);
    }
    log({ level: 'info', msg: 'the carriers sandbox listens', port: PORT });
  });
  // Longer than callers keep idle connections, or they would now and then reuse one we just closed.
  server.keepAliveTimeout = 65_000;
  const stop = () => {
    close();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 5000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

main();
