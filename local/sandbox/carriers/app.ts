import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { createDesk, type Desk, type DeskOptions } from './desk';
import { dhl, dhlProblem } from './dhl';
import { CarrierError, invalid } from './errors';
import { createFaults } from './faults';
import { fedex, fedexProblem } from './fedex';
import { type CarrierName, carriers, type Store } from './store';
import { ups, upsProblem } from './ups';
import { usps, uspsProblem } from './usps';

export interface SandboxOptions {
  store: Store;
  /** ms a parcel stays at each step of its way; a minute unless told. */
  stepMs?: number;
  now?: () => number;
}

const offices: Record<
  CarrierName,
  { problem: DeskOptions['problem']; open: (desk: Desk, now: () => number) => Router }
> = {
  fedex: { problem: fedexProblem, open: fedex },
  ups: { problem: upsProblem, open: ups },
  dhl: { problem: dhlProblem, open: dhl },
  usps: { problem: uspsProblem, open: usps },
};

/** The sandbox as an express app: each carrier's API at the carrier's own paths, controls for tests below /_sandbox. */
export const createSandbox = ({ store, stepMs = 60_000, now = Date.now }: SandboxOptions) => {
  const app = express();
  const faults = createFaults();

  app.disable('x-powered-by');
  app.get('/health', (_, response) => void response.json({ status: 'ok' }));
  app.get('/ready', (_, response) => void response.json({ status: 'ok' }));
  app.use(express.json({ limit: '200kb' }));
  for (const carrier of carriers) {
    const { problem, open } = offices[carrier];
    app.use(open(createDesk({ carrier, store, faults, now, stepMs, problem }), now));
  }

  app.get('/_sandbox/labels', (_, response) => void response.json({ labels: store.all() }));
  app.post('/_sandbox/faults', (request, response) => void response.json(faults.add(request.body)));
  app.post('/_sandbox/move', (request, response) => {
    const { trackingNumber } = (request.body ?? {}) as { trackingNumber?: string };
    const label = store.all().find(({ id }) => id === trackingNumber);
    if (!label) throw new CarrierError(404, 'LABEL', 'There is no label of that trackingNumber.');
    const moves = [...label.moves, now()];
    store.save({ ...label, moves });
    response.json({ moves: moves.length });
  });
  app.post('/_sandbox/reset', (_, response) => {
    store.clear();
    faults.clear();
    response.json({ status: 'ok' });
  });

  app.use((request: Request) => {
    throw new CarrierError(404, 'NOT.FOUND', `No carrier has ${request.method} ${request.path}.`);
  });
  app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const status = (error as { status?: number }).status ?? 500;
    const known =
      error instanceof CarrierError
        ? error
        : status < 500
          ? invalid('MALFORMED', (error as Error).message)
          : new CarrierError(500, 'INTERNAL', 'The sandbox itself failed.');
    if (known.status >= 500) console.error(error);
    response.status(known.status).json({ code: known.code, message: known.message });
  });
  return { app, close: () => faults.clear() };
};
