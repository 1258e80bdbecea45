import { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { type Desk, decimal, digits, inDays, NOWHERE, pdf, priceOf, type Step } from './desk';
import { CarrierError } from './errors';
import type { Label } from './store';

export const dhlProblem = (status: number, code: string, message: string) => ({
  instance: '/mydhlapi',
  detail: message,
  title: status === 422 ? 'Validation error' : 'Bad request',
  message: status === 422 ? 'Unprocessable Entity' : 'Bad request',
  status: code,
});

const unprocessable = (code: string, message: string) => new CarrierError(422, code, message);
const address = z.object({ postalCode: z.string(), cityName: z.string(), countryCode: z.string().length(2) });
const packages = z.array(z.object({ weight: z.number().positive() })).min(1);
const rateRequest = z.object({
  customerDetails: z.object({ shipperDetails: address, receiverDetails: address }),
  packages,
});
const shipRequest = z.object({
  productCode: z.string(),
  customerReferences: z.array(z.object({ value: z.string() })).optional(),
  customerDetails: z.object({ receiverDetails: z.object({ postalAddress: address }) }),
  content: z.object({ packages }),
});

/** Billed in euros, whatever the country: so that a shop sees quotes that do not compare. */
const PRODUCTS = [
  { code: 'N', name: 'EXPRESS DOMESTIC', base: 1890, perKilogram: 260, days: 2 },
  { code: 'I', name: 'EXPRESS DOMESTIC 9:00', base: 4590, perKilogram: 390, days: 1 },
];

/** DHL reports nothing before it has the parcel. */
const CODES: Record<Exclude<Step, 'created'>, [code: string, description: string]> = {
  picked_up: ['PU', 'Shipment picked up'],
  in_transit: ['DF', 'Departed Facility'],
  out_for_delivery: ['WC', 'With delivery courier'],
  delivered: ['OK', 'Delivered'],
};

const parse = <T>(schema: z.ZodType<T>, body: unknown): T => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw unprocessable(
    '8008',
    `#/${parsed.error.issues[0]?.path.join('/')}: ${parsed.error.issues[0]?.message}`,
  );
};
const kilograms = (list: z.infer<typeof packages>) => list.reduce((sum, { weight }) => sum + weight, 0);
const reachable = (postalCode: string) => {
  if (postalCode === NOWHERE)
    throw unprocessable('996', 'The requested product(s) not available: no such postal code');
};

/** DHL Express: MyDHL API with a name and a password. It has no request to void a label. */
export const dhl = (desk: Desk, now: () => number): Router => {
  const tracked = (label: Label) => ({
    shipments: [
      {
        shipmentTrackingNumber: label.id,
        status: 'Success',
        productCode: label.service,
        shipperReferences: [{ value: label.reference, typeCode: 'CU' }],
        events: desk.journey(label).flatMap(({ step, at }) =>
          step === 'created'
            ? []
            : [
                {
                  date: at.toISOString().slice(0, 10),
                  time: at.toISOString().slice(11, 19),
                  GMTOffset: '+00:00',
                  typeCode: CODES[step][0],
                  description: CODES[step][1],
                },
              ],
        ),
        numberOfPieces: label.parcels.length,
      },
    ],
  });
  const withPassword = (request: Request, response: Response, next: NextFunction) => {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const [name, password] = Buffer.from(basic, 'base64').toString().split(':');
    if (name && password && request.headers['x-version']) return next();
    response.status(401).json(dhlProblem(401, '401', 'Invalid Credentials'));
  };

  const api = Router();
  api.use(withPassword);
  api.post(
    '/rates',
    desk.endpoint('rate', ({ body }) => {
      const { customerDetails, packages: list } = parse(rateRequest, body);
      reachable(customerDetails.receiverDetails.postalCode);
      const weight = kilograms(list);
      return {
        body: {
          products: PRODUCTS.map(({ code, name, base, perKilogram, days }) => ({
            productName: name,
            productCode: code,
            weight: { volumetric: 0, provided: weight, unitOfMeasurement: 'metric' },
            totalPrice: [
              {
                currencyType: 'BILLC',
                priceCurrency: 'EUR',
                price: decimal(priceOf(base, perKilogram, weight)),
              },
              { currencyType: 'PULCL', priceCurrency: 'USD', price: 0 },
            ],
            deliveryCapabilities: {
              deliveryTypeCode: 'QDDC',
              estimatedDeliveryDateAndTime: `${inDays(now(), days)}T23:59:00`,
              totalTransitDays: days,
            },
            pricingDate: inDays(now(), 0),
          })),
        },
      };
    }),
  );
  api.post(
    '/shipments',
    desk.endpoint('ship', ({ body }) => {
      const { productCode, customerDetails, content, customerReferences = [] } = parse(shipRequest, body);
      reachable(customerDetails.receiverDetails.postalAddress.postalCode);
      const product = PRODUCTS.find(({ code }) => code === productCode);
      if (!product) throw unprocessable('1001', 'The requested product is not available.');
      const amount = priceOf(product.base, product.perKilogram, kilograms(content.packages));
      const parcels = content.packages.map(() => `JD0146${digits(14)}`);
      const label = desk.sell({
        ...{ id: digits(10), reference: customerReferences[0]?.value ?? '', service: productCode },
        ...{ amount, currency: 'EUR', parcels },
      });
      return {
        status: 201,
        body: {
          shipmentTrackingNumber: label.id,
          packages: parcels.map((trackingNumber, index) => ({ referenceNumber: index + 1, trackingNumber })),
          documents: [{ imageFormat: 'PDF', content: pdf(`DHL ${label.id}`), typeCode: 'label' }],
          shipmentCharges: [{ currencyType: 'BILLC', priceCurrency: 'EUR', price: decimal(amount) }],
          estimatedDeliveryDate: {
            estimatedDeliveryDate: inDays(now(), product.days),
            estimatedDeliveryType: 'QDDC',
          },
        },
      };
    }),
  );
  const lookedUp = (label: Label | undefined) => {
    if (!label) throw new CarrierError(404, '1001', 'No data found');
    return { body: tracked(label) };
  };
  api.get(
    '/tracking',
    desk.endpoint('find', ({ query }) => lookedUp(desk.bought(String(query.shipmentReference))[0])),
  );
  api.get(
    '/shipments/:number/tracking',
    desk.endpoint('track', ({ params }) => lookedUp(desk.find(String(params.number)))),
  );
  return Router().use('/mydhlapi', api);
};
