import { Router, urlencoded } from 'express';
import { z } from 'zod';
import { type Desk, decimal, digits, gif, inDays, kilogramsOf, NOWHERE, priceOf, type Step } from './desk';
import { CarrierError, invalid } from './errors';
import type { Label } from './store';

export const upsProblem = (_status: number, code: string, message: string) => ({
  response: { errors: [{ code, message }] },
});

const address = z.object({ PostalCode: z.string().min(1), CountryCode: z.string().length(2) });
const packages = z
  .array(
    z.object({
      PackageWeight: z.object({ UnitOfMeasurement: z.object({ Code: z.string() }), Weight: z.string() }),
      ReferenceNumber: z.array(z.object({ Value: z.string() })).optional(),
    }),
  )
  .min(1);
const rateRequest = z.object({
  RateRequest: z.object({
    Shipment: z.object({ ShipTo: z.object({ Address: address }), Package: packages }),
  }),
});
const shipRequest = z.object({
  ShipmentRequest: z.object({
    Shipment: z.object({
      ShipTo: z.object({ Name: z.string().min(1), Address: address }),
      Service: z.object({ Code: z.string() }),
      Package: packages,
    }),
  }),
});
const recoveryRequest = z.object({
  LabelRecoveryRequest: z.object({
    ReferenceValues: z.object({
      ReferenceNumber: z.object({ Value: z.string() }),
      ShipperNumber: z.string(),
    }),
  }),
});

const SERVICES = [
  { code: '03', name: 'UPS Ground', base: 749, perKilogram: 125, days: 4 },
  { code: '02', name: 'UPS 2nd Day Air', base: 1999, perKilogram: 250, days: 2 },
  { code: '01', name: 'UPS Next Day Air', base: 4199, perKilogram: 450, days: 1 },
];

const CODES: Record<Step, [type: string, code: string, description: string]> = {
  created: ['M', 'MP', 'Shipper created a label, UPS has not received the package yet.'],
  picked_up: ['P', 'PU', 'Pickup Scan'],
  in_transit: ['I', 'DP', 'Departed from Facility'],
  out_for_delivery: ['O', 'OT', 'Out For Delivery Today'],
  delivered: ['D', 'KB', 'DELIVERED'],
};

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid('9100300', `Missing or invalid ${parsed.error.issues[0]?.path.join('.')}`);
};
const kilograms = (list: z.infer<typeof packages>) =>
  list.reduce(
    (sum, { PackageWeight: { Weight, UnitOfMeasurement } }) =>
      sum + kilogramsOf(Number(Weight), UnitOfMeasurement.Code),
    0,
  );
const reachable = (postalCode: string) => {
  if (postalCode === NOWHERE) throw invalid('111286', 'The postal code is not valid for the state.');
};
const usd = (minor: number) => ({ CurrencyCode: 'USD', MonetaryValue: decimal(minor).toFixed(2) });
const success = { ResponseStatus: { Code: '1', Description: 'Success' } };
const pounds = (weight: number) => ({
  Code: 'LBS',
  Description: 'Pounds',
  Weight: (weight / 0.45359237).toFixed(1),
});

/** UPS: OAuth, Rating, Shipping with Void and Label Recovery, Tracking. */
export const ups = (desk: Desk, now: () => number): Router => {
  const compact = (at: Date) => at.toISOString().replace(/[-:]/g, '');
  const tracked = (label: Label) => ({
    trackResponse: {
      shipment: [
        {
          inquiryNumber: label.id,
          package: [
            {
              trackingNumber: label.id,
              activity: desk
                .journey(label)
                .map(({ step, at }) => {
                  const [type, code, description] = CODES[step];
                  return {
                    ...{ date: compact(at).slice(0, 8), time: compact(at).slice(9, 15) },
                    ...{
                      gmtDate: compact(at).slice(0, 8),
                      gmtTime: at.toISOString().slice(11, 19),
                      gmtOffset: '+00:00',
                    },
                    status: { type, code, description, statusCode: '003' },
                  };
                })
                .reverse(),
            },
          ],
        },
      ],
    },
  });

  const router = Router();
  router.post(
    '/security/v1/oauth/token',
    urlencoded({ extended: false }),
    desk.endpoint(undefined, ({ body, headers }) => {
      const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
      const [id, secret] = Buffer.from(basic, 'base64').toString().split(':');
      if (body?.grant_type !== 'client_credentials' || !id || !secret) {
        throw new CarrierError(401, '10401', 'ClientId is Invalid');
      }
      return {
        body: {
          ...{ token_type: 'Bearer', issued_at: String(now()), client_id: id },
          ...{ access_token: desk.issueToken(), expires_in: '14399', status: 'approved' },
        },
      };
    }),
  );
  const api = Router();
  api.use(desk.withToken);
  api.post(
    '/rating/:version/Shop',
    desk.endpoint('rate', ({ body }) => {
      const { Shipment } = parse(rateRequest, body).RateRequest;
      reachable(Shipment.ShipTo.Address.PostalCode);
      const weight = kilograms(Shipment.Package);
      const { Weight, ...UnitOfMeasurement } = pounds(weight);
      return {
        body: {
          RateResponse: {
            Response: success,
            RatedShipment: SERVICES.map(({ code, name, base, perKilogram, days }) => {
              const total = usd(priceOf(base, perKilogram, weight));
              const date = inDays(now(), days).replaceAll('-', '');
              const today = inDays(now(), 0).replaceAll('-', '');
              return {
                Service: { Code: code, Description: name },
                BillingWeight: { UnitOfMeasurement, Weight },
                TransportationCharges: total,
                ServiceOptionsCharges: usd(0),
                TotalCharges: usd(priceOf(base, perKilogram, weight) + 300),
                NegotiatedRateCharges: { TotalCharge: total },
                RatedPackage: Shipment.Package.map(() => ({ Weight })),
                TimeInTransit: {
                  PickupDate: today,
                  ServiceSummary: {
                    Service: { Description: name },
                    EstimatedArrival: {
                      Arrival: { Date: date, Time: '230000' },
                      BusinessDaysInTransit: String(days),
                      Pickup: { Date: today, Time: '180000' },
                      DayOfWeek: 'MON',
                    },
                  },
                },
              };
            }),
          },
        },
      };
    }),
  );
  api.post(
    '/shipments/:version/ship',
    desk.endpoint('ship', ({ body }) => {
      const { Shipment } = parse(shipRequest, body).ShipmentRequest;
      reachable(Shipment.ShipTo.Address.PostalCode);
      const chosen = SERVICES.find(({ code }) => code === Shipment.Service.Code);
      if (!chosen) throw invalid('121210', 'The requested service is unavailable between these locations.');
      const weight = kilograms(Shipment.Package);
      const amount = priceOf(chosen.base, chosen.perKilogram, weight);
      const numbers = Shipment.Package.map(() => `1ZSANDBX03${digits(8)}`);
      const reference = Shipment.Package[0]?.ReferenceNumber?.[0]?.Value ?? '';
      const label = desk.sell({
        id: numbers[0]!,
        reference,
        service: chosen.code,
        amount,
        currency: 'USD',
        parcels: numbers,
      });
      const { Weight, ...UnitOfMeasurement } = pounds(weight);
      return {
        body: {
          ShipmentResponse: {
            Response: success,
            ShipmentResults: {
              ShipmentCharges: {
                TransportationCharges: usd(amount + 300),
                ServiceOptionsCharges: usd(0),
                TotalCharges: usd(amount + 300),
              },
              NegotiatedRateCharges: { TotalCharge: usd(amount) },
              BillingWeight: { UnitOfMeasurement, Weight: Weight.padStart(8, '0') },
              ShipmentIdentificationNumber: label.id,
              PackageResults: numbers.map((TrackingNumber) => ({
                TrackingNumber,
                ServiceOptionsCharges: usd(0),
                ShippingLabel: { ImageFormat: { Code: 'GIF', Description: 'GIF' }, GraphicImage: gif },
              })),
            },
          },
        },
      };
    }),
  );
  api.delete(
    '/shipments/:version/void/cancel/:number',
    desk.endpoint('void', ({ params }) => {
      const label = desk.find(String(params.number));
      if (!label) throw invalid('190100', 'The shipment is not found.');
      desk.void(label, { already: '190117', moving: '190103' });
      return {
        body: {
          VoidShipmentResponse: {
            Response: success,
            SummaryResult: { Status: { Code: '1', Description: 'Voided' } },
          },
        },
      };
    }),
  );
  api.post(
    '/labels/:version/recovery',
    desk.endpoint('find', ({ body }) => {
      const { ReferenceValues } = parse(recoveryRequest, body).LabelRecoveryRequest;
      const [label] = desk.bought(ReferenceValues.ReferenceNumber.Value);
      if (!label) throw invalid('9300030', 'No shipment was found for this reference.');
      return {
        body: {
          LabelRecoveryResponse: {
            Response: success,
            ShipmentIdentificationNumber: label.id,
            LabelResults: label.parcels.map((TrackingNumber) => ({
              TrackingNumber,
              // UPS' own contract wants four characters here.
              LabelImage: { LabelImageFormat: { Code: 'GIF ' }, GraphicImage: gif },
            })),
          },
        },
      };
    }),
  );
  const lookedUp = (found: Label | undefined) => {
    if (!found) throw new CarrierError(404, 'TW0001', 'Tracking Information Not Found');
    return { body: tracked(found) };
  };
  api.get(
    '/track/v1/reference/details/:reference',
    desk.endpoint('find', ({ params }) => lookedUp(desk.bought(String(params.reference))[0])),
  );
  api.get(
    '/track/v1/details/:number',
    desk.endpoint('track', ({ params }) => lookedUp(desk.find(String(params.number)))),
  );
  router.use('/api', api);
  return router;
};
