import {
  ApiError,
  CheckoutPaymentIntent,
  Client,
  Environment,
  type OAuthToken,
  type Order,
  OrdersController,
  PaymentsController,
  TransactionSearchController,
} from '@paypal/paypal-server-sdk';
import type { AuthoriseRequest, Movement, PaymentGateway } from '../application/ports';
import type { Outcome } from '../domain/charging';
import type { Settled } from '../domain/settling';
import { fromPayPal, toPayPal } from './paypalMoney';
import { errorOf, issueOf, NoToken, outcomeOfError, outcomeOfOrder, TAKEN } from './paypalOutcome';

export interface PayPalOptions {
  clientId: string;
  clientSecret: string;
  /** PayPal itself unless given: 'http://payment-sandbox:12113'. */
  apiUrl?: string;
  /** Per request; 10 s unless told. */
  timeoutMs?: number;
}

const NAME = 'paypal';
export const PRODUCTION = 'https://api-m.paypal.com';
const TOKEN_MARGIN_SECONDS = 60;

/** PayPal's API, with a token that is renewed in time. */
export interface PayPal {
  orders: OrdersController;
  payments: PaymentsController;
  transactions: TransactionSearchController;
  /** A token that is good now. @throws NoToken */
  token(): Promise<string>;
  /** Runs `work` once there is a token. @throws NoToken, or what `work` throws */
  call<T>(work: () => Promise<T>): Promise<T>;
}

export const createPayPal = ({
  clientId,
  clientSecret,
  apiUrl,
  timeoutMs = 10_000,
}: PayPalOptions): PayPal => {
  let token: OAuthToken | undefined;
  let fetching: Promise<OAuthToken> | undefined;

  /** The library knows PayPal's two addresses only. */
  class ClientOfAddress extends Client {
    override getRequestBuilderFactory() {
      const factory = super.getRequestBuilderFactory();
      if (!apiUrl) return factory;
      return (...args: Parameters<typeof factory>) => {
        const builder = factory(...args);
        builder.interceptRequest((request) => ({
          ...request,
          url: request.url.replace(PRODUCTION, apiUrl),
        }));
        return builder;
      };
    }
  }

  const client = new ClientOfAddress({
    environment: Environment.Production,
    timeout: timeoutMs,
    // Retries are ours: they are counted, spread over time, and survive a restart.
    httpClientOptions: { timeout: timeoutMs, retryConfig: { maxNumberOfRetries: 0, retryOnTimeout: false } },
    clientCredentialsAuthCredentials: {
      ...{ oAuthClientId: clientId, oAuthClientSecret: clientSecret },
      // Fetched by us: once its own fetching fails, the library fails for ever.
      oAuthTokenProvider: async () => token as OAuthToken,
    },
  });

  const ensureToken = async (): Promise<OAuthToken> => {
    const soon = BigInt(Math.floor(Date.now() / 1000) + TOKEN_MARGIN_SECONDS);
    if (token && (token.expiry === undefined || token.expiry > soon)) return token;
    fetching ??= client.clientCredentialsAuthManager.fetchToken().finally(() => {
      fetching = undefined;
    });
    try {
      token = await fetching;
      return token;
    } catch (error) {
      throw new NoToken(error);
    }
  };

  return {
    orders: new OrdersController(client),
    payments: new PaymentsController(client),
    transactions: new TransactionSearchController(client),
    token: async () => (await ensureToken()).accessToken,
    async call(work) {
      await ensureToken();
      try {
        return await work();
      } catch (error) {
        if (error instanceof ApiError && error.statusCode === 401) token = undefined;
        throw error;
      }
    },
  };
};

export interface PayPalGatewayOptions {
  now?: () => number;
}

const HOUR_MS = 3600 * 1000;
const CLOCK_SKEW_MS = 300_000;
/** PayPal forgets the key of a new order after six hours; from then on the reports are looked through. */
const KEY_MS = 5.5 * HOUR_MS;
/** The reports lag behind by up to three hours. */
const REPORT_MS = 4 * HOUR_MS;
const WHOLE = 'return=representation';

/** One key per payment (or refund) and kind of operation, for all attempts: whatever gets through first is it. */
const keyOf = (id: string, operation: string) => `payment-${id}-${NAME}-${operation}`;
/** A vaulted card's id, or 'paypal:' and that of a vaulted PayPal account. */
const sourceOf = (paymentMethod: string) =>
  paymentMethod.startsWith('paypal:')
    ? { paypal: { vaultId: paymentMethod.slice('paypal:'.length) } }
    : { card: { vaultId: paymentMethod } };

export const createPayPalGateway = (
  { orders, payments, transactions, call }: PayPal,
  { now = Date.now }: PayPalGatewayOptions = {},
): PaymentGateway => {
  /** The one order of a payment. It holds nobody's money yet: making it, or being given it again, is harmless. */
  const orderOf = async ({ paymentId, orderId, amount }: AuthoriseRequest): Promise<Order> => {
    const purchaseUnits = [{ referenceId: orderId, customId: paymentId, amount: toPayPal(amount) }];
    const body = { intent: CheckoutPaymentIntent.Authorize, purchaseUnits };
    const request = { body, paypalRequestId: keyOf(paymentId, 'order'), prefer: WHOLE };
    return (await call(() => orders.createOrder(request))).result;
  };

  const stateOfOrder = async (id: string): Promise<Outcome> =>
    outcomeOfOrder((await call(() => orders.getOrder({ id }))).result);

  const stateOf = async (authorizationId: string): Promise<Outcome> => {
    const { result } = await call(() => payments.getAuthorizedPayment({ authorizationId }));
    const orderId = result.supplementaryData?.relatedIds?.orderId;
    return orderId ? stateOfOrder(orderId) : { kind: 'unknown', error: 'no order in the answer' };
  };

  const reported = (from: number, to: number, balanceAffectingRecordsOnly: 'Y' | 'N') =>
    reportOf({ transactions, call }, from, to, balanceAffectingRecordsOnly);

  const findInReports = async (paymentId: string, since: number, attemptedAt: number): Promise<Outcome> => {
    for await (const info of reported(since - CLOCK_SKEW_MS, now(), 'N')) {
      const { customField, transactionId, transactionEventCode } = info;
      if (customField !== paymentId || !transactionId) continue;
      // T13: authorisations, whose order knows the rest.
      if (transactionEventCode?.startsWith('T13')) return stateOf(transactionId);
    }
    return now() - attemptedAt < REPORT_MS
      ? { kind: 'unknown', error: 'not reported yet' }
      : { kind: 'not_charged' };
  };

  /** What a refused capture or void means depends on what has become of the money. */
  const settledAs = async (
    authorizationId: string,
    error: unknown,
    wanted: 'captured' | 'voided',
  ): Promise<Settled> => {
    if (!(error instanceof ApiError) || error.statusCode !== 422) return failed(error);
    try {
      const state = await stateOf(authorizationId);
      if (state.kind === 'captured') {
        return { kind: wanted === 'captured' ? 'done' : 'captured', id: state.transactionId };
      }
      if (state.kind === 'voided') {
        return wanted === 'voided'
          ? { kind: 'done', id: authorizationId }
          : { kind: 'refused', reason: 'authorisation_expired' };
      }
    } catch {
      // Said below what went wrong first.
    }
    const isFinal = issueOf(error)?.startsWith('AUTHORIZATION_') || outcomeOfError(error).kind === 'declined';
    return isFinal ? { kind: 'refused', reason: errorOf(error) } : failed(error);
  };

  return {
    name: NAME,
    async authorise(request) {
      const { paymentId, paymentMethod } = request;
      let id: string;
      try {
        const order = await orderOf(request);
        // All attempts share the order, so it may have been authorised before.
        const state = outcomeOfOrder(order);
        if (state.kind !== 'not_charged') return state;
        id = order.id ?? '';
      } catch (error) {
        const outcome = outcomeOfError(error);
        return outcome.kind === 'unknown' ? { kind: 'retriable', error: outcome.error } : outcome;
      }
      try {
        const body = { paymentSource: sourceOf(paymentMethod) };
        const paypalRequestId = keyOf(paymentId, 'authorise');
        const { result } = await call(() =>
          orders.authorizeOrder({ id, paypalRequestId, prefer: WHOLE, body }),
        );
        const outcome = outcomeOfOrder(result);
        return outcome.kind === 'not_charged' ? { kind: 'unknown', error: 'not authorised yet' } : outcome;
      } catch (error) {
        return outcomeOfError(error);
      }
    },

    async find({ since, attemptedAt, ...request }) {
      try {
        const began = Date.parse(since);
        if (now() - began > KEY_MS) {
          return await findInReports(request.paymentId, began, Date.parse(attemptedAt));
        }
        const { id } = await orderOf(request);
        return id ? await stateOfOrder(id) : { kind: 'unknown', error: 'no order in the answer' };
      } catch (error) {
        return { kind: 'unknown', error: errorOf(error) };
      }
    },

    async capture({ paymentId, transactionId: authorizationId, amount }) {
      try {
        const paypalRequestId = keyOf(paymentId, 'capture');
        const body = { amount: toPayPal(amount), finalCapture: true };
        const { result } = await call(() =>
          payments.captureAuthorizedPayment({ authorizationId, paypalRequestId, prefer: WHOLE, body }),
        );
        if (!result.id) return { kind: 'failed', error: 'no capture in the answer' };
        return result.status && TAKEN.has(result.status)
          ? { kind: 'done', id: result.id }
          : { kind: 'refused', reason: `capture ${result.status?.toLowerCase()}` };
      } catch (error) {
        return settledAs(authorizationId, error, 'captured');
      }
    },

    async void({ paymentId, transactionId: authorizationId }) {
      try {
        const paypalRequestId = keyOf(paymentId, 'void');
        await call(() => payments.voidPayment({ authorizationId, paypalRequestId }));
        return { kind: 'done', id: authorizationId };
      } catch (error) {
        return settledAs(authorizationId, error, 'voided');
      }
    },

    // Its key is good for 45 days, longer than anything is tried.
    async refund({ transactionId: captureId, refundId, amount }) {
      try {
        const paypalRequestId = keyOf(refundId, 'refund');
        const body = { amount: toPayPal(amount), customId: refundId };
        const { result } = await call(() =>
          payments.refundCapturedPayment({ captureId, paypalRequestId, prefer: WHOLE, body }),
        );
        if (!result.id) return { kind: 'failed', error: 'no refund in the answer' };
        const status = result.status?.toLowerCase();
        return status === 'failed' || status === 'cancelled'
          ? { kind: 'refused', reason: `refund ${status}` }
          : { kind: 'done', id: result.id };
      } catch (error) {
        if (!(error instanceof ApiError) || error.statusCode !== 422) return failed(error);
        const isDone = issueOf(error) === 'CAPTURE_FULLY_REFUNDED';
        return { kind: 'refused', reason: isDone ? 'already_refunded' : errorOf(error) };
      }
    },

    async movements(from, to) {
      const movements: Movement[] = [];
      for await (const info of reported(Date.parse(from), Date.parse(to) - 1000, 'Y')) {
        const { transactionId: id, transactionEventCode: code, transactionAmount, transactionStatus } = info;
        const { transactionInitiationDate: at = from } = info;
        if (!id || !code || !transactionAmount || transactionStatus === 'D') continue;
        // T00: payments, T11: what went back of them.
        const kind = code.startsWith('T00') ? 'capture' : code.startsWith('T11') ? 'refund' : undefined;
        if (kind) movements.push({ kind, id, amount: fromPayPal(transactionAmount), at });
      }
      return movements;
    },
  };
};

const failed = (error: unknown): Settled => ({ kind: 'failed', error: errorOf(error) });

async function* reportOf(
  { transactions, call }: Pick<PayPal, 'transactions' | 'call'>,
  from: number,
  to: number,
  balanceAffectingRecordsOnly: 'Y' | 'N',
) {
  const startDate = new Date(from).toISOString();
  const endDate = new Date(to).toISOString();
  const request = { startDate, endDate, fields: 'transaction_info', balanceAffectingRecordsOnly };
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const { result } = await call(() => transactions.searchTransactions({ ...request, pageSize: 500, page }));
    pages = result.totalPages ?? 1;
    for (const { transactionInfo } of result.transactionDetails ?? []) {
      if (transactionInfo) yield transactionInfo;
    }
  }
}
