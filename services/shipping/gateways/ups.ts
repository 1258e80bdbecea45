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
  createTokens,
  errorOf,
  harmless,
  Refused,
  refusalOf,
  tokenOf,
  withToken,
} from './carrierClient';
import { dateOf, instantOf, measuresFor } from './measures';

export interface UpsOptions extends CarrierOptions {
  clientId: string;
  clientSecret: string;
  accountNumber: string;
  /** ms after an attempt before 'not found' is believed; 60000 unless told. */
  settleMs?: number;
  now?: () => number;
}

const VERSION = 'v2409';
const SERVICES: Record<string, string> = {
  '01': 'UPS Next Day Air',
  '02': 'UPS 2nd Day Air',
  '03': 'UPS Ground',
  '07': 'UPS Worldwide Express',
  '08': 'UPS Worldwide Expedited',
  '11': 'UPS Standard',
  '12': 'UPS 3 Day Select',
  '13': 'UPS Next Day Air Saver',
  '14': 'UPS Next Day Air Early',
  '54': 'UPS Worldwide Express Plus',
  '59': 'UPS 2nd Day Air A.M.',
  '65': 'UPS Worldwide Saver',
};

/** Where there is one, UPS leaves out the list around it. */
const listOf = <T extends z.ZodType>(one: T) => z.union([z.array(one), one.transform((each) => [each])]);
const charge = z.object({ CurrencyCode: z.string(), MonetaryValue: z.string() });

const token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const problems = z.object({ response: z.object({ errors: z.array(z.object({ code: z.string() })).min(1) }) });
const rates = z.object({
  RateResponse: z.object({
    RatedShipment: listOf(
      z.object({
        Service: z.object({ Code: z.string() }),
        TotalCharges: charge,
        NegotiatedRateCharges: z.object({ TotalCharge: charge }).optional(),
        TimeInTransit: z
          .object({
            ServiceSummary: z.object({
              EstimatedArrival: z.object({ Arrival: z.object({ Date: z.string() }) }),
            }),
          })
          .optional(),
      }),
    ),
  }),
});
const shipped = z.object({
  ShipmentResponse: z.object({
    ShipmentResults: z.object({
      ShipmentIdentificationNumber: z.string().min(1),
      ShipmentCharges: z.object({ TotalCharges: charge }).optional(),
      NegotiatedRateCharges: z.object({ TotalCharge: charge.optional() }).optional(),
      PackageResults: listOf(
        z.object({
          TrackingNumber: z.string(),
          ShippingLabel: z.object({ GraphicImage: z.string() }).optional(),
        }),
      ),
    }),
  }),
});
const recovered = z.object({
  LabelRecoveryResponse: z.object({
    ShipmentIdentificationNumber: z.string().min(1),
    LabelResults: listOf(
      z.object({ TrackingNumber: z.string(), LabelImage: z.object({ GraphicImage: z.string() }) }),
    ),
  }),
});
const voided = z.object({
  VoidShipmentResponse: z.object({ SummaryResult: z.object({ Status: z.object({ Code: z.string() }) }) }),
});
const tracked = z.object({
  trackResponse: z.object({
    shipment: z.array(
      z.object({
        package: z
          .array(
            z.object({
              trackingNumber: z.string().optional(),
              activity: z
                .array(
                  z.object({
                    date: z.string().optional(),
                    time: z.string().optional(),
                    gmtDate: z.string().optional(),
                    gmtTime: z.string().optional(),
                    status: z.object({
                      type: z.string().optional(),
                      code: z.string().optional(),
                      description: z.string().optional(),
                    }),
                  }),
                )
                .optional(),
            }),
          )
          .optional(),
      }),
    ),
  }),
});

/** By the type of an activity; its code says more where the type is too coarse. */
const STATUS: Record<string, TrackingStatus> = {
  M: 'label_created',
  P: 'in_transit',
  I: 'in_transit',
  O: 'out_for_delivery',
  D: 'delivered',
  X: 'exception',
  RS: 'returned',
};

const address = ({ street, city, state, postalCode, country }: Address) => ({
  AddressLine: street,
  City: city,
  ...(state && { StateProvinceCode: state }),
  PostalCode: postalCode.replace(/[^A-Za-z0-9]/g, ''),
  CountryCode: country,
});
const party = (who: Address) => ({
  Name: who.company ?? who.name,
  AttentionName: who.name,
  Phone: { Number: who.phone.replace(/\D/g, '') },
  Address: address(who),
});

const packages = ({ from, parcels }: Consignment, packaging: string, reference?: string) => {
  const { of, weightUnit, lengthUnit } = measuresFor(from.country);
  return parcels.map((parcel) => {
    const { weight, length, width, height } = of(parcel);
    const unit = `${weightUnit}S`;
    return {
      [packaging]: { Code: '02' },
      // Of the package: for shipments within the United States one of the shipment is refused.
      ...(reference && { ReferenceNumber: [{ Value: reference }] }),
      Dimensions: {
        UnitOfMeasurement: { Code: lengthUnit, Description: lengthUnit === 'IN' ? 'Inches' : 'Centimeters' },
        ...{ Length: String(length), Width: String(width), Height: String(height) },
      },
      PackageWeight: {
        UnitOfMeasurement: { Code: unit, Description: unit === 'LBS' ? 'Pounds' : 'Kilograms' },
        Weight: String(weight),
      },
    };
  });
};

const image = (parcel: number, trackingNumber: string, graphic = ''): Label => ({
  ...{ parcel, trackingNumber, mediaType: 'image/gif', bytes: Buffer.from(graphic, 'base64') },
});

/** UPS's REST APIs: OAuth, Rating, Shipping with Label Recovery, Tracking. */
export const createUps = (options: UpsOptions): Carrier => {
  const { clientId, clientSecret, accountNumber, settleMs = 60_000, now = Date.now } = options;
  const { quick, patient } = createClients('ups', options);
  const tokens = createTokens(async () => {
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const answer = await quick.request('POST', '/security/v1/oauth/token', {
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { authorization: `Basic ${basic}`, 'x-merchant-id': accountNumber },
    });
    return tokenOf(answer, (body) => {
      const { access_token: value, expires_in: expiresIn } = token.parse(body);
      return { value, expiresIn };
    });
  });
  const send = withToken(tokens);
  const headers = () => ({ transId: randomUUID().replaceAll('-', ''), transactionSrc: 'ecommerce-platform' });

  const ask = async <T>(
    client: typeof quick,
    [method, path]: [string, string],
    answer: z.ZodType<T>,
    body?: object,
  ): Promise<T> => {
    const got = await send(client, method, `/api${path}`, { body, headers: headers() });
    if (got.status !== 200) {
      const code = problems.safeParse(got.body).data?.response.errors[0]?.code;
      throw new Refused(refusalOf(got.status, code && `ups_${code}`));
    }
    return answer.parse(got.body);
  };

  /** Label Recovery knows no such label, and neither does Tracking, a while after we asked: it was not bought. */
  const notFound = async (reference: string, attemptedAt: string): Promise<LabelOutcome> => {
    const query = `shipperNum=${encodeURIComponent(accountNumber)}&refNumType=SmallPackage`;
    const path = `/api/track/v1/reference/details/${encodeURIComponent(reference)}?${query}`;
    const { status } = await send(patient, 'GET', path, { headers: headers() });
    const settled = now() - Date.parse(attemptedAt) >= settleMs;
    if (status === 404 && settled) return { kind: 'not_bought' };
    return { kind: 'unknown', error: status === 200 ? 'tracked_without_label' : 'not_found_yet' };
  };

  return {
    name: 'ups',
    limits: {
      ...{ maxWeightGrams: 68_038, maxLengthMm: 2743, maxLengthPlusGirthMm: 4191, maxParcels: 25 },
    },

    async quote(consignment) {
      try {
        const body = {
          RateRequest: {
            Request: { RequestOption: 'Shop' },
            PickupType: { Code: '01' },
            Shipment: {
              Shipper: { ShipperNumber: accountNumber, Address: address(consignment.from) },
              ShipTo: { Address: address(consignment.to) },
              ShipFrom: { Address: address(consignment.from) },
              ShipmentRatingOptions: { NegotiatedRatesIndicator: 'Y' },
              DeliveryTimeInformation: {
                PackageBillType: '03',
                Pickup: { Date: consignment.shipDate.replaceAll('-', '') },
              },
              Package: packages(consignment, 'PackagingType'),
            },
          },
        };
        const path = `/rating/${VERSION}/Shop?additionalinfo=timeintransit`;
        const { RateResponse } = await ask(quick, ['POST', path], rates, body);
        const offers = RateResponse.RatedShipment.map((rated) => {
          const { CurrencyCode, MonetaryValue } =
            rated.NegotiatedRateCharges?.TotalCharge ?? rated.TotalCharges;
          const arrival = dateOf(rated.TimeInTransit?.ServiceSummary.EstimatedArrival.Arrival.Date);
          return {
            service: rated.Service.Code,
            serviceName: SERVICES[rated.Service.Code] ?? `UPS ${rated.Service.Code}`,
            cost: moneyOf(MonetaryValue, CurrencyCode),
            ...(arrival && { estimatedDelivery: arrival }),
          };
        });
        return { kind: 'offered', offers };
      } catch (error) {
        return harmless(asFailure(error));
      }
    },

    async buy({ service, reference, cost, estimatedDelivery, ...consignment }) {
      try {
        const from = party(consignment.from);
        const body = {
          ShipmentRequest: {
            Request: { RequestOption: 'nonvalidate', TransactionReference: { CustomerContext: reference } },
            Shipment: {
              Description: 'Merchandise',
              Shipper: { ...from, ShipperNumber: accountNumber },
              ShipTo: party(consignment.to),
              ShipFrom: from,
              PaymentInformation: {
                ShipmentCharge: [{ Type: '01', BillShipper: { AccountNumber: accountNumber } }],
              },
              Service: { Code: service },
              ShipmentRatingOptions: { NegotiatedRatesIndicator: 'Y' },
              Package: packages(consignment, 'Packaging', reference),
            },
            LabelSpecification: {
              LabelImageFormat: { Code: 'GIF' },
              LabelStockSize: { Height: '6', Width: '4' },
            },
          },
        };
        const { ShipmentResponse } = await ask(
          patient,
          ['POST', `/shipments/${VERSION}/ship`],
          shipped,
          body,
        );
        const { ShipmentResults: results } = ShipmentResponse;
        const charged = results.NegotiatedRateCharges?.TotalCharge ?? results.ShipmentCharges?.TotalCharges;
        return {
          kind: 'bought',
          booking: {
            trackingNumber: results.ShipmentIdentificationNumber,
            cost: charged ? moneyOf(charged.MonetaryValue, charged.CurrencyCode) : cost,
            parcels: results.PackageResults.length,
            ...(estimatedDelivery && { estimatedDelivery }),
          },
          labels: results.PackageResults.map(({ TrackingNumber, ShippingLabel }, index) =>
            image(index + 1, TrackingNumber, ShippingLabel?.GraphicImage),
          ),
        };
      } catch (error) {
        return asFailure(error);
      }
    },

    async enquire({ reference, attemptedAt, cost, estimatedDelivery }) {
      try {
        const body = {
          LabelRecoveryRequest: {
            Request: { RequestOption: 'nonvalidate' },
            LabelSpecification: { LabelImageFormat: { Code: 'GIF' } },
            ReferenceValues: { ReferenceNumber: { Value: reference }, ShipperNumber: accountNumber },
          },
        };
        const answer = await ask(patient, ['POST', '/labels/v1/recovery'], recovered, body);
        const { ShipmentIdentificationNumber, LabelResults } = answer.LabelRecoveryResponse;
        return {
          kind: 'bought',
          booking: {
            trackingNumber: ShipmentIdentificationNumber,
            ...{ cost, parcels: LabelResults.length },
            ...(estimatedDelivery && { estimatedDelivery }),
          },
          labels: LabelResults.map(({ TrackingNumber, LabelImage }, index) =>
            image(index + 1, TrackingNumber, LabelImage.GraphicImage),
          ),
        };
      } catch (error) {
        const failure = asFailure(error);
        if (failure.kind !== 'rejected') return failure;
        return notFound(reference, attemptedAt).catch(asFailure);
      }
    },

    async void({ trackingNumber }) {
      try {
        const path = `/shipments/${VERSION}/void/cancel/${encodeURIComponent(trackingNumber)}`;
        const { VoidShipmentResponse } = await ask(patient, ['DELETE', path], voided);
        const { Code } = VoidShipmentResponse.SummaryResult.Status;
        return Code === '1' ? { kind: 'voided' } : { kind: 'refused', error: `status_${Code}` };
      } catch (error) {
        const failure = asFailure(error);
        if (errorOf(failure) === ALREADY_VOIDED) return { kind: 'voided' };
        return { kind: failure.kind === 'rejected' ? 'refused' : 'failed', error: errorOf(failure) };
      }
    },

    async track(trackingNumber) {
      try {
        const path = `/api/track/v1/details/${encodeURIComponent(trackingNumber)}`;
        const got = await send(patient, 'GET', path, { headers: headers() });
        if (got.status === 404) return { kind: 'not_found' };
        if (got.status !== 200) throw new Refused(refusalOf(got.status, undefined));
        const activity = tracked.parse(got.body).trackResponse.shipment[0]?.package?.[0]?.activity ?? [];
        const events = activity.flatMap(({ status, ...when }): TrackingEvent[] => {
          const at = instantOf(when.gmtDate ?? when.date, when.gmtTime ?? when.time);
          const { type = '', code = type, description = code } = status;
          if (!at || !code) return [];
          return [{ status: STATUS[code] ?? STATUS[type] ?? 'in_transit', at, code, description }];
        });
        return { kind: 'tracked', events };
      } catch (error) {
        return { kind: 'failed', error: errorOf(asFailure(error)) };
      }
    },
  };
};

/** "The shipment has already been voided." */
const ALREADY_VOIDED = 'ups_190117';
