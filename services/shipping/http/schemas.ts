import { idempotencyKey } from '@platform/libs/idempotency';
import { z } from 'zod';
import { trackingStatuses } from '../domain/tracking';

/** What every carrier can print: the shortest of their limits. */
const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{C}]*$/u, 'No control characters.');

const country = z.string().regex(/^[A-Z]{2}$/, 'ISO 3166-1: two capital letters.');
const STATES: Record<string, RegExp> = { US: /^[A-Z]{2}$/, CA: /^[A-Z]{2}$/ };
const POSTAL_CODES: Record<string, RegExp> = {
  US: /^\d{5}(-\d{4})?$/,
  CA: /^[A-Z]\d[A-Z] ?\d[A-Z]\d$/,
  DE: /^\d{5}$/,
};

export const address = z
  .strictObject({
    name: line(35).meta({ example: 'Jane Doe' }),
    company: line(35).optional(),
    street: z
      .array(line(35))
      .min(1)
      .max(2)
      .meta({ example: ['350 5th Ave'] }),
    city: line(28).meta({ example: 'New York' }),
    state: z
      .string()
      .regex(/^[A-Z0-9]{2,3}$/, 'The code of the state or province: 2 or 3 capital letters or digits.')
      .optional()
      .meta({ description: 'Needed in the United States and Canada.', example: 'NY' }),
    postalCode: z
      .string()
      .regex(
        /^[A-Z0-9][A-Z0-9 -]{1,9}$/,
        'A postal code has 2 to 10 capital letters, digits, spaces and dashes.',
      )
      .meta({ example: '10118' }),
    country: country.meta({ description: 'ISO 3166-1 alpha-2.', example: 'US' }),
    phone: z
      .string()
      .regex(/^\+?\d{7,15}$/, "7 to 15 digits, with or without a leading '+'.")
      .meta({ description: 'For the driver.', example: '2125550100' }),
    email: z.email().max(50).optional(),
  })
  .superRefine(({ country: where, state, postalCode }, context) => {
    if (STATES[where] && !STATES[where].test(state ?? '')) {
      context.addIssue({ code: 'custom', path: ['state'], message: 'The two capital letters of the state.' });
    }
    if (POSTAL_CODES[where] && !POSTAL_CODES[where].test(postalCode)) {
      context.addIssue({ code: 'custom', path: ['postalCode'], message: `No postal code of ${where}.` });
    }
  })
  .meta({ id: 'Address' });

export const MAX_LINES = 50;
export const MAX_QUANTITY = 100;
const millimetres = z.int().min(1).max(5000);

export const quotesBody = z
  .strictObject({
    address,
    items: z
      .array(
        z.strictObject({
          productId: z
            .string()
            .regex(/^[\w.-]{1,64}$/, 'Up to 64 letters, digits, dots, dashes and underscores.')
            .meta({ example: 'prd-00001' }),
          quantity: z.int().min(1).max(MAX_QUANTITY),
          weightGrams: z.int().min(1).max(100_000).meta({ description: 'Of one piece.', example: 450 }),
          lengthMm: millimetres.meta({ example: 200 }),
          widthMm: millimetres.meta({ example: 120 }),
          heightMm: millimetres.meta({ example: 60 }),
        }),
      )
      .min(1)
      .max(MAX_LINES),
  })
  .meta({ id: 'NewQuotes' });

export const keyHeader = z.object({
  'idempotency-key': idempotencyKey('request'),
});

export const idParams = z.strictObject({ id: z.uuid() });
export const byQuote = z.strictObject({ quoteId: z.uuid() });
export const byOrder = z.strictObject({ orderId: z.uuid() });
export const byParcel = z.strictObject({ parcel: z.coerce.number().int().min(1).max(99).default(1) });

const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for USD).', example: 1299 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'USD' }),
  })
  .meta({ id: 'Money' });

const quote = z
  .object({
    id: z.uuid().meta({ description: 'To be given with the order.' }),
    carrier: z.string().meta({ example: 'ups' }),
    service: z.string(),
    serviceName: z.string().meta({ example: 'UPS Ground' }),
    cost: money,
    comparable: money
      .optional()
      .meta({ description: 'About what that is in the currency of the group, for comparison.' }),
    estimatedDelivery: z.iso.date().optional(),
    parcels: z.int(),
  })
  .meta({ id: 'Quote' });

export const quotes = z
  .object({
    id: z.uuid(),
    groups: z
      .array(
        z.object({
          currency: z.string(),
          ratesOf: z.iso.date().optional().meta({ description: 'The day of the exchange rates used.' }),
          quotes: z.array(quote),
        }),
      )
      .meta({ description: 'Quotes that can be compared stand in one group, the cheapest first.' }),
    failures: z
      .array(z.object({ carrier: z.string(), reason: z.string(), retriable: z.boolean() }))
      .meta({ description: 'Carriers that made no offer, and why.' }),
    validUntil: z.iso.datetime(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Quotes' });

const trackingStatus = z.enum(trackingStatuses);

export const shipment = z
  .object({
    id: z.uuid(),
    orderId: z.uuid(),
    status: z.enum(['requested', 'booked', 'failed', 'cancelled']),
    carrier: z.string().optional(),
    service: z.string().optional(),
    cost: money.optional(),
    trackingNumber: z.string().optional(),
    estimatedDelivery: z.iso.date().optional(),
    parcels: z.int().optional(),
    reason: z.string().optional(),
    tracking: z.object({ status: trackingStatus, at: z.iso.datetime() }).optional(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Shipment' });

export const trackingEvents = z.object({
  items: z.array(
    z.object({
      status: trackingStatus,
      at: z.iso.datetime(),
      code: z.string(),
      description: z.string(),
    }),
  ),
});
