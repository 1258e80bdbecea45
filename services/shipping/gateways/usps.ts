import { uuidOf } from '@platform/libs/ids';
import { z } from 'zod';
import type { Carrier, LabelOutcome, Offer } from '../application/ports';
import type { Address } from '../domain/address';
import { type Money, moneyOf } from '../domain/money';
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
  type Token,
  tokenOf,
  withToken,
} from './carrierClient';
import { dateOf, imperial } from './measures';

export interface UspsOptions extends CarrierOptions {
  clientId: string;
  clientSecret: string;
  /** Who pays: customer registration id, mailer id and enterprise payment account. */
  crid: string;
  mid: string;
  accountNumber: string;
}

const CURRENCY = 'USD';
const JSON_LABELS = 'application/vnd.usps.labels+json';

const token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });
const paymentToken = z.object({ paymentAuthorizationToken: z.string().min(1) });
const problem = z.object({
  error: z.object({
    code: z.string().optional(),
    errors: z.array(z.object({ code: z.string().optional() })).optional(),
  }),
});
const prices = z.object({
  rateOptions: z.array(
    z.object({
      totalBasePrice: z.number(),
      rates: z
        .array(
          z.object({
            mailClass: z.string(),
            productName: z.string().optional(),
            processingCategory: z.string(),
            rateIndicator: z.string(),
            destinationEntryFacilityType: z.string().optional(),
          }),
        )
        .min(1),
    }),
  ),
});
const metadata = z.object({
  trackingNumber: z.string().min(1),
  postage: z.number().optional(),
  commitment: z.object({ scheduleDeliveryDate: z.string().optional() }).optional(),
});
const labelled = metadata.extend({ labelImage: z.string().default('') });
const reprinted = z.object({ labelMetadata: metadata, labelImage: z.string().default('') });
const cancelled = z.object({ status: z.string() });
const tracked = z.object({
  trackingEvents: z
    .array(
      z.object({
        eventCode: z.string(),
        eventType: z.string().optional(),
        GMTTimestamp: z.string().optional(),
        eventTimestamp: z.string().optional(),
      }),
    )
    .optional(),
});

/** Sold to anybody over the counter; the others are for mailers who sort. */
const CLASSES = new Set(['USPS_GROUND_ADVANTAGE', 'PRIORITY_MAIL', 'PRIORITY_MAIL_EXPRESS']);
const SINGLE_PIECE = 'SP';

const STATUS: Record<string, TrackingStatus> = {
  GX: 'label_created',
  MA: 'label_created',
  OF: 'out_for_delivery',
  '01': 'delivered',
  '02': 'exception',
  '04': 'exception',
  '05': 'exception',
  '09': 'returned',
  '21': 'exception',
  '29': 'returned',
};

/** USPS wants the key to be a UUID. */
const keyOf = (reference: string): string => uuidOf(`usps label ${reference}`, 4);

const zip = ({ postalCode }: Address) => postalCode.slice(0, 5);
const party = ({ name, company, street: [first = '', second], city, state, ...rest }: Address) => {
  const words = name.trim().split(/\s+/);
  const lastName = words.length > 1 ? words.pop() : undefined;
  const [, plus4] = /^\d{5}-?(\d{4})$/.exec(rest.postalCode) ?? [];
  return {
    firstName: words.join(' '),
    ...(lastName && { lastName }),
    ...(company && { firm: company }),
    streetAddress: first,
    ...(second && { secondaryAddress: second }),
    ...{ city, state, ZIPCode: zip(rest as Address) },
    ...(plus4 && { ZIPPlus4: plus4 }),
  };
};

/** USPS's APIs: OAuth, domestic prices, labels, tracking. One label is one parcel, so it is only asked for shipments of one. */
export const createUsps = (options: UspsOptions): Carrier => {
  const { clientId, clientSecret, crid, mid, accountNumber } = options;
  const { quick, patient } = createClients('usps', options);
  const tokens = createTokens(async (): Promise<Token> => {
    const body = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const answer = await quick.request('POST', '/oauth2/v3/token', { body });
    return tokenOf(answer, (got) => {
      const { access_token: value, expires_in: expiresIn } = token.parse(got);
      return { value, expiresIn };
    });
  });
  const send = withToken(tokens);
  /** Allows labels to be charged to our account. Good for eight hours. */
  const payments = createTokens(async (): Promise<Token> => {
    const role = { CRID: crid, MID: mid, manifestMID: mid, accountType: 'EPS', accountNumber };
    const roles = [
      { roleName: 'PAYER', ...role },
      { roleName: 'LABEL_OWNER', ...role },
    ];
    const answer = await send(quick, 'POST', '/payments/v3/payment-authorization', { body: { roles } });
    return tokenOf(answer, (got) => ({
      value: paymentToken.parse(got).paymentAuthorizationToken,
      expiresIn: 7 * 3600,
    }));
  });

  const refused = (status: number, body: unknown) => {
    const { error } = problem.safeParse(body).data ?? {};
    const code = error?.errors?.[0]?.code ?? error?.code;
    return new Refused(refusalOf(status, code && `usps_${code}`));
  };
  const ask = async <T>(
    client: typeof quick,
    [method, path]: [string, string],
    answer: z.ZodType<T>,
    more: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<T> => {
    const got = await send(client, method, path, more);
    if (got.status !== 200) throw refused(got.status, got.body);
    return answer.parse(got.body);
  };
  /** A request that is charged to our account. Payment that ended early is authorised anew once: its refusal says that nothing was done. */
  const askPaid = async <T>(
    request: [string, string],
    answer: z.ZodType<T>,
    { body, reference }: { body?: object; reference?: string },
  ): Promise<T> => {
    const once = async () => {
      const headers = {
        accept: JSON_LABELS,
        'X-Payment-Authorization-Token': await payments.get(),
        ...(reference && { 'X-Idempotency-Key': keyOf(reference) }),
      };
      return ask(patient, request, answer, { body, headers });
    };
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind !== 'misconfigured') throw error;
      payments.drop();
      return once();
    }
  };

  const bought = (
    { trackingNumber, postage, commitment }: z.infer<typeof metadata>,
    labelImage: string,
    offered: { cost: Money; estimatedDelivery?: string },
  ): LabelOutcome => {
    const delivery = dateOf(commitment?.scheduleDeliveryDate) ?? offered.estimatedDelivery;
    return {
      kind: 'bought',
      booking: {
        trackingNumber,
        cost: postage === undefined ? offered.cost : moneyOf(postage, CURRENCY),
        parcels: 1,
        ...(delivery && { estimatedDelivery: delivery }),
      },
      labels: [
        { parcel: 1, trackingNumber, mediaType: 'application/pdf', bytes: Buffer.from(labelImage, 'base64') },
      ],
    };
  };

  return {
    name: 'usps',
    limits: { ...{ maxWeightGrams: 31_751, maxLengthMm: 2743, maxLengthPlusGirthMm: 2743, maxParcels: 1 } },

    async quote({ from, to, parcels: [parcel], shipDate }) {
      if (from.country !== 'US' || to.country !== 'US' || !parcel) {
        return { kind: 'rejected', reason: 'domestic_only' };
      }
      try {
        const body = {
          ...{ originZIPCode: zip(from), destinationZIPCode: zip(to), ...imperial(parcel) },
          ...{ priceType: 'COMMERCIAL', mailingDate: shipDate },
        };
        const { rateOptions } = await ask(quick, ['POST', '/prices/v3/base-rates-list/search'], prices, {
          body,
        });
        const offers = new Map<string, Offer>();
        for (const { totalBasePrice, rates } of rateOptions) {
          const [{ mailClass, productName, processingCategory, rateIndicator, ...rate }] = rates as [
            (typeof rates)[number],
          ];
          const entry = rate.destinationEntryFacilityType ?? 'NONE';
          if (!CLASSES.has(mailClass) || rateIndicator !== SINGLE_PIECE || entry !== 'NONE') continue;
          const cost = moneyOf(totalBasePrice, CURRENCY);
          const known = offers.get(mailClass);
          if (known && known.cost.amount <= cost.amount) continue;
          offers.set(mailClass, {
            service: `${mailClass}:${processingCategory}`,
            serviceName: `USPS ${productName ?? mailClass}`,
            cost,
          });
        }
        return { kind: 'offered', offers: [...offers.values()] };
      } catch (error) {
        return harmless(asFailure(error));
      }
    },

    async buy({ service, reference, parcels, from, to, shipDate, ...offered }) {
      try {
        const [mailClass, processingCategory] = service.split(':');
        const body = {
          imageInfo: { imageType: 'PDF', labelType: '4X6LABEL', receiptOption: 'NONE' },
          toAddress: party(to),
          fromAddress: party(from),
          packageDescription: {
            ...{ mailClass, processingCategory, rateIndicator: SINGLE_PIECE },
            ...{ weightUOM: 'lb', dimensionsUOM: 'in', ...imperial(parcels[0]!) },
            ...{ destinationEntryFacilityType: 'NONE', mailingDate: shipDate },
          },
        };
        const { labelImage, ...found } = await askPaid(['POST', '/labels/v3/label'], labelled, {
          ...{ body, reference },
        });
        return bought(found, labelImage, offered);
      } catch (error) {
        return asFailure(error);
      }
    },

    /** By the key of the purchase. Were the answer wrong, buying again under the same key would still give the same label. */
    async enquire({ reference, ...offered }) {
      try {
        const body = { imageInfo: { imageType: 'PDF', labelType: '4X6LABEL' } };
        const answer = await askPaid(['POST', '/labels/v3/label-reprint'], reprinted, { body, reference });
        return bought(answer.labelMetadata, answer.labelImage, offered);
      } catch (error) {
        const failure = asFailure(error);
        return failure.kind === 'rejected' ? { kind: 'not_bought' } : failure;
      }
    },

    async void({ trackingNumber }) {
      try {
        const path = `/labels/v3/label/${encodeURIComponent(trackingNumber)}`;
        const { status } = await askPaid(['DELETE', path], cancelled, {});
        // Disputed: a refund has been asked for and is being looked at; the label is void all the same.
        return status === 'CANCELED' || status === 'DISPUTED'
          ? { kind: 'voided' }
          : { kind: 'refused', error: 'not_cancelled' };
      } catch (error) {
        const failure = asFailure(error);
        return { kind: failure.kind === 'rejected' ? 'refused' : 'failed', error: errorOf(failure) };
      }
    },

    async track(trackingNumber) {
      try {
        const path = `/tracking/v3/tracking/${encodeURIComponent(trackingNumber)}?expand=DETAIL`;
        const got = await send(patient, 'GET', path);
        if (got.status === 404) return { kind: 'not_found' };
        if (got.status !== 200) throw refused(got.status, got.body);
        const events = (tracked.parse(got.body).trackingEvents ?? []).flatMap((event): TrackingEvent[] => {
          const { eventCode: code, eventType: description = code } = event;
          const at = Date.parse(event.GMTTimestamp ?? event.eventTimestamp ?? '');
          if (Number.isNaN(at)) return [];
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
