import { randomBytes } from 'node:crypto';
import { type Card, cards } from './cards';
import { invalid, notFound, StripeError } from './errors';
import { type Form, mapOf, textOf } from './form';
import type { BalanceTransaction, Charge, PaymentIntent, Refund, StripeStore } from './store';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newId = (prefix: string) =>
  `${prefix}_3${[...randomBytes(23)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
const now = () => Math.floor(Date.now() / 1000);

/** Told after a change is stored: the type of the event and the object as it is now. */
export type Announce = (type: string, object: PaymentIntent | Charge | Refund) => void;

const amountOf = (form: Form, name: string, fallback?: number): number => {
  const text = textOf(form, name);
  if (text === undefined && fallback !== undefined) return fallback;
  if (text === undefined) {
    throw invalid(`Missing required param: ${name}.`, { param: name, code: 'parameter_missing' });
  }
  if (!/^\d+$/.test(text))
    throw invalid(`Invalid integer: ${text}`, { param: name, code: 'parameter_invalid_integer' });
  const amount = Number(text);
  if (amount < 1)
    throw invalid('This value must be greater than or equal to 1.', {
      param: name,
      code: 'parameter_invalid_integer',
    });
  if (amount > 99_999_999)
    throw invalid('Amount must be no more than 999,999.99', { param: name, code: 'amount_too_large' });
  return amount;
};

const wrongState = (intent: PaymentIntent, verb: string) =>
  new StripeError(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message: `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`,
    payment_intent: intent,
  });

/** What Stripe does with PaymentIntents and Refunds, as far as a shop that charges cards can tell. */
export class Payments {
  constructor(
    private readonly store: StripeStore,
    private readonly announce: Announce,
  ) {}

  intent(id: string): PaymentIntent {
    const found = this.store.get<PaymentIntent>('payment_intent', id);
    if (!found) throw notFound('payment_intent', id, 'intent');
    return found;
  }

  create(form: Form): PaymentIntent {
    const amount = amountOf(form, 'amount');
    const currency = textOf(form, 'currency')?.toLowerCase();
    if (!currency)
      throw invalid('Missing required param: currency.', { param: 'currency', code: 'parameter_missing' });
    if (!/^[a-z]{3}$/.test(currency)) throw invalid(`Invalid currency: ${currency}.`, { param: 'currency' });
    const method = textOf(form, 'payment_method');
    if (method !== undefined) this.card(method);
    const capture = textOf(form, 'capture_method') ?? 'automatic_async';
    if (!['automatic', 'automatic_async', 'manual'].includes(capture)) {
      throw invalid(`Invalid capture_method: ${capture}`, { param: 'capture_method' });
    }
    const id = newId('pi');
    const intent: PaymentIntent = {
      id,
      object: 'payment_intent',
      amount,
      amount_capturable: 0,
      amount_received: 0,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: capture as PaymentIntent['capture_method'],
      client_secret: `${id}_secret_${randomBytes(12).toString('hex')}`,
      confirmation_method: 'automatic',
      created: now(),
      currency,
      customer: textOf(form, 'customer') ?? null,
      description: textOf(form, 'description') ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      metadata: mapOf(form, 'metadata') ?? {},
      next_action: null,
      payment_method: method ?? null,
      payment_method_types: ['card'],
      status: method ? 'requires_confirmation' : 'requires_payment_method',
    };
    this.store.save(intent);
    this.announce('payment_intent.created', intent);
    return textOf(form, 'confirm') === 'true' ? this.confirm(id, form) : intent;
  }

  private card(method: string): Card {
    const card = Object.hasOwn(cards, method) ? cards[method] : undefined;
    if (!card) throw notFound('PaymentMethod', method, 'payment_method', 400);
    return card;
  }

  confirm(id: string, form: Form): PaymentIntent {
    const before = this.intent(id);
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(before.status)) {
      throw wrongState(before, 'confirm');
    }
    const method = textOf(form, 'payment_method') ?? before.payment_method;
    if (!method) {
      throw invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", {
        code: 'payment_intent_unexpected_state',
      });
    }
    const card = this.card(method);
    if (card.challenge) return this.challenge({ ...before, payment_method: method }, form);
    return card.refused
      ? this.refuse({ ...before, payment_method: method }, card)
      : this.charge({ ...before, payment_method: method }, card);
  }

  private challenge(intent: PaymentIntent, form: Form): PaymentIntent {
    if (textOf(form, 'error_on_requires_action') === 'true') {
      const refused = { code: 'authentication_required', decline: 'authentication_required' };
      return this.refuse(intent, {
        ...cards[intent.payment_method!]!,
        refused: { ...refused, message: 'This payment required an authentication action to complete.' },
      });
    }
    const waiting: PaymentIntent = {
      ...intent,
      status: 'requires_action',
      next_action: { type: 'use_stripe_sdk', use_stripe_sdk: {} },
    };
    this.store.save(waiting);
    this.announce('payment_intent.requires_action', waiting);
    return waiting;
  }

  private newCharge(intent: PaymentIntent, card: Card): Charge {
    const captured = !card.refused && intent.capture_method !== 'manual';
    return {
      id: newId('ch'),
      object: 'charge',
      amount: intent.amount,
      amount_captured: captured ? intent.amount : 0,
      amount_refunded: 0,
      captured,
      created: now(),
      currency: intent.currency,
      failure_code: card.refused?.code ?? null,
      failure_message: card.refused?.message ?? null,
      livemode: false,
      metadata: intent.metadata,
      outcome: card.refused
        ? {
            network_status: 'declined_by_network',
            reason: card.refused.decline ?? card.refused.code,
            type: 'issuer_declined',
          }
        : { network_status: 'approved_by_network', reason: null, type: 'authorized' },
      paid: !card.refused,
      payment_intent: intent.id,
      payment_method: intent.payment_method!,
      payment_method_details: { type: 'card', card: { brand: card.brand, last4: card.last4 } },
      refunded: false,
      status: card.refused ? 'failed' : 'succeeded',
    };
  }

  private refuse(before: PaymentIntent, card: Card): never {
    const charge = this.newCharge(before, card);
    const { code, decline, message } = card.refused!;
    const error = {
      type: 'card_error' as const,
      code,
      ...(decline && { decline_code: decline }),
      message,
      charge: charge.id,
    };
    const intent: PaymentIntent = {
      ...before,
      status: 'requires_payment_method',
      payment_method: null,
      latest_charge: charge.id,
      last_payment_error: error,
    };
    this.store.save(intent, charge);
    this.announce('charge.failed', charge);
    this.announce('payment_intent.payment_failed', intent);
    throw new StripeError(402, { ...error, payment_intent: intent });
  }

  private charge(before: PaymentIntent, card: Card): PaymentIntent {
    const charge = this.newCharge(before, card);
    const held = before.capture_method === 'manual';
    const intent: PaymentIntent = {
      ...before,
      status: held ? 'requires_capture' : 'succeeded',
      amount_capturable: held ? before.amount : 0,
      amount_received: held ? 0 : before.amount,
      latest_charge: charge.id,
      last_payment_error: null,
      next_action: null,
    };
    this.store.save(intent, charge);
    if (!held) this.book(charge, charge.amount_captured);
    if (held) this.announce('payment_intent.amount_capturable_updated', intent);
    else {
      this.announce('charge.succeeded', charge);
      this.announce('payment_intent.succeeded', intent);
    }
    return intent;
  }

  capture(id: string, form: Form): PaymentIntent {
    const before = this.intent(id);
    if (before.status !== 'requires_capture') throw wrongState(before, 'capture');
    const amount = amountOf(form, 'amount_to_capture', before.amount);
    if (amount > before.amount_capturable) {
      throw invalid('The amount to capture is greater than the amount that can be captured.', {
        param: 'amount_to_capture',
        code: 'amount_too_large',
      });
    }
    const intent: PaymentIntent = {
      ...before,
      status: 'succeeded',
      amount_capturable: 0,
      amount_received: amount,
    };
    const charge = {
      ...this.store.get<Charge>('charge', before.latest_charge!)!,
      captured: true,
      amount_captured: amount,
    };
    this.store.save(intent, charge);
    this.book(charge, amount);
    this.announce('charge.captured', charge);
    this.announce('payment_intent.succeeded', intent);
    return intent;
  }

  cancel(id: string, form: Form): PaymentIntent {
    const before = this.intent(id);
    if (before.status === 'succeeded' || before.status === 'canceled') throw wrongState(before, 'cancel');
    const intent: PaymentIntent = {
      ...before,
      status: 'canceled',
      amount_capturable: 0,
      canceled_at: now(),
      cancellation_reason: textOf(form, 'cancellation_reason') ?? null,
    };
    this.store.save(intent);
    this.announce('payment_intent.canceled', intent);
    return intent;
  }

  refund(form: Form): Refund {
    const intentId = textOf(form, 'payment_intent');
    const chargeId = textOf(form, 'charge') ?? (intentId ? this.intent(intentId).latest_charge : null);
    if (!intentId && !chargeId) {
      throw invalid(
        'One of the following params should be provided for this request: payment_intent or charge.',
      );
    }
    const charge = chargeId ? this.store.get<Charge>('charge', chargeId) : undefined;
    if (!charge)
      throw chargeId
        ? notFound('charge', chargeId, 'charge')
        : invalid('This PaymentIntent has no successful charge.');
    if (!charge.captured || charge.status !== 'succeeded') {
      throw invalid(`Charge ${charge.id} has not been captured and cannot be refunded.`, { param: 'charge' });
    }
    const left = charge.amount_captured - charge.amount_refunded;
    if (left === 0) {
      throw invalid(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
    }
    const amount = amountOf(form, 'amount', left);
    if (amount > left) {
      throw invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
        param: 'amount',
      });
    }
    const refund: Refund = {
      id: newId('re'),
      object: 'refund',
      amount,
      charge: charge.id,
      created: now(),
      currency: charge.currency,
      metadata: mapOf(form, 'metadata') ?? {},
      payment_intent: charge.payment_intent,
      reason: textOf(form, 'reason') ?? null,
      status: 'succeeded',
    };
    const refunded = charge.amount_refunded + amount;
    const after = { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount_captured };
    this.store.save(refund, after);
    this.book(refund, -amount);
    this.announce('charge.refunded', after);
    this.announce('refund.created', refund);
    return refund;
  }

  private book(source: Charge | Refund, amount: number) {
    const { object: type, id, currency } = source;
    this.store.save({
      ...{ id: newId('txn'), object: 'balance_transaction', amount, created: now(), currency },
      ...{ fee: 0, net: amount, source: id, status: 'available', type },
    });
  }

  balance(form: Form) {
    const page = this.list(
      this.store.all<BalanceTransaction>('balance_transaction'),
      form,
      '/v1/balance_transactions',
    );
    const expand = Object.values((form.expand as Form | undefined) ?? {}).includes('data.source');
    const source = ({ type, source: id }: BalanceTransaction) =>
      expand ? this.store.get<Charge | Refund>(type, id) : id;
    return { ...page, data: page.data.map((one) => ({ ...one, source: source(one) })) };
  }

  /** Stripe's lists: newest first, `limit`, `starting_after`, `created[gte|lte|gt|lt]`. */
  list<T extends { id: string; created: number }>(all: T[], form: Form, url: string) {
    const limit = Math.min(Number(textOf(form, 'limit') ?? 10) || 10, 100);
    const created = mapOf(form, 'created') ?? {};
    const fits = (item: T) =>
      (created.gte === undefined || item.created >= Number(created.gte)) &&
      (created.gt === undefined || item.created > Number(created.gt)) &&
      (created.lte === undefined || item.created <= Number(created.lte)) &&
      (created.lt === undefined || item.created < Number(created.lt));
    const matching = all.filter(fits);
    const after = textOf(form, 'starting_after');
    const start = after ? matching.findIndex((item) => item.id === after) + 1 : 0;
    const data = matching.slice(start, start + limit);
    return { object: 'list', url, has_more: start + limit < matching.length, data };
  }

  /** Stripe's search language as far as it is used here: clauses of metadata and status, joined by AND. */
  search(form: Form) {
    const query = textOf(form, 'query');
    if (!query)
      throw invalid('Missing required param: query.', { param: 'query', code: 'parameter_missing' });
    const clauses = query.split(/\s+AND\s+/i).map((clause) => {
      const match = /^(?:metadata\[(?:"|')(.+)(?:"|')\]|(status)):(?:"|')(.*)(?:"|')$/.exec(clause.trim());
      if (!match) throw invalid(`We couldn't parse your search query: ${clause}`, { param: 'query' });
      return { key: match[1], value: match[3]! };
    });
    const data = this.store
      .all<PaymentIntent>('payment_intent')
      .filter((intent) =>
        clauses.every(({ key, value }) => (key ? intent.metadata[key] : intent.status) === value),
      );
    const limit = Math.min(Number(textOf(form, 'limit') ?? 10) || 10, 100);
    return {
      object: 'search_result',
      url: '/v1/payment_intents/search',
      has_more: data.length > limit,
      next_page: null,
      data: data.slice(0, limit),
    };
  }
}
