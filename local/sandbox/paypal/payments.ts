import { randomBytes } from 'node:crypto';
import { invalid, notFound, refused } from './errors';
import type { Authorization, Capture, Money, Order, PayPalStore, Refund } from './store';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
export const newId = () => [...randomBytes(17)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');
const inDays = (days: number) =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');

/** Told after a change is stored: the type of the event, the kind of thing, and how it looks. */
export type Announce = (type: string, resourceType: string, resource: object) => void;

/** How vaulted payment methods end, by their ids. PayPal has no such ids of its own. */
const VAULT: Record<string, 'ok' | 'denied' | 'declined'> = {
  vault_card_ok: 'ok',
  vault_card_declined: 'denied',
  vault_paypal_ok: 'ok',
  vault_paypal_declined: 'declined',
};

const cents = ({ value }: Money) => Math.round(Number(value) * 100);
const amountOf = (given: unknown, field: string): Money => {
  const { currency_code: currency, value } = (given ?? {}) as Partial<Money>;
  if (typeof currency !== 'string' || typeof value !== 'string' || !/^\d{1,15}(\.\d{1,2})?$/.test(value)) {
    throw invalid('INVALID_PARAMETER_SYNTAX', field);
  }
  if (Number(value) <= 0) throw refused('CANNOT_BE_ZERO_OR_NEGATIVE', 'Must be greater than zero.');
  return { currency_code: currency, value };
};

/** As part of its order, a thing does not say what it belongs to. */
const partOf = <T extends { supplementary_data: object }>({ supplementary_data: _, ...thing }: T) => thing;

type Body = Record<string, unknown>;

/** What PayPal does with orders whose money is authorised first, as far as a shop can tell. */
export class Payments {
  constructor(
    private readonly store: PayPalStore,
    private readonly announce: Announce,
  ) {}

  create(body: Body) {
    const [unit] = (body.purchase_units ?? []) as Body[];
    if (body.intent !== 'AUTHORIZE' || !unit) throw invalid('INVALID_PARAMETER_VALUE', '/intent');
    const order: Order = {
      ...{ id: newId(), object: 'order', status: 'CREATED', create_time: now(), update_time: now() },
      amount: amountOf(unit.amount, '/purchase_units/0/amount'),
      reference_id: String(unit.reference_id ?? 'default'),
      ...(unit.custom_id !== undefined && { custom_id: String(unit.custom_id) }),
      ...(unit.invoice_id !== undefined && { invoice_id: String(unit.invoice_id) }),
    };
    this.store.save(order);
    return this.renderOrder(order);
  }

  order(id: string) {
    return this.renderOrder(this.find<Order>('order', id));
  }

  authorize(id: string, body: Body) {
    const order = this.find<Order>('order', id);
    if (order.status === 'COMPLETED') throw refused('ORDER_ALREADY_AUTHORIZED', 'Order already authorized.');
    const source = (body.payment_source ?? {}) as { card?: Body; paypal?: Body };
    const vaultId = String((source.card ?? source.paypal)?.vault_id ?? '');
    if (!vaultId) throw refused('ORDER_NOT_APPROVED', 'Payer has not yet approved the Order for payment.');
    const ends = Object.hasOwn(VAULT, vaultId) ? VAULT[vaultId] : undefined;
    if (!ends) throw refused('TOKEN_ID_NOT_FOUND', 'Specified token was not found.');
    if (ends === 'declined') throw refused('INSTRUMENT_DECLINED', 'The instrument presented was declined.');
    const authorization: Authorization = {
      ...{ id: newId(), object: 'authorization', order_id: id, amount: order.amount },
      ...(order.custom_id !== undefined && { custom_id: order.custom_id }),
      status: ends === 'ok' ? 'CREATED' : 'DENIED',
      ...{ create_time: now(), update_time: now(), expiration_time: inDays(29) },
    };
    const after: Order = { ...order, status: ends === 'ok' ? 'COMPLETED' : 'CREATED', update_time: now() };
    this.store.save(authorization, after);
    if (ends === 'ok') this.tell('PAYMENT.AUTHORIZATION.CREATED', authorization);
    return this.renderOrder(after);
  }

  authorization(id: string) {
    return this.renderAuthorization(this.find<Authorization>('authorization', id));
  }

  capture(id: string, body: Body) {
    const authorization = this.find<Authorization>('authorization', id);
    if (authorization.status === 'CAPTURED') throw refused('AUTHORIZATION_ALREADY_CAPTURED');
    if (authorization.status !== 'CREATED') throw refused(`AUTHORIZATION_${authorization.status}`);
    const amount = body.amount === undefined ? authorization.amount : amountOf(body.amount, '/amount');
    if (cents(amount) > cents(authorization.amount)) throw refused('MAX_CAPTURE_AMOUNT_EXCEEDED');
    const { order_id, custom_id } = authorization;
    const capture: Capture = {
      ...{ id: newId(), object: 'capture', order_id, authorization_id: id, amount, status: 'COMPLETED' },
      ...(custom_id !== undefined && { custom_id }),
      ...{ create_time: now(), update_time: now() },
    };
    this.store.save({ ...authorization, status: 'CAPTURED', update_time: now() }, capture);
    this.announce('PAYMENT.CAPTURE.COMPLETED', 'capture', this.renderCapture(capture));
    return this.renderCapture(capture);
  }

  void(id: string): void {
    const authorization = this.find<Authorization>('authorization', id);
    if (authorization.status === 'CAPTURED') throw refused('PREVIOUSLY_CAPTURED');
    if (authorization.status === 'VOIDED') throw refused('PREVIOUSLY_VOIDED');
    const after: Authorization = { ...authorization, status: 'VOIDED', update_time: now() };
    this.store.save(after);
    this.tell('PAYMENT.AUTHORIZATION.VOIDED', after);
  }

  captured(id: string) {
    return this.renderCapture(this.find<Capture>('capture', id));
  }

  refund(id: string, body: Body) {
    const capture = this.find<Capture>('capture', id);
    const refunds = this.store.all<Refund>('refund').filter((refund) => refund.capture_id === id);
    const left = cents(capture.amount) - refunds.reduce((sum, { amount }) => sum + cents(amount), 0);
    if (left === 0) throw refused('CAPTURE_FULLY_REFUNDED', 'The capture has already been fully refunded.');
    const rest = { ...capture.amount, value: (left / 100).toFixed(2) };
    const amount = body.amount === undefined ? rest : amountOf(body.amount, '/amount');
    if (amount.currency_code !== capture.amount.currency_code) throw refused('CURRENCY_MISMATCH');
    if (cents(amount) > left) throw refused('REFUND_AMOUNT_EXCEEDED');
    const refund: Refund = {
      ...{ id: newId(), object: 'refund', capture_id: id, amount, status: 'COMPLETED' },
      ...(body.custom_id !== undefined && { custom_id: String(body.custom_id) }),
      ...(body.note_to_payer !== undefined && { note_to_payer: String(body.note_to_payer) }),
      ...{ create_time: now(), update_time: now() },
    };
    const status = cents(amount) === left ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
    this.store.save(refund, { ...capture, status, update_time: now() });
    this.announce('PAYMENT.CAPTURE.REFUNDED', 'refund', this.renderRefund(refund));
    return this.renderRefund(refund);
  }

  /** The reporting API; unlike PayPal's it knows everything at once. */
  transactions(query: Record<string, unknown>) {
    const from = Date.parse(String(query.start_date));
    const to = Date.parse(String(query.end_date));
    if (!(to - from <= 31 * 86_400_000)) throw invalid('INVALID_PARAMETER_VALUE', '/end_date');
    const info = (code: string, thing: Authorization | Capture | Refund, sign = '') => ({
      transaction_info: {
        ...{ transaction_id: thing.id, transaction_event_code: code, transaction_status: 'S' },
        transaction_initiation_date: thing.create_time,
        transaction_updated_date: thing.update_time,
        transaction_amount: { ...thing.amount, value: `${sign}${thing.amount.value}` },
        ...(thing.custom_id !== undefined && { custom_field: thing.custom_id }),
      },
    });
    const all = [
      ...(query.balance_affecting_records_only === 'N'
        ? this.store.all<Authorization>('authorization').map((thing) => info('T1300', thing))
        : []),
      ...this.store.all<Capture>('capture').map((thing) => info('T0006', thing)),
      ...this.store.all<Refund>('refund').map((thing) => info('T1107', thing, '-')),
    ].filter(({ transaction_info: { transaction_initiation_date: at } }) => {
      const time = Date.parse(at);
      return time >= from && time <= to;
    });
    const size = Number(query.page_size ?? 100);
    const page = Number(query.page ?? 1);
    return {
      transaction_details: all.slice((page - 1) * size, page * size),
      ...{ start_date: query.start_date, end_date: query.end_date, last_refreshed_datetime: now() },
      ...{ page, total_items: all.length, total_pages: Math.max(1, Math.ceil(all.length / size)), links: [] },
    };
  }

  private find<T extends Order | Authorization | Capture | Refund>(kind: T['object'], id: string): T {
    const found = this.store.get<T>(kind, id);
    if (!found) throw notFound();
    return found;
  }

  private tell(type: string, authorization: Authorization) {
    this.announce(type, 'authorization', this.renderAuthorization(authorization));
  }

  private renderOrder(order: Order) {
    const authorizations = this.store
      .all<Authorization>('authorization')
      .filter(({ order_id }) => order_id === order.id)
      .map((authorization) => partOf(this.renderAuthorization(authorization)));
    const captures = this.store
      .all<Capture>('capture')
      .filter(({ order_id }) => order_id === order.id)
      .map((capture) => partOf(this.renderCapture(capture)));
    const { id, status, create_time, update_time, amount, reference_id, custom_id, invoice_id } = order;
    return {
      ...{ id, intent: 'AUTHORIZE', status, create_time, update_time },
      purchase_units: [
        {
          ...{ reference_id, amount },
          ...(custom_id !== undefined && { custom_id }),
          ...(invoice_id !== undefined && { invoice_id }),
          ...(authorizations.length > 0 && { payments: { authorizations, captures } }),
        },
      ],
      links: [],
    };
  }

  private renderAuthorization({ object: _, order_id, ...authorization }: Authorization) {
    return {
      ...authorization,
      seller_protection: { status: 'NOT_ELIGIBLE' },
      ...(authorization.status === 'DENIED' && { processor_response: { response_code: '5100' } }),
      supplementary_data: { related_ids: { order_id } },
      links: [],
    };
  }

  private renderCapture({ object: _, order_id, authorization_id, ...capture }: Capture) {
    return {
      ...{ ...capture, final_capture: true, seller_protection: { status: 'NOT_ELIGIBLE' } },
      supplementary_data: { related_ids: { order_id, authorization_id } },
      links: [],
    };
  }

  private renderRefund({ object: _, capture_id, ...refund }: Refund) {
    return { ...refund, links: [{ href: `/v2/payments/captures/${capture_id}`, rel: 'up', method: 'GET' }] };
  }
}
