import { Router, urlencoded } from 'express';
import { z } from 'zod';
import { type Desk, decimal, digits, inDays, kilogramsOf, NOWHERE, pdf, priceOf, type Step } from './desk';
import { CarrierError, invalid } from './errors';
import type { Label } from './store';

export const fedexProblem = (_status: number, code: string, message: string) => ({
  transactionId: crypto.randomUUID(),
  errors: [{ code, message }],
});

const address = z.object({ postalCode: z.string().min(1), countryCode: z.string().length(2) });
const packages = z
  .array(
    z.object({
      weight: z.object({ units: z.enum(['KG', 'LB']), value: z.number().positive() }),
      customerReferences: z.array(z.object({ value: z.string() })).optional(),
    }),
  )
  .min(1);
const rateRequest = z.object({
  requestedShipment: z.object({
    shipper: z.object({ address }),
    recipient: z.object({ address }),
    requestedPackageLineItems: packages,
  }),
});
const shipRequest = z.object({
  requestedShipment: z.object({
    serviceType: z.string(),
    recipients: z.array(z.object({ address })).length(1),
    requestedPackageLineItems: packages,
  }),
});

const SERVICES = [
  { service: 'FEDEX_GROUND', name: 'FedEx Ground®', base: 799, perKilogram: 110, days: 4 },
  { service: 'FEDEX_2_DAY', name: 'FedEx 2Day®', base: 1899, perKilogram: 240, days: 2 },
  { service: 'STANDARD_OVERNIGHT', name: 'FedEx Standard Overnight®', base: 3999, perKilogram: 420, days: 1 },
];

const CODES: Record<Step, [code: string, description: string]> = {
  created: ['OC', 'Shipment information sent to FedEx'],
  picked_up: ['PU', 'Picked up'],
  in_transit: ['IT', 'In transit'],
  out_for_delivery: ['OD', 'On FedEx vehicle for delivery'],
  delivered: ['DL', 'Delivered'],
};

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(
    'INVALID.INPUT.EXCEPTION',
    `Invalid field value in the input: ${parsed.error.issues[0]?.path.join('.')}`,
  );
};
const kilograms = (list: z.infer<typeof packages>) =>
  list.reduce((sum, { weight }) => sum + kilogramsOf(weight.value, weight.units), 0);
const reachable = (postalCode: string) => {
  if (postalCode === NOWHERE)
    throw invalid('RECIPIENT.POSTALCODE.INVALID', 'Recipient postal code is not valid.');
};

/** FedEx: OAuth, rates, ship, track. */
export const fedex = (desk: Desk, now: () => number): Router => {
  const wrap = (output: object) => ({ body: { transactionId: crypto.randomUUID(), output } });
  const scans = (label: Label) =>
    desk
      .journey(label)
      .map(({ step, at }) => ({
        date: at.toISOString(),
        eventType: CODES[step][0],
        derivedStatusCode: CODES[step][0],
        eventDescription: CODES[step][1],
      }))
      .reverse();
  const tracked = (label: Label) => ({
    trackingNumber: label.id,
    trackResults: [
      { trackingNumberInfo: { trackingNumber: label.id, carrierCode: 'FDXE' }, scanEvents: scans(label) },
    ],
  });

  const router = Router();
  router.post(
    '/oauth/token',
    urlencoded({ extended: false }),
    desk.endpoint(undefined, ({ body }) => {
      if (body?.grant_type !== 'client_credentials' || !body.client_id || !body.client_secret) {
        throw new CarrierError(401, 'NOT.AUTHORIZED.ERROR', 'The given client credentials were not valid.');
      }
      return {
        body: { access_token: desk.issueToken(), token_type: 'bearer', expires_in: 3599, scope: 'CXS' },
      };
    }),
  );
  router.post(
    '/rate/v1/rates/quotes',
    desk.withToken,
    desk.endpoint('rate', ({ body }) => {
      const { requestedShipment } = parse(rateRequest, body);
      reachable(requestedShipment.recipient.address.postalCode);
      const weight = kilograms(requestedShipment.requestedPackageLineItems);
      return wrap({
        rateReplyDetails: SERVICES.map(({ service, name, base, perKilogram, days }) => ({
          serviceType: service,
          serviceName: name,
          packagingType: 'YOUR_PACKAGING',
          ratedShipmentDetails: [
            {
              rateType: 'ACCOUNT',
              totalNetCharge: decimal(priceOf(base, perKilogram, weight)),
              shipmentRateDetail: { currency: 'USD', rateZone: '05' },
            },
          ],
          operationalDetail: { deliveryDate: `${inDays(now(), days)}T20:00:00` },
        })),
      });
    }),
  );
  router.post(
    '/ship/v1/shipments',
    desk.withToken,
    desk.endpoint('ship', ({ body }) => {
      const { requestedShipment } = parse(shipRequest, body);
      const { serviceType, recipients, requestedPackageLineItems: list } = requestedShipment;
      reachable(recipients[0]!.address.postalCode);
      const chosen = SERVICES.find(({ service }) => service === serviceType);
      if (!chosen) throw invalid('SERVICETYPE.NOT.ALLOWED', 'Service type is not allowed.');
      const amount = priceOf(chosen.base, chosen.perKilogram, kilograms(list));
      const numbers = list.map(() => `7949${digits(8)}`);
      const reference = list[0]?.customerReferences?.[0]?.value ?? '';
      const label = desk.sell({
        id: numbers[0]!,
        reference,
        service: serviceType,
        amount,
        currency: 'USD',
        parcels: numbers,
      });
      return wrap({
        transactionShipments: [
          {
            serviceType,
            masterTrackingNumber: label.id,
            pieceResponses: numbers.map((trackingNumber, index) => ({
              trackingNumber,
              masterTrackingNumber: label.id,
              packageSequenceNumber: index + 1,
              packageDocuments: [
                {
                  contentType: 'LABEL',
                  docType: 'PDF',
                  copiesToPrint: 1,
                  encodedLabel: pdf(`FedEx ${trackingNumber}`),
                },
              ],
            })),
            completedShipmentDetail: {
              operationalDetail: { deliveryDate: inDays(now(), chosen.days) },
              shipmentRating: {
                actualRateType: 'PAYOR_ACCOUNT_SHIPMENT',
                shipmentRateDetails: [{ totalNetCharge: decimal(amount), currency: 'USD' }],
              },
            },
          },
        ],
      });
    }),
  );
  router.put(
    '/ship/v1/shipments/cancel',
    desk.withToken,
    desk.endpoint('void', ({ body }) => {
      const { trackingNumber } = parse(z.object({ trackingNumber: z.string() }), body);
      const label = desk.find(trackingNumber);
      if (!label) throw invalid('TRACKINGNUMBER.NOT.FOUND', 'Tracking number is not found.');
      desk.void(label, { already: 'SHIPMENT.ALREADY.CANCELLED', moving: 'SHIPMENT.CANNOT.BE.CANCELLED' });
      return wrap({
        cancelledShipment: true,
        cancelledHistory: true,
        message: 'Shipment is successfully cancelled',
      });
    }),
  );
  router.post(
    '/track/v1/referencenumbers',
    desk.withToken,
    desk.endpoint('find', ({ body }) => {
      const { referencesInformation } = parse(
        z.object({ referencesInformation: z.object({ value: z.string() }) }),
        body,
      );
      const found = desk.bought(referencesInformation.value);
      const error = {
        code: 'TRACKING.REFERENCENUMBER.NOTFOUND',
        message: 'Reference number cannot be found.',
      };
      return wrap({
        completeTrackResults: found.length > 0 ? found.map(tracked) : [{ trackResults: [{ error }] }],
        successful: found.length > 0,
      });
    }),
  );
  router.post(
    '/track/v1/trackingnumbers',
    desk.withToken,
    desk.endpoint('track', ({ body }) => {
      const number = z.object({ trackingNumberInfo: z.object({ trackingNumber: z.string() }) });
      const { trackingInfo } = parse(z.object({ trackingInfo: z.array(number).min(1) }), body);
      const error = { code: 'TRACKING.TRACKINGNUMBER.NOTFOUND', message: 'Tracking number cannot be found.' };
      return wrap({
        completeTrackResults: trackingInfo.map(({ trackingNumberInfo: { trackingNumber } }) => {
          const label = desk.find(trackingNumber);
          return label ? tracked(label) : { trackingNumber, trackResults: [{ error }] };
        }),
      });
    }),
  );
  return router;
};
