import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '@platform/local/errors';

export interface Money {
  /** Minor units, e.g. cents. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

export interface Product {
  id: string;
  name: string;
  price: Money;
  available: number;
}

export interface Order {
  id: string;
  status: 'pending' | 'confirmed' | 'cancelled';
  cancellationReason?: string;
  total: Money;
  paymentId?: string;
  shipment?: { carrier: string; trackingNumber: string };
}

export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A shopper who knows nothing but the address of the shop: every call goes through the front door. */
export class Customer {
  protected token: string | undefined;
  readonly email = `customer-${randomUUID()}@example.com`;
  protected readonly password = randomUUID();

  constructor(readonly address: string) {}

  /** One HTTP call; a reply of any status is returned, not thrown. `headers` win over the defaults. */
  async call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const reply = await fetch(this.address + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await reply.text();
    const json = reply.headers.get('content-type')?.includes('json');
    return {
      status: reply.status,
      headers: reply.headers,
      body: (json && text ? JSON.parse(text) : text) as T,
    };
  }

  protected async expect<T>(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T> {
    const reply = await this.call<T>(method, path, body, headers);
    if (reply.status !== status) {
      throw new LocalError(
        `${method} ${path} answered ${reply.status}, not ${status}: ${JSON.stringify(reply.body).slice(0, 300)}`,
        {
          hint: `Look at the service's log: platform kubectl -- logs -n ecommerce-platform -l app=<service>`,
          retriable: reply.status >= 500,
        },
      );
    }
    return reply.body;
  }

  async register(): Promise<void> {
    await this.expect(201, 'POST', '/v1/users', {
      email: this.email,
      password: this.password,
      name: 'Ada Shopper',
    });
    await this.logIn();
  }

  async logIn(): Promise<void> {
    const session = await this.expect<{ accessToken: string }>(201, 'POST', '/v1/sessions', {
      email: this.email,
      password: this.password,
    });
    this.token = session.accessToken;
  }

  async products(query = ''): Promise<Product[]> {
    return (await this.expect<{ items: Product[] }>(200, 'GET', `/v1/products${query}`)).items;
  }

  product(id: string): Promise<Product> {
    return this.expect(200, 'GET', `/v1/products/${id}`);
  }

  /** Idempotent by `key`. The order is pending at first; `settled` waits for its end. */
  placeOrder(
    items: { productId: string; quantity: number }[],
    paymentMethod: string,
    key: string = randomUUID(),
  ): Promise<Order> {
    return this.expect(202, 'POST', '/v1/orders', { items, paymentMethod }, { 'idempotency-key': key });
  }

  order(id: string): Promise<Order> {
    return this.expect(200, 'GET', `/v1/orders/${id}`);
  }

  /** Waits until the order is confirmed or cancelled. */
  async settled(id: string, timeoutMs = 30_000): Promise<Order> {
    const until = Date.now() + timeoutMs;
    for (let pauseMs = 50; ; pauseMs = Math.min(1000, pauseMs * 1.5)) {
      const waiting = { prefer: 'wait=10' };
      const order = await this.expect<Order>(200, 'GET', `/v1/orders/${id}`, undefined, waiting);
      if (order.status !== 'pending') return order;
      if (Date.now() > until) {
        throw new LocalError(`Order ${id} is still pending after ${timeoutMs / 1000} s`, {
          hint: 'Look at the logs of order-service, inventory-service and payment-service.',
          retriable: true,
        });
      }
      await sleep(pauseMs);
    }
  }
}

/** Resolves when the shop answers through its front door. */
export const waitForShop = async (address: string, timeoutMs: number): Promise<void> => {
  const until = Date.now() + timeoutMs;
  const paths = [
    '/v1/products?limit=1',
    '/.well-known/jwks.json',
    '/docs/order/openapi.json',
    '/docs/payment/openapi.json',
  ];
  for (const path of paths) {
    for (let last = 'no answer'; ; await sleep(200)) {
      try {
        const reply = await fetch(address + path, { signal: AbortSignal.timeout(5_000) });
        await reply.arrayBuffer();
        if (reply.ok) break;
        last = `status ${reply.status}`;
      } catch (error) {
        last = String((error as Error).cause ?? error);
      }
      if (Date.now() > until) {
        throw new LocalError(`${address}${path} does not answer (${last})`, {
          hint: 'See what is not ready: platform cluster status, and platform kubectl -- get pods -A',
          retriable: true,
        });
      }
    }
  }
};
