// The stand-ins of all payment gateways in one process, one port each.
import { createServer } from 'node:http';
import type { Express } from 'express';
import { z } from 'zod';
import { createSandbox as createPayPal, createSigning } from './paypal/app';
import { PayPalStore } from './paypal/store';
import { createSandbox as createSquare, squareSigner } from './square/app';
import { SquareStore } from './square/store';
import { createSandbox as createStripe, stripeSigner } from './stripe/app';
import { createShapeCheck } from './stripe/shapes';
import { StripeStore } from './stripe/store';
import { type Signer, Webhooks } from './webhooks';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const secret = z.string().min(1);

const settings = z.object({
  STRIPE_PORT: port(12_111),
  PAYPAL_PORT: port(12_113),
  SQUARE_PORT: port(12_114),
  STRIPE_API_KEY: secret,
  STRIPE_WEBHOOK_SECRET: secret,
  STRIPE_MOCK_URL: z.url({ protocol: /^https?$/ }).optional(),
  PAYPAL_CLIENT_ID: secret,
  PAYPAL_CLIENT_SECRET: secret,
  PAYPAL_WEBHOOK_ID: secret,
  SQUARE_ACCESS_TOKEN: secret,
  SQUARE_WEBHOOK_SIGNATURE_KEY: secret,
  /** Webhooks go to `<this>/stripe`, `/paypal` and `/square`; to nobody without it. */
  WEBHOOKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATA_DIR: z.string().min(1).optional(),
  /** How many things of each kind are kept. */
  STATE_LIMIT: z.coerce.number().int().min(10).default(20_000),
});

const log = (line: object) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);

const main = () => {
  const parsed = settings.safeParse(process.env);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    process.stderr.write(`The payment sandbox cannot start with these variables:\n${lines.join('\n')}\n`);
    process.exit(2);
  }
  const config = parsed.data;
  const kept = { limit: config.STATE_LIMIT, folder: config.DATA_DIR };
  const closing: (() => void)[] = [];
  const addressOf = (gateway: string) => config.WEBHOOKS_URL && `${config.WEBHOOKS_URL}/${gateway}`;
  const webhooksOf = (gateway: string, sign: Signer) => {
    const webhooks = new Webhooks({
      ...{ url: addressOf(gateway), sign },
      log: (line) => log({ level: 'warn', msg: 'webhook not delivered', gateway, ...line }),
    });
    closing.push(() => webhooks.close());
    return webhooks;
  };
  const listen = (gateway: string, at: number, { app, close }: { app: Express; close(): void }) => {
    const server = createServer(app).listen(at);
    server.once('listening', () => log({ level: 'info', msg: 'the sandbox listens', gateway, port: at }));
    server.once('error', (error) => {
      process.stderr.write(`Cannot listen on port ${at}: ${error.message}\n`);
      process.exit(1);
    });
    closing.push(() => {
      close();
      server.close();
      server.closeIdleConnections();
    });
  };

  listen(
    'stripe',
    config.STRIPE_PORT,
    createStripe({
      store: new StripeStore(kept),
      webhooks: webhooksOf('stripe', stripeSigner(config.STRIPE_WEBHOOK_SECRET)),
      apiKey: config.STRIPE_API_KEY,
      checkShape: createShapeCheck(config.STRIPE_MOCK_URL),
    }),
  );
  const signing = createSigning(config.PAYPAL_WEBHOOK_ID);
  listen(
    'paypal',
    config.PAYPAL_PORT,
    createPayPal({
      ...{ store: new PayPalStore(kept), webhooks: webhooksOf('paypal', signing.signer), signing },
      ...{ clientId: config.PAYPAL_CLIENT_ID, clientSecret: config.PAYPAL_CLIENT_SECRET },
    }),
  );
  const squareKey = config.SQUARE_WEBHOOK_SIGNATURE_KEY;
  listen(
    'square',
    config.SQUARE_PORT,
    createSquare({
      store: new SquareStore(kept),
      webhooks: webhooksOf('square', squareSigner(squareKey, addressOf('square') ?? '')),
      accessToken: config.SQUARE_ACCESS_TOKEN,
    }),
  );

  const stop = () => {
    for (const close of closing) close();
    setTimeout(() => process.exit(0), 5000).unref();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
};

main();
