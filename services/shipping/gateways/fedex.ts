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
import { dateOf, measuresFor } from './measures';

export interface FedexOptions extends CarrierOptions {
  clientId: string;
  clientSecret: string;
  accountNumber: string;
}

const token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const problems = z.object({ errors: z.array(z.object({ code: z.string() })).min(1) });
const rates = z.object({
  output: z.object({
    rateReplyDetails: z.array(
      z.object({
        serviceType: z.string(),
        serviceName: z.string().optional(),
        ratedShipmentDetails: z
          .array(
            z.object({
              totalNetCharge: z.number(),
              shipmentRateDetail: z.object({ currency: z.string() }),
            }),
          )
          .min(1),
        operationalDetail: z.object({ deliveryDate: z.string().optional() }).optional(),
      }),
    ),
  }),
});
const shipped = z.object({
  output: z.object({
    transactionShipments: z
      .array(
        z.object({
          masterTrackingNumber: z.string().min(1),
          pieceResponses: z.array(
            z.object({
              trackingNumber: z.string(),
              packageDocuments: z
                .array(z.object({ contentType: z.string().optional(), encodedLabel: z.string().optional() }))
                .optional(),
            }),
          ),
          completedShipmentDetail: z
            .object({
              operationalDetail: z.object({ deliveryDate: z.string().optional() }).optional(),
              shipmentRating: z
                .object({
                  shipmentRateDetails: z.array(
                    z.object({ totalNetCharge: z.number(), currency: z.string() }),
                  ),
                })
                .optional(),
            })
            .optional(),
        }),
      )
      .min(1),
  }),
});
const cancelled = z.object({ output: z.object({ cancelledShipment: z.boolean() }) });
const trackResult = z.object({
  error: z.object({ code: z.string() }).optional(),
  trackingNumberInfo: z.object({ trackingNumber: z.string() }).optional(),
  scanEvents: z
    .array(
      z.object({
        date: z.string(),
        eventType: z.string().optional(),
        derivedStatusCode: z.string().optional(),
        eventDescription: z.string().optional(),
      }),
    )
    .optional(),
});
const tracked = z.object({
  output: z.object({
    completeTrackResults: z.array(
      z.object({ trackingNumber: z.string().optional(), trackResults: z.array(trackResult) }),
    ),
  }),
});

const STATUS: Record<string, TrackingStatus> = {
  OC: 'label_created',
  OD: 'out_for_delivery',
  DL: 'delivered',
  RS: 'returned',
  DE: 'exception',
  SE: 'exception',
  CA: 'exception',
};

const party = ({ name, company, street, city, state, postalCode, country, phone, email }: Address) => ({
  contact: {
    personName: name,
    phoneNumber: phone.replace(/\D/g, ''),
    ...(company && { companyName: company }),
    ...(email && { emailAddress: email }),
  },
  address: {
    streetLines: street,
    city,
    ...(state && { stateOrProvinceCode: state }),
    postalCode,
    countryCode: country,
  },
});

const place = (address: Address) => {
  const { city, stateOrProvinceCode, postalCode, countryCode } = party(address).address;
  return { address: { city, ...(stateOrProvinceCode && { stateOrProvinceCode }), postalCode, countryCode } };
};

const packages = ({ from, parcels }: Consignment, reference?: string) => {
  const { of, weightUnit, lengthUnit } = measuresFor(from.country);
  return parcels.map((parcel, index) => {
    const { weight, length, width, height } = of(parcel);
    return {
      ...(reference && {
        sequenceNumber: index + 1,
        customerReferences: [{ customerReferenceType: 'CUSTOMER_REFERENCE', value: reference }],
      }),
      weight: { units: weightUnit, value: weight },
      dimensions: { length, width, height, units: lengthUnit },
    };
  });
};

/** FedEx's REST APIs: OAuth, rates, ship, track. */
export const createFedex = (options: FedexOptions): Carrier => {
  const { clientId, clientSecret, accountNumber } = options;
  const { quick, patient } = createClients('fedex', options);
  const account = { value: accountNumber };
  const tokens = createTokens(async () => {
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const answer = await quick.request('POST', '/oauth/token', { body: new URLSearchParams(form) });
    return tokenOf(answer, (body) => {
      const { access_token: value, expires_in: expiresIn } = token.parse(body);
      return { value, expiresIn };
    });
  });
  const send = withToken(tokens);

  const ask = async <T>(
    client: typeof quick,
    [method, path]: [string, string],
    body: object,
    answer: z.ZodType<T>,
    reference?: string,
  ): Promise<T> => {
    const headers = { ...(reference && { 'x-customer-transaction-id': reference }) };
    const got = await send(client, method, path, { body, headers });
    if (got.status !== 200) {
      throw new Refused(refusalOf(got.status, problems.safeParse(got.body).data?.errors[0]?.code));
    }
    return answer.parse(got.body);
  };

  return {
    name: 'fedex',
    limits: {
      ...{ maxWeightGrams: 68_038, maxLengthMm: 2743, maxLengthPlusGirthMm: 4191, maxParcels: 25 },
    },

    async quote(consignment) {
      try {
        const body = {
          accountNumber: account,
          rateRequestControlParameters: { returnTransitTimes: true },
          requestedShipment: {
            shipper: place(consignment.from),
            recipient: place(consignment.to),
            shipDateStamp: consignment.shipDate,
            pickupType: 'USE_SCHEDULED_PICKUP',
            rateRequestType: ['ACCOUNT'],
            packagingType: 'YOUR_PACKAGING',
            totalPackageCount: consignment.parcels.length,
            requestedPackageLineItems: packages(consignment),
          },
        };
        const { output } = await ask(quick, ['POST', '/rate/v1/rates/quotes'], body, rates);
        const offers = output.rateReplyDetails.map(
          ({ serviceType, serviceName, ratedShipmentDetails: [rated], operationalDetail }) => {
            const estimatedDelivery = dateOf(operationalDetail?.deliveryDate);
            return {
              service: serviceType,
              serviceName: serviceName ?? serviceType,
              cost: moneyOf(rated!.totalNetCharge, rated!.shipmentRateDetail.currency),
              ...(estimatedDelivery && { estimatedDelivery }),
            };
          },
        );
        return { kind: 'offered', offers };
      } catch (error) {
        return harmless(asFailure(error));
      }
    },

    async buy({ service, reference, cost, estimatedDelivery, ...consignment }) {
      try {
        const items = packages(consignment, reference);
        const body = {
          requestedShipment: {
            shipper: party(consignment.from),
            recipients: [party(consignment.to)],
            shipDatestamp: consignment.shipDate,
            serviceType: service,
            packagingType: 'YOUR_PACKAGING',
            pickupType: 'USE_SCHEDULED_PICKUP',
            totalWeight: Number(items.reduce((sum, { weight }) => sum + weight.value, 0).toFixed(1)),
            shippingChargesPayment: { paymentType: 'SENDER' },
            labelSpecification: { imageType: 'PDF', labelStockType: 'PAPER_4X6' },
            totalPackageCount: items.length,
            requestedPackageLineItems: items,
          },
          labelResponseOptions: 'LABEL',
          accountNumber: account,
        };
        const { output } = await ask(patient, ['POST', '/ship/v1/shipments'], body, shipped, reference);
        const { masterTrackingNumber, pieceResponses, completedShipmentDetail } =
          output.transactionShipments[0]!;
        const labels = pieceResponses.flatMap(({ trackingNumber, packageDocuments = [] }, index): Label[] => {
          const document = packageDocuments.find(
            ({ encodedLabel, contentType = 'LABEL' }) => encodedLabel && contentType === 'LABEL',
          );
          const bytes = Buffer.from(document?.encodedLabel ?? '', 'base64');
          return [{ parcel: index + 1, trackingNumber, mediaType: 'application/pdf', bytes }];
        });
        const rated = completedShipmentDetail?.shipmentRating?.shipmentRateDetails[0];
        const delivery =
          dateOf(completedShipmentDetail?.operationalDetail?.deliveryDate) ?? estimatedDelivery;
        return {
          kind: 'bought',
          booking: {
            trackingNumber: masterTrackingNumber,
            cost: rated ? moneyOf(rated.totalNetCharge, rated.currency) : cost,
            parcels: labels.length,
            ...(delivery && { estimatedDelivery: delivery }),
          },
          labels,
        };
      } catch (error) {
        return asFailure(error);
      }
    },

    /** By our reference. What it finds it cannot print again; what it does not find it may find later: that proves nothing. */
    async enquire({ reference, since }): Promise<LabelOutcome> {
      try {
        const body = {
          includeDetailedScans: false,
          referencesInformation: {
            type: 'CUSTOMER_REFERENCE',
            value: reference,
            accountNumber,
            shipDateBegin: since.slice(0, 10),
            shipDateEndDate: new Date(Date.parse(since) + 7 * 86_400_000).toISOString().slice(0, 10),
          },
        };
        const { output } = await ask(patient, ['POST', '/track/v1/referencenumbers'], body, tracked);
        for (const { trackResults } of output.completeTrackResults) {
          for (const { error, trackingNumberInfo } of trackResults) {
            if (!error && trackingNumberInfo) {
              return { kind: 'lost', trackingNumber: trackingNumberInfo.trackingNumber };
            }
          }
        }
        return { kind: 'unknown', error: 'not_found_which_proves_nothing' };
      } catch (error) {
        return asFailure(error);
      }
    },

    async void({ trackingNumber }) {
      try {
        const body = { accountNumber: account, trackingNumber, deletionControl: 'DELETE_ALL_PACKAGES' };
        const { output } = await ask(patient, ['PUT', '/ship/v1/shipments/cancel'], body, cancelled);
        return output.cancelledShipment ? { kind: 'voided' } : { kind: 'refused', error: 'not_cancelled' };
      } catch (error) {
        const failure = asFailure(error);
        if (/ALREADY[._]?CANCEL/i.test(errorOf(failure))) return { kind: 'voided' };
        return { kind: failure.kind === 'rejected' ? 'refused' : 'failed', error: errorOf(failure) };
      }
    },

    async track(trackingNumber) {
      try {
        const body = {
          includeDetailedScans: true,
          trackingInfo: [{ trackingNumberInfo: { trackingNumber } }],
        };
        const { output } = await ask(patient, ['POST', '/track/v1/trackingnumbers'], body, tracked);
        const result = output.completeTrackResults[0]?.trackResults[0];
        if (!result || result.error) return { kind: 'not_found' };
        const events = (result.scanEvents ?? []).flatMap((scan): TrackingEvent[] => {
          const at = Date.parse(scan.date);
          const code = scan.eventType ?? scan.derivedStatusCode ?? '';
          if (Number.isNaN(at) || !code) return [];
          const description = scan.eventDescription ?? code;
          return [
            { status: STATUS[code] ?? 'in_transit', at: new Date(at).toISOString(), code, description },
          ];
        });
        return { kind: 'tracked', events };
      } catch (error) {
        return { kind: 'failed', error: errorOf(asFailure(error)) };
      }
    },
  };
};
