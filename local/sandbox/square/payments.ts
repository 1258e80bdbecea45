import { randomBytes } from 'node:crypto';
import { declined, invalid, noRefund, notFound, wrongState } from './errors';
import type { Money, Payment, Refund, SquareStore } from './store';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newId = () => [...randomBytes(25)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
const now = () => new Date().toISOString();
const LOCATION = 'LSANDBOX00001';

/** Told after a change is stored: the type of the event, the kind of thing, its id, and how it looks. */
export type Announce = (type: string, kind: 'payment' | 'refund', id: string, thing: object) => void;

/** How Square's sandbox cards end, by the tokens of its testing documentation. */
const CARDS: Record<string, 'ok' | string> = {
  'cnon:card-nonce-ok': 'ok',
  'cnon:card-nonce-declined': 'GENERIC_DECLINE',
  'cnon:card-nonce-rejected-cvv': 'CVV_FAILURE',
  'cnon:card-nonce-rejected-postalcode': 'ADDRESS_VERIFICATION_FAILURE',
  'cnon:card-nonce-rejected-expiration': 'INVALID_EXPIRATION',
  'cnon:card-nonce-already-used': 'CARD_TOKEN_USED',
};

type Body = Record<string, unknown>;

const amountOf = (given: unknown, field: string): Money => {
  const { amount, currency } = (given ?? {}) as Partial<Money>;
  if (typeof amount !== 'number' || !Number.isInteger(amount)) {
    throw invalid('EXPECTED_INTEGER', `${field}.amount`);
  }
  if (amount < 1) throw invalid('VALUE_TOO_LOW', `${field}.amount`);
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    throw invalid('INVALID_ENUM_VALUE', `${field}.currency`);
  }
  return { amount, currency };
};

const page = <T extends { created_at: string; updated_at: string }>(all: T[], query: Body) => {
  const timeOf = (thing: T) => (query.sort_field === 'UPDATED_AT' ? thing.updated_at : thing.created_at);
  const prefix = query.sort_field === 'UPDATED_AT' ? 'updated_at_' : '';
  const from = Date.parse(String(query[`${prefix}begin_time`] ?? 0));
  const to = Date.parse(String(query[`${prefix}end_time`] ?? '9999-01-01T00:00:00Z'));
  const fitting = all.filter((thing) => {
    const time = Date.parse(timeOf(thing));
    return time >= from && time < to;
  });
  const limit = Math.min(Number(query.limit ?? 100), 100);
  const start = Number(query.cursor ?? 0);
  const end = start + limit;
  return {
    found: fitting.slice(start, end),
    ...(end < fitting.length && { cursor: String(end) }),
  };
};

/** What Square does with card payments whose money is authorised first, as far as a shop can tell. */
export class Payments {
  constructor(
    private readonly store: SquareStore,
    private readonly announce: Announce,
  ) {}

  create(body: Body) {
    const amount_money = amountOf(body.amount_money, 'amount_money');
    const source = String(body.source_id ?? '');
    const ends = Object.hasOwn(CARDS, source) ? CARDS[source] : undefined;
    if (!ends) throw notFound('Card nonce not found', 'source_id');
    if (body.autocomplete !== false)
      throw invalid('INVALID_VALUE', 'autocomplete', 'The sandbox only holds.');
    const isOk = ends === 'ok';
    const payment: Payment = {
      ...{ id: newId(), object: 'payment', idempotency_key: String(body.idempotency_key) },
      ...{ status: isOk ? 'APPROVED' : 'FAILED', amount_money, refunded: 0, refund_ids: [] },
      location_id: String(body.location_id ?? LOCATION),
      ...(body.reference_id !== undefined && { reference_id: String(body.reference_id) }),
      ...(body.note !== undefined && { note: String(body.note) }),
      card_details: {
        status: isOk ? 'AUTHORIZED' : 'FAILED',
        card: { card_brand: 'VISA', last_4: '1111' },
        card_payment_timeline: isOk ? { authorized_at: now() } : {},
        ...(!isOk && { errors: [{ category: 'PAYMENT_METHOD_ERROR', code: ends }] }),
      },
      ...{ created_at: now(), updated_at: now() },
    };
    this.save(payment, 'payment.created');
    if (!isOk) throw declined(ends, this.render(payment));
    return { payment: this.render(payment) };
  }

  get(id: string) {
    return { payment: this.render(this.find(id)) };
  }

  list(query: Body) {
    const { found, cursor } = page(this.store.all<Payment>('payment'), query);
    return { payments: found.map((payment) => this.render(payment)), ...(cursor && { cursor }) };
  }

  complete(id: string) {
    const payment = this.find(id);
    if (payment.status !== 'APPROVED') throw wrongState(id, payment.status);
    const { card_details } = payment;
    const after: Payment = {
      ...{ ...payment, status: 'COMPLETED', updated_at: now() },
      card_details: {
        ...{ ...card_details, status: 'CAPTURED' },
        card_payment_timeline: { ...card_details.card_payment_timeline, captured_at: now() },
      },
    };
    this.save(after, 'payment.updated');
    return { payment: this.render(after) };
  }

  cancel(id: string) {
    const payment = this.find(id);
    if (payment.status !== 'APPROVED') throw wrongState(id, payment.status);
    const { card_details } = payment;
    const after: Payment = {
      ...{ ...payment, status: 'CANCELED', updated_at: now() },
      card_details: {
        ...{ ...card_details, status: 'VOIDED' },
        card_payment_timeline: { ...card_details.card_payment_timeline, voided_at: now() },
      },
    };
    this.save(after, 'payment.updated');
    return { payment: this.render(after) };
  }

  refund(body: Body) {
    const payment = this.find(String(body.payment_id ?? ''));
    if (payment.status !== 'COMPLETED') {
      throw noRefund('REFUND_ERROR_PAYMENT_NEEDS_COMPLETION', 'The payment is not completed.');
    }
    const amount_money = amountOf(body.amount_money, 'amount_money');
    const left = payment.amount_money.amount - payment.refunded;
    if (amount_money.amount > left) {
      throw noRefund('REFUND_AMOUNT_INVALID', 'The requested refund amount exceeds what is left.');
    }
    const refund: Refund = {
      ...{ id: `${payment.id}_${newId()}`, object: 'refund', status: 'PENDING', amount_money },
      ...{ payment_id: payment.id, location_id: payment.location_id },
      ...(body.reason !== undefined && { reason: String(body.reason) }),
      ...{ created_at: now(), updated_at: now() },
    };
    this.store.save(refund);
    this.announce('refund.created', 'refund', refund.id, this.renderRefund(refund));
    const done: Refund = { ...refund, status: 'COMPLETED', updated_at: now() };
    this.store.save(done);
    this.announce('refund.updated', 'refund', refund.id, this.renderRefund(done));
    const refunded = payment.refunded + amount_money.amount;
    const refund_ids = [...payment.refund_ids, refund.id];
    this.save({ ...payment, refunded, refund_ids, updated_at: now() }, 'payment.updated');
    return { refund: this.renderRefund(refund) };
  }

  getRefund(id: string) {
    const refund = this.store.get<Refund>('refund', id);
    if (!refund) throw notFound('Could not find refund');
    return { refund: this.renderRefund(refund) };
  }

  listRefunds(query: Body) {
    const { found, cursor } = page(this.store.all<Refund>('refund'), query);
    return { refunds: found.map((refund) => this.renderRefund(refund)), ...(cursor && { cursor }) };
  }

  private find(id: string): Payment {
    const payment = this.store.get<Payment>('payment', id);
    if (!payment) throw notFound('Could not find payment');
    return payment;
  }

  private save(payment: Payment, event: string) {
    this.store.save(payment);
    this.announce(event, 'payment', payment.id, this.render(payment));
  }

  private render({ object: _, idempotency_key, refunded, refund_ids, ...payment }: Payment) {
    const { amount_money: total_money } = payment;
    return {
      ...{ ...payment, total_money, source_type: 'CARD' },
      ...(payment.status !== 'FAILED' && { approved_money: total_money }),
      ...{ delay_action: 'CANCEL', delay_duration: 'PT168H' },
      delayed_until: new Date(Date.parse(payment.created_at) + 168 * 3_600_000).toISOString(),
      version_token: idempotency_key.slice(0, 8) + payment.updated_at,
      ...(refund_ids.length > 0 && {
        refund_ids,
        refunded_money: { ...total_money, amount: refunded },
      }),
    };
  }

  private renderRefund({ object: _, ...refund }: Refund) {
    return refund;
  }
}
