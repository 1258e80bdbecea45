import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authenticate } from '@platform/libs/http';
import { createKafka } from '@platform/libs/messaging';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { createOrderPort } from './gateways/orders';
import { createProductSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());

const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' }] };

/** An access token as the user service makes them. */
export const tokenOf = (sub: string, scope = 'cart:read cart:write orders:write'): string => {
  const claims = { iss: 'ecommerce-platform', aud: 'ecommerce-platform', sub, scope };
  const exp = Math.floor(Date.now() / 1000) + 300;
  const text = `${encode({ alg: 'ES256', kid: 'test', typ: 'JWT' })}.${encode({ ...claims, exp })}`;
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
};

interface Ordered {
  id: string;
  customer: string;
  key: string;
  text: string;
  body: {
    items: { productId: string; quantity: number }[];
    expectedTotal: { amount: number; currency: string };
    paymentMethod: string;
  };
}

/** The product, the order and the user service, as far as a cart meets them. They keep their promises; the way to them does not. */
export class Neighbours {
  readonly products = new Map<string, { amount: number; currency: string; available: number }>();
  productsAway = false;
  /** What happens to the next orders, one after the other; as it should be when there is none. */
  readonly fates: (
    | { before: 'lost' | 'away' | 'full' }
    | { after: 'lost' | (() => unknown) }
    | { slow: Promise<unknown> }
  )[] = [];
  readonly orders: Ordered[] = [];
  /** Called while an order is looked at, before it is priced. */
  onOrder: () => unknown = () => undefined;
  private server!: Server;
  baseUrl = '';

  async start(): Promise<void> {
    this.server = createServer(async (incoming, response) => {
      const [status, body] = await this.answer(incoming).catch(() => [0, {}] as const);
      if (status === 0) return void incoming.socket.destroy();
      response.statusCode = status;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  reset(): void {
    this.productsAway = false;
    this.fates.length = 0;
    this.orders.length = 0;
    this.onOrder = () => undefined;
    this.products.clear();
    this.sell('prd-00001', 1999);
    this.sell('prd-00002', 500, 10);
    this.sell('prd-dollar', 700, 1000, 'USD');
  }

  sell(id: string, amount: number, available = 1000, currency = 'EUR'): void {
    this.products.set(id, { amount, currency, available });
  }

  private async answer(incoming: IncomingMessage): Promise<[number, unknown]> {
    if (incoming.url === '/.well-known/jwks.json') return [200, jwks];
    if (incoming.method === 'POST' && incoming.url === '/v1/orders') return this.order(incoming);
    const id = decodeURIComponent(incoming.url?.split('/').at(-1) ?? '');
    const found = this.products.get(id);
    if (this.productsAway) return [503, {}];
    if (!found) return [404, {}];
    const { available, ...price } = found;
    return [200, { id, name: 'A thing', price, available }];
  }

  private async order(incoming: IncomingMessage): Promise<[number, unknown]> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const fate = this.fates.shift();
    if (fate && 'slow' in fate) await fate.slow;
    const before = fate && 'before' in fate ? fate.before : undefined;
    if (before === 'lost') return [0, {}];
    if (before === 'away') return [503, {}];
    await this.onOrder();
    const answer = this.place(incoming, text, before === 'full');
    const after = fate && 'after' in fate ? fate.after : undefined;
    if (after === 'lost') return [0, {}];
    if (after) await after();
    return answer;
  }

  private place(incoming: IncomingMessage, text: string, full: boolean): [number, unknown] {
    const { sub: customer, scope } = decode(incoming.headers.authorization?.split('.')[1]);
    const key = String(incoming.headers['idempotency-key']);
    const no = (status: number, code: string): [number, unknown] => [
      status,
      { type: `urn:ecommerce-platform:problem:${code}`, status, detail: `No: ${code}.`, retriable: false },
    ];
    if (!scope.includes('orders:write')) return no(403, 'insufficient-scope');
    const body: Ordered['body'] = JSON.parse(text);
    if (!body.paymentMethod.startsWith('pm_')) return no(400, 'invalid-request');
    const earlier = this.orders.find((one) => one.customer === customer && one.key === key);
    if (earlier && earlier.text !== text) return no(422, 'idempotency-key-reused');
    if (!earlier) {
      if (full) return no(422, 'unknown-product');
      const amount = body.items.reduce(
        (sum, { productId, quantity }) => sum + quantity * (this.products.get(productId)?.amount ?? 0),
        0,
      );
      if (amount !== body.expectedTotal.amount) return no(409, 'total-changed');
      this.orders.push({ id: randomUUID(), customer, key, text, body });
    }
    const { id } = earlier ?? (this.orders.at(-1) as Ordered);
    return [202, { id, status: 'pending', items: body.items, total: body.expectedTotal }];
  }
}

export const UNDER_WAY_MS = 60_000;

/** The service over a real database, without a broker, and with a clock that is moved by hand. */
export const startCheckouts = async (neighbours: Neighbours) => {
  const [postgres] = await Promise.all([startPostgres(), neighbours.start()]);
  const pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  const logger = createLogger('cart-test', { level: 'silent' });
  const { baseUrl } = neighbours;
  const clientOf = (name: string) =>
    createHttpClient({ name, baseUrl, timeoutMs: 1000, attempts: 1, breakAfter: 1000 });
  let now = Date.parse('2030-01-01T00:00:00.000Z');
  const { app } = createService({
    ...{ pool, logger, version: 'v1', ttlMs: 86_400_000, underWayMs: UNDER_WAY_MS },
    kafka: createKafka({ brokers: ['127.0.0.1:9'], clientId: 'cart-test', logger }),
    authenticator: authenticate({ jwksUrl: `${baseUrl}/.well-known/jwks.json` }),
    products: createProductSource(clientOf('product')),
    orders: createOrderPort(clientOf('order')),
    clock: { now: () => new Date(now).toISOString() },
  });
  return {
    app,
    pool,
    wait(ms: number) {
      now += ms;
    },
    async stop() {
      neighbours.stop();
      await pool.end();
      await postgres.stop();
    },
  };
};
export type Checkouts = Awaited<ReturnType<typeof startCheckouts>>;
