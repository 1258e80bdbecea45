import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Carrier, Consignment, Label, LabelOutcome } from '../application/ports';
import type { Address } from '../domain/address';
import { moneyOf } from '../domain/money';
import type { TrackingEvent, TrackingStatus } from '../domain/tracking';
import {
  asFailure,
  type CarrierOptions,
  createClients,
  errorOf,
  harmless,
  Refused,
  refusalOf,
} from './carrierClient';
import { dateOf, instantOf, metric } from './measures';

export interface DhlOptions extends CarrierOptions {
  username: string;
  password: string;
  accountNumber: string;
}

const VERSION = '3.1.1';

const problem = z.object({ status: z.coerce.string().optional(), title: z.string().optional() });
const rates = z.object({
  products: z.array(
    z.object({
      productName: z.string().optional(),
      productCode: z.string(),
      totalPrice: z.array(
        z.object({
          currencyType: z.string().optional(),
          priceCurrency: z.string().optional(),
          price: z.number(),
        }),
      ),
      deliveryCapabilities: z.object({ estimatedDeliveryDateAndTime: z.string().optional() }).optional(),
    }),
  ),
});
const shipped = z.object({
  shipmentTrackingNumber: z.string().min(1),
  packages: z.array(z.object({ trackingNumber: z.string() })).optional(),
  documents: z
    .array(z.object({ typeCode: z.string(), imageFormat: z.string(), content: z.string() }))
    .optional(),
  shipmentCharges: z
    .array(z.object({ currencyType: z.string(), priceCurrency: z.string(), price: z.number() }))
    .optional(),
  estimatedDeliveryDate: z.object({ estimatedDeliveryDate: z.string().optional() }).optional(),
});
const tracked = z.object({
  shipments: z
    .array(
      z.object({
        shipmentTrackingNumber: z.string(),
        events: z
          .array(
            z.object({
              date: z.string(),
              time: z.string(),
              GMTOffset: z.string().optional(),
              typeCode: z.string(),
              description: z.string().optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

const STATUS: Record<string, TrackingStatus> = {
  WC: 'out_for_delivery',
  OK: 'delivered',
  RT: 'returned',
  ...Object.fromEntries(
    'BA CA CD CM DM DS HP IR MD MS NH OH RD SS ST TD UD'
      .split(' ')
      .map((code) => [code, 'exception' as const]),
  ),
};

const lines = ([first = '', second]: string[]) => ({
  addressLine1: first,
  ...(second && { addressLine2: second }),
});
const postal = ({ street, city, state, postalCode, country }: Address) => ({
  ...{ postalCode, cityName: city, countryCode: country, ...lines(street) },
  ...(state && { provinceCode: state }),
});
const party = (who: Address) => ({
  postalAddress: postal(who),
  contactInformation: {
    ...{ phone: who.phone, companyName: who.company ?? who.name, fullName: who.name },
    ...(who.email && { email: who.email }),
  },
});
const packages = ({ parcels }: Consignment) =>
  parcels.map((parcel) => {
    const { weight, ...dimensions } = metric(parcel);
    return { weight, dimensions };
  });

/** The end of the working day on which the parcel is handed over: never in the past when the request arrives. */
const plannedAt = (shipDate: string) => {
  const next = new Date(Date.parse(`${shipDate}T18:00:00Z`) + 86_400_000).toISOString().slice(0, 19);
  return `${next} GMT+00:00`;
};

/** DHL Express, MyDHL API. */
export const createDhl = (options: DhlOptions): Carrier => {
  const { username, password, accountNumber } = options;
  const { quick, patient } = createClients('dhl', options);
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const accounts = [{ typeCode: 'shipper', number: accountNumber }];

  const ask = async <T>(
    client: typeof quick,
    [method, path]: [string, string],
    answer: z.ZodType<T>,
    body?: object,
  ): Promise<T> => {
    const headers = { authorization: basic, 'x-version': VERSION, 'Message-Reference': randomUUID() };
    const got = await client.request(method, `/mydhlapi${path}`, { body, headers });
    if (got.status !== 200 && got.status !== 201) {
      const code = problem.safeParse(got.body).data?.status;
      throw new Refused(refusalOf(got.status, code && `dhl_${code}`));
    }
    return answer.parse(got.body);
  };

  return {
    name: 'dhl',
    limits: {
      ...{ maxWeightGrams: 70_000, maxLengthMm: 1200, maxLengthPlusGirthMm: 4400, maxParcels: 99 },
    },

    async quote(consignment) {
      try {
        const rated = (who: Address) => postal(who);
        const body = {
          customerDetails: {
            shipperDetails: rated(consignment.from),
            receiverDetails: rated(consignment.to),
          },
          accounts,
          plannedShippingDateAndTime: plannedAt(consignment.shipDate),
          unitOfMeasurement: 'metric',
          isCustomsDeclarable: false,
          packages: packages(consignment),
        };
        const { products } = await ask(quick, ['POST', '/rates'], rates, body);
        const offers = products.flatMap(({ productCode, productName, totalPrice, deliveryCapabilities }) => {
          // In the currency DHL bills in; a price of 0 is none.
          const price = totalPrice.find(
            ({ currencyType, priceCurrency, price: amount }) =>
              (currencyType ?? 'BILLC') === 'BILLC' && priceCurrency && amount > 0,
          );
          if (!price?.priceCurrency) return [];
          const estimatedDelivery = dateOf(deliveryCapabilities?.estimatedDeliveryDateAndTime);
          return [
            {
              service: productCode,
              serviceName: `DHL ${productName ?? productCode}`,
              cost: moneyOf(price.price, price.priceCurrency),
              ...(estimatedDelivery && { estimatedDelivery }),
            },
          ];
        });
        return { kind: 'offered', offers };
      } catch (error) {
        return harmless(asFailure(error));
      }
    },

    async buy({ service, reference, cost, estimatedDelivery, ...consignment }) {
      try {
        const body = {
          plannedShippingDateAndTime: plannedAt(consignment.shipDate),
          pickup: { isRequested: false },
          productCode: service,
          accounts,
          outputImageProperties: {
            encodingFormat: 'pdf',
            imageOptions: [{ typeCode: 'label' }],
            allDocumentsInOneImage: false,
          },
          customerReferences: [{ value: reference, typeCode: 'CU' }],
          customerDetails: {
            shipperDetails: party(consignment.from),
            receiverDetails: party(consignment.to),
          },
          content: {
            packages: packages(consignment),
            isCustomsDeclarable: false,
            description: 'Merchandise',
            incoterm: 'DAP',
            unitOfMeasurement: 'metric',
          },
          estimatedDeliveryDate: { isRequested: true, typeCode: 'QDDC' },
          getRateEstimates: true,
        };
        const answer = await ask(patient, ['POST', '/shipments'], shipped, body);
        const { shipmentTrackingNumber: trackingNumber, documents = [], packages: pieces = [] } = answer;
        // One document for all parcels of the shipment.
        const labels = documents
          .filter(({ typeCode }) => typeCode === 'label')
          .map(({ content }, index): Label => {
            const number = pieces[index]?.trackingNumber ?? trackingNumber;
            const bytes = Buffer.from(content, 'base64');
            return { parcel: index + 1, trackingNumber: number, mediaType: 'application/pdf', bytes };
          });
        const charged = answer.shipmentCharges?.find(({ currencyType }) => currencyType === 'BILLC');
        const delivery = dateOf(answer.estimatedDeliveryDate?.estimatedDeliveryDate) ?? estimatedDelivery;
        return {
          kind: 'bought',
          booking: {
            trackingNumber,
            cost: charged ? moneyOf(charged.price, charged.priceCurrency) : cost,
            parcels: consignment.parcels.length,
            ...(delivery && { estimatedDelivery: delivery }),
          },
          labels,
        };
      } catch (error) {
        return asFailure(error);
      }
    },

    /**
     * By our reference. What it finds it cannot print again, and what it does not find proves nothing. So its answer is never the end of
     * the matter, but it tells the person who has to look what to look for.
     */
    async enquire({ reference, since }): Promise<LabelOutcome> {
      try {
        const until = new Date(Date.parse(since) + 7 * 86_400_000).toISOString();
        const query = new URLSearchParams({
          ...{
            shipmentReference: reference,
            shipmentReferenceType: 'CU',
            shipperAccountNumber: accountNumber,
          },
          ...{ dateRangeFrom: since.slice(0, 10), dateRangeTo: until.slice(0, 10) },
        });
        const { shipments = [] } = await ask(patient, ['GET', `/tracking?${query}`], tracked);
        const found = shipments[0]?.shipmentTrackingNumber;
        return {
          kind: 'unknown',
          error: found ? `bought_without_label_${found}` : 'not_found_which_proves_nothing',
        };
      } catch (error) {
        const failure = asFailure(error);
        return failure.kind === 'rejected'
          ? { kind: 'unknown', error: 'not_found_which_proves_nothing' }
          : failure;
      }
    },

    /** DHL has no such request: it charges for what it carries, and a label that is thrown away here is never carried. */
    async void() {
      return { kind: 'voided' };
    },

    async track(trackingNumber) {
      try {
        const path = `/shipments/${encodeURIComponent(trackingNumber)}/tracking?trackingView=all-checkpoints`;
        const { shipments = [] } = await ask(patient, ['GET', path], tracked);
        const events = (shipments[0]?.events ?? []).flatMap((event): TrackingEvent[] => {
          const { date, time, GMTOffset, typeCode: code, description = code } = event;
          const at = instantOf(date, time, GMTOffset);
          return at ? [{ status: STATUS[code] ?? 'in_transit', at, code, description }] : [];
        });
        return { kind: 'tracked', events };
      } catch (error) {
        const failure = asFailure(error);
        return failure.kind === 'rejected'
          ? { kind: 'not_found' }
          : { kind: 'failed', error: errorOf(failure) };
      }
    },
  };
};
