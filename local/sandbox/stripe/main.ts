import { z } from 'zod';
import { createSandbox } from './app';
import { createShapeCheck } from './shapes';
import { Store } from './store';
import { Webhooks } from './webhooks';

const settings = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(12_111),
  STRIPE_API_KEY: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
  STRIPE_SANDBOX_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).optional(),
  STRIPE_MOCK_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATA_DIR: z.string().min(1).optional(),
  /** How many objects of each kind are kept. */
  STATE_LIMIT: z.coerce.number().int().min(10).default(20_000),
});

const log = (line: object) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);

const main = () => {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    process.stderr.write(`The Stripe sandbox cannot start with these variables:\n${lines.join('\n')}\n`);
    process.exit(2);
  }
  const config = parsed.data;
  if (config.STRIPE_SANDBOX_WEBHOOK_URL && !config.STRIPE_WEBHOOK_SECRET) {
    process.stderr.write('STRIPE_SANDBOX_WEBHOOK_URL needs STRIPE_WEBHOOK_SECRET to sign with\n');
    process.exit(2);
  }
  const webhooks = new Webhooks({
    url: config.STRIPE_SANDBOX_WEBHOOK_URL,
    secret: config.STRIPE_WEBHOOK_SECRET ?? '',
    log: (line) => log({ level: 'warn', msg: 'webhook not delivered', ...line }),
  });
  const { app, close } = createSandbox({
    store: new Store(config.STATE_LIMIT, config.DATA_DIR),
    webhooks,
    apiKey: config.STRIPE_API_KEY,
    checkShape: createShapeCheck(config.STRIPE_MOCK_URL),
  });
  const server = app.listen(config.PORT, (error?: Error) => {
    if (error) {
      process.stderr.write(`Cannot listen on port ${config.PORT}: ${error.message}\n`);
      process.exit(1);
    }
    log({ level: 'info', msg: 'the Stripe sandbox listens', port: config.PORT });
  });
  const stop = () => {
    webhooks.close();
    close();
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 5000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

main();
