import { createServer, type Server } from 'node:http';
import { createTerminus } from '@godaddy/terminus';
import type { Express } from 'express';
import type { Logger } from '../telemetry';
import { announceShutdown } from './app';

export interface ServeOptions {
  port: number;
  logger: Logger;
  /** Told first of all: callers are to stop coming. Runs beside the drain and may not throw. */
  onLeaving?: () => Promise<void>;
  /** Closes what main opened (consumers, relay, pools), after the last request is answered. */
  onShutdown: () => Promise<void>;
  /** How long requests are still taken after SIGTERM, while endpoints are being updated; 5 s unless told. */
  drainMs?: number;
}

/**
 * Listens, and leaves gracefully on SIGTERM or SIGINT: /ready says no, requests are served for `drainMs` more, open
 * ones get up to 12 s, then `onShutdown`, exit 0; all within 25 s.
 * @throws when the port cannot be had, saying what to do.
 */
export async function serve(app: Express, options: ServeOptions): Promise<Server> {
  const { port, logger, onLeaving, onShutdown, drainMs = 5000 } = options;
  const server = createServer(app);
  // Longer than the proxies in front keep idle connections, or they would now and then reuse one we just closed.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 15_000;
  server.requestTimeout = 30_000;
  createTerminus(server, {
    signals: ['SIGTERM', 'SIGINT'],
    useExit0: true,
    timeout: 12_000,
    beforeShutdown: async () => {
      logger.info('shutting down');
      announceShutdown(app);
      await Promise.all([onLeaving?.(), new Promise((resolve) => setTimeout(resolve, drainMs))]);
    },
    onSignal: () => withLimit(onShutdown(), 6000, logger),
    logger: (message, error) => logger.error({ err: error }, message),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? Object.assign(error, {
              hint: `Something else listens on port ${port}: stop it or set PORT to a free one.`,
            })
          : error,
      ),
    );
    server.listen(port, resolve);
  });
  logger.info({ port }, 'listening');
  return server;
}

async function withLimit(work: Promise<void>, ms: number, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.warn({ ms }, 'not everything could be closed in time, leaving anyway');
      resolve();
    }, ms);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
