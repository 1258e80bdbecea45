import { randomBytes, randomInt } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { CarrierError, invalid } from './errors';
import type { Faults, Operation } from './faults';
import type { CarrierName, Label, Store } from './store';

export interface DeskOptions {
  carrier: CarrierName;
  store: Store;
  faults: Faults;
  now: () => number;
  /** ms a parcel stays at each step of its way. */
  stepMs: number;
  /** An error as this carrier writes it. */
  problem(status: number, code: string, message: string): object;
}

export type Answer = { status?: number; body: object };

/** The steps of every parcel's way, in words each carrier has a code for. */
export const steps = ['created', 'picked_up', 'in_transit', 'out_for_delivery', 'delivered'] as const;
export type Step = (typeof steps)[number];

/** Where no letter has ever arrived: every carrier refuses it. */
export const NOWHERE = '00000';

export const digits = (count: number) => Array.from({ length: count }, () => randomInt(10)).join('');

/** What all four carriers have in common: tokens, labels, parcels that move, and failures on demand. */
export const createDesk = ({ carrier, store, faults, now, stepMs, problem }: DeskOptions) => {
  /** In memory only: after a restart the old ones are refused, as after a rotation of theirs. */
  const tokens = new Set<string>();

  const fail = (error: unknown, response: Response) => {
    const known =
      error instanceof CarrierError ? error : new CarrierError(500, 'INTERNAL', 'The sandbox itself failed.');
    if (!(error instanceof CarrierError)) console.error(error);
    response.status(known.status).json(problem(known.status, known.code, known.message));
  };

  return {
    issueToken(): string {
      const token = randomBytes(24).toString('base64url');
      tokens.add(token);
      if (tokens.size > 1000) tokens.delete(tokens.values().next().value!);
      return token;
    },

    knows: (token: string) => tokens.has(token),

    /** 401 without a token of ours. */
    withToken: (request: Request, response: Response, next: NextFunction) => {
      const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (given && tokens.has(given)) return next();
      fail(new CarrierError(401, 'NOT.AUTHORIZED', 'Access token invalid or ended.'), response);
    },

    /** One request: a fault that is planned for it, else what `handle` says. */
    endpoint:
      (operation: Operation | undefined, handle: (request: Request) => Answer): RequestHandler =>
      async (request, response) => {
        const fault = operation && faults.take(carrier, operation);
        try {
          if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 3000).unref());
          if (fault === 'token_ended') {
            tokens.clear();
            throw new CarrierError(401, 'NOT.AUTHORIZED', 'Access token ended.');
          }
          if (fault === 'rate_limit') throw new CarrierError(429, 'TOO.MANY.REQUESTS', 'Slow down.');
          if (fault === 'refused') throw invalid('SHIPMENT.REFUSED', 'Not taken.');
          if (fault === 'error_500')
            throw new CarrierError(500, 'INTERNAL.SERVER.ERROR', 'Something went wrong.');
          const { status = 200, body } = handle(request);
          // The worst cases for a buyer: the label is bought, and it never hears of it.
          if (fault === 'timeout_after_label') return faults.hold(response);
          if (fault === 'error_500_after_label') {
            throw new CarrierError(500, 'INTERNAL.SERVER.ERROR', 'Something went wrong.');
          }
          response.status(status).json(body);
        } catch (error) {
          fail(error, response);
        }
      },

    sell(label: Omit<Label, 'carrier' | 'created' | 'voided' | 'moves'>): Label {
      const sold = { ...label, carrier, created: now(), voided: false, moves: [] };
      store.save(sold);
      return sold;
    },

    bought: (reference: string) =>
      store.where(carrier, (label) => label.reference === reference && !label.voided),
    byKey: (key: string) => store.where(carrier, (label) => label.key === key)[0],
    find: (number: string) => store.find(carrier, number),
    /** Marks a label void. @throws CarrierError where it is not to be had back */
    void(label: Label, { already, moving }: { already: string; moving: string }) {
      if (label.voided) throw invalid(already, 'It is void already.');
      if (journey(label, now(), stepMs).length > 1) throw invalid(moving, 'The parcel has been picked up.');
      store.save({ ...label, voided: true });
    },
    journey: (label: Label) => journey(label, now(), stepMs),
  };
};
export type Desk = ReturnType<typeof createDesk>;

/** The steps a parcel has made, each with its time: by hand where somebody moved it, else one after the other. */
const journey = (
  { created, moves, voided }: Label,
  now: number,
  stepMs: number,
): { step: Step; at: Date }[] => {
  const made = voided ? 0 : Math.max(moves.length, Math.floor((now - created) / stepMs));
  return steps.slice(0, made + 1).map((step, index) => ({
    step,
    at: new Date(index === 0 ? created : (moves[index - 1] ?? created + index * stepMs)),
  }));
};

/** Something like a price: a base and so much a kilogram, in minor units. */
export const priceOf = (base: number, perKilogram: number, kilograms: number): number =>
  base + Math.round(perKilogram * Math.max(kilograms, 0.5));

export const decimal = (minor: number): number => Number((minor / 100).toFixed(2));
export const kilogramsOf = (weight: number, unit: string): number =>
  /^LB/i.test(unit) ? weight * 0.45359237 : weight;
export const inDays = (from: number, days: number): string =>
  new Date(from + days * 86_400_000).toISOString().slice(0, 10);

/** The smallest file that every viewer takes for a PDF with one page. */
export const pdf = (text: string): string => {
  const line = text.replace(/[()\\]/g, ' ');
  const stream = `BT /F1 12 Tf 20 200 Td (${line}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return String(offset).padStart(10, '0');
  });
  const start = file.length;
  file += `xref\n0 6\n0000000000 65535 f \n${offsets.map((offset) => `${offset} 00000 n \n`).join('')}`;
  file += `trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file).toString('base64');
};

/** One grey pixel. */
export const gif = 'R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==';
