import { Router } from 'express';
import { z } from 'zod';
import { type Desk, decimal, digits, inDays, kilogramsOf, NOWHERE, pdf, priceOf, type Step } from './desk';
import { CarrierError, invalid } from './errors';
import type { Label } from './store';

export const uspsProblem = (status: number, code: string, message: string) => ({
  apiVersion: '/labels/v3',
  error: {
    code: String(status),
    message,
    errors: [{ status: String(status), code, title: message, detail: message }],
  },
});

const zip = z.string().regex(/^\d{5}$/);
const priceQuery = z.object({
  originZIPCode: zip,
  destinationZIPCode: zip,
  weight: z.number().positive().max(70),
  length: z.number().positive(),
  width: z.number().positive(),
  height: z.number().positive(),
});
const labelRequest = z.object({
  toAddress: z.object({ streetAddress: z.string(), city: z.string(), state: z.string(), ZIPCode: zip }),
  fromAddress: z.object({ ZIPCode: zip }),
  packageDescription: z.object({ mailClass: z.string(), weight: z.number().positive().max(70) }),
});

const CLASSES = [
  { mailClass: 'USPS_GROUND_ADVANTAGE', name: 'USPS Ground Advantage', base: 599, perKilogram: 180, days: 5 },
  { mailClass: 'PRIORITY_MAIL', name: 'Priority Mail', base: 899, perKilogram: 260, days: 3 },
  {
    mailClass: 'PRIORITY_MAIL_EXPRESS',
    name: 'Priority Mail Express',
    base: 2999,
    perKilogram: 420,
    days: 1,
  },
];

const CODES: Record<Step, [code: string, description: string]> = {
  created: ['GX', 'Shipping Label Created, USPS Awaiting Item'],
  picked_up: ['03', 'Accepted at USPS Origin Facility'],
  in_transit: ['10', 'Arrived at USPS Regional Facility'],
  out_for_delivery: ['OF', 'Out for Delivery'],
  delivered: ['01', 'Delivered, In/At Mailbox'],
};

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid('010002', `OASValidation: ${parsed.error.issues[0]?.path.join('.')} is not valid`);
};
const reachable = (ZIPCode: string) => {
  if (ZIPCode === NOWHERE) throw invalid('160171', 'The destination ZIP Code is not valid.');
};

/** USPS: OAuth, payment authorisation, domestic prices, labels with idempotency keys, tracking. */
export const usps = (desk: Desk): Router => {
  const describe = ({ id, service, amount, created }: Label) => {
    const chosen = CLASSES.find(({ mailClass }) => mailClass === service);
    return {
      ...{ trackingNumber: id, SKU: 'DUXP0XXXUC01080', postage: decimal(amount), zone: '05' },
      commitment: {
        name: `${chosen?.days ?? 5} Days`,
        scheduleDeliveryDate: inDays(created, chosen?.days ?? 5),
      },
      weightUOM: 'lb',
    };
  };
  const paid = (header: unknown) => {
    if (!desk.knows(String(header)))
      throw new CarrierError(401, '401', 'Payment authorization token is not valid.');
  };

  const router = Router();
  router.post(
    '/oauth2/v3/token',
    desk.endpoint(undefined, ({ body }) => {
      if (body?.grant_type !== 'client_credentials' || !body.client_id || !body.client_secret) {
        throw new CarrierError(401, 'invalid_client', 'Client credentials are not valid.');
      }
      return {
        body: {
          access_token: desk.issueToken(),
          token_type: 'Bearer',
          expires_in: 28_799,
          status: 'approved',
        },
      };
    }),
  );
  router.post(
    '/payments/v3/payment-authorization',
    desk.withToken,
    desk.endpoint(undefined, ({ body }) => {
      const role = z.object({
        roleName: z.string(),
        CRID: z.string().min(1),
        accountNumber: z.string().min(1),
      });
      parse(z.object({ roles: z.array(role).min(1) }), body);
      return { body: { paymentAuthorizationToken: desk.issueToken() } };
    }),
  );
  router.post(
    '/prices/v3/base-rates-list/search',
    desk.withToken,
    desk.endpoint('rate', ({ body }) => {
      const { destinationZIPCode, weight } = parse(priceQuery, body);
      reachable(destinationZIPCode);
      return {
        body: {
          rateOptions: CLASSES.map(({ mailClass, name, base, perKilogram }) => {
            const price = decimal(priceOf(base, perKilogram, kilogramsOf(weight, 'LB')));
            const rate = {
              ...{
                SKU: 'DUXP0XXXUC01080',
                description: `${name} Machinable Single-piece`,
                priceType: 'COMMERCIAL',
              },
              ...{
                price,
                weight,
                dimWeight: 0,
                fees: [],
                startDate: '2026-07-12',
                endDate: '',
                mailClass,
                zone: '05',
              },
              ...{ productName: name, processingCategory: 'MACHINABLE', rateIndicator: 'SP' },
              destinationEntryFacilityType: 'NONE',
            };
            return { totalBasePrice: price, rates: [rate] };
          }),
        },
      };
    }),
  );
  router.post(
    '/labels/v3/label',
    desk.withToken,
    desk.endpoint('ship', ({ body, headers }) => {
      paid(headers['x-payment-authorization-token']);
      const { toAddress, packageDescription } = parse(labelRequest, body);
      reachable(toAddress.ZIPCode);
      const chosen = CLASSES.find(({ mailClass }) => mailClass === packageDescription.mailClass);
      if (!chosen) throw invalid('160025', 'The mail class is not valid.');
      const key = headers['x-idempotency-key'] as string | undefined;
      const known = key === undefined ? undefined : desk.byKey(key);
      if (known?.voided) throw invalid('160500', 'The label of this key was canceled.');
      const id = `92055${digits(17)}`;
      const amount = priceOf(chosen.base, chosen.perKilogram, kilogramsOf(packageDescription.weight, 'LB'));
      const label =
        known ??
        desk.sell({
          ...{
            id,
            reference: key ?? '',
            key,
            service: chosen.mailClass,
            amount,
            currency: 'USD',
            parcels: [id],
          },
        });
      return { body: { ...describe(label), labelImage: pdf(`USPS ${label.id}`) } };
    }),
  );
  router.post(
    '/labels/v3/label-reprint',
    desk.withToken,
    desk.endpoint('find', ({ headers }) => {
      paid(headers['x-payment-authorization-token']);
      const label = desk.byKey(String(headers['x-idempotency-key']));
      if (!label || label.voided) throw invalid('160404', 'There is no label of this key.');
      return { body: { labelMetadata: describe(label), labelImage: pdf(`USPS ${label.id}`) } };
    }),
  );
  router.delete(
    '/labels/v3/label/:number',
    desk.withToken,
    desk.endpoint('void', ({ params, headers }) => {
      paid(headers['x-payment-authorization-token']);
      const label = desk.find(String(params.number));
      if (!label) throw invalid('160404', 'There is no such label.');
      if (!label.voided) desk.void(label, { already: '160500', moving: '160501' });
      return { body: { trackingNumber: label.id, status: 'CANCELED' } };
    }),
  );
  router.get(
    '/tracking/v3/tracking/:number',
    desk.withToken,
    desk.endpoint('track', ({ params }) => {
      const label = desk.find(String(params.number));
      if (!label) throw new CarrierError(404, '-2147219283', 'A status update is not yet available.');
      const trackingEvents = desk
        .journey(label)
        .map(({ step, at }) => ({
          ...{
            eventType: CODES[step][1],
            eventCode: CODES[step][0],
            eventCity: 'COLUMBUS',
            eventState: 'OH',
          },
          ...{ eventTimestamp: at.toISOString(), GMTTimestamp: at.toISOString() },
        }))
        .reverse();
      return {
        body: { trackingNumber: label.id, statusCategory: trackingEvents[0]!.eventType, trackingEvents },
      };
    }),
  );
  return router;
};
