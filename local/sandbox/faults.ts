import express, { type Response, Router } from 'express';

const kinds = ['timeout_after_charge', 'error_500', 'rate_limit'] as const;
export type Fault = (typeof kinds)[number];

/** Faults that tests ask for, used up in turn by the next POST requests whose path holds `path` (any path, unless told). */
export const createFaults = () => {
  const next: { kind: Fault; path: string }[] = [];
  const held = new Set<Response>();
  return {
    /** @throws Error (status 400) when there is no such fault */
    add(body: unknown) {
      const { kind, count = 1, path = '' } = (body ?? {}) as { kind?: Fault; count?: number; path?: string };
      const wrong =
        !kind || !kinds.includes(kind)
          ? `kind must be one of ${kinds.join(', ')}`
          : !Number.isInteger(count) || count < 1 || count > 100
            ? 'count must be a whole number from 1 to 100'
            : undefined;
      if (!kind || wrong) throw Object.assign(new Error(wrong), { status: 400 });
      for (let i = 0; i < count; i++) next.push({ kind, path });
      next.splice(1000);
      return { faults: next.map((fault) => fault.kind) };
    },
    take(path: string): Fault | undefined {
      const index = next.findIndex((fault) => path.includes(fault.path));
      return index < 0 ? undefined : next.splice(index, 1)[0]?.kind;
    },
    /** Never answers; the connection stays until the caller gives up, a minute passes or the sandbox is reset. */
    hold(response: Response) {
      held.add(response);
      const timer = setTimeout(() => response.destroy(), 60_000);
      timer.unref();
      response.once('close', () => {
        clearTimeout(timer);
        held.delete(response);
      });
    },
    clear() {
      next.length = 0;
      for (const response of held) response.destroy();
    },
  };
};

export type Faults = ReturnType<typeof createFaults>;

/** What tests can do with every sandbox: `/faults {kind, count, path}`, `/webhooks {lateMs}`, `/reset`. */
export const controls = (
  faults: Faults,
  webhooks: { late(ms: number): void },
  store: { clear(): void },
): Router => {
  const router = Router();
  router.use(express.json());
  router.post('/faults', (request, response) => void response.json(faults.add(request.body)));
  router.post('/webhooks', (request, response) => {
    const { lateMs = 0 } = (request.body ?? {}) as { lateMs?: number };
    webhooks.late(Number(lateMs));
    response.json({ status: 'ok' });
  });
  router.post('/reset', (_, response) => {
    store.clear();
    faults.clear();
    webhooks.late(0);
    response.json({ status: 'ok' });
  });
  return router;
};
