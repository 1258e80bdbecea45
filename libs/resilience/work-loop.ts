import type { Logger } from '../telemetry';

export interface WorkLoopOptions {
  /** Does some of the work there is. @returns whether more waits; what comes meanwhile wakes the loop by itself. */
  step(): Promise<boolean>;
  /** What the log says when a step fails: 'events wait in the outbox'. */
  waiting: string;
  logger: Logger;
  /** Looks for work this often even if nobody wakes it; 1000 ms unless told. */
  pollMs?: number;
  /** For work that may show up a moment after its wake-up: looks again after this many ms, then after twice as many, up to `pollMs`. */
  lateMs?: number;
  /** Rests for so many ms when nothing waits any more, even if woken: what comes meanwhile is done together. None unless told. */
  restMs?: number;
}

export interface WorkLoop {
  /** There may be something to do. */
  wake(): void;
  /** Waits for the step in hand. */
  stop(): Promise<void>;
}

/** Step after step while there is work, then asleep until woken. A step that fails is tried again, with growing pauses up to 5 s. */
export function startWorkLoop(options: WorkLoopOptions): WorkLoop {
  const { step, waiting, logger, pollMs = 1000, lateMs = pollMs, restMs = 0 } = options;
  let stopped = false;
  let woken = false;
  let failures = 0;
  let looks = 0;
  let interrupt: () => void = () => undefined;
  let resting = false;

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const work = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      try {
        while (!stopped && (await step())) looks = 0;
        failures = 0;
        if (restMs > 0 && !stopped) {
          resting = true;
          await sleep(restMs);
          resting = false;
        }
        if (!woken && !stopped) await sleep(Math.min(pollMs, lateMs * 2 ** looks++));
      } catch (error) {
        failures++;
        if (failures === 1 || failures % 20 === 0)
          logger.warn({ err: error, failures }, `${waiting}, trying again`);
        if (!stopped) await sleep(Math.min(5000, 100 * 2 ** failures));
      }
    }
  };
  const working = work();
  return {
    wake() {
      woken = true;
      looks = 0;
      // After a failure new work is no reason to hurry.
      if (failures === 0 && !resting) interrupt();
    },
    async stop() {
      stopped = true;
      interrupt();
      await working;
    },
  };
}
