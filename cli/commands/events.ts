import { LocalError } from '@platform/local/errors';
import { plainProgress } from '@platform/local/progress';
import type { Command } from 'commander';
import { type Pods, podsOf } from '../pods';
import { renderStory, storyOf, type Trace } from '../story';
import { projectDir, type TargetOptions } from '../target';
import { targetOptions } from './stack';

interface Letter {
  topic: string;
  offset: string;
  type?: string;
  subject: string | null;
  reason: string;
  time: string;
  handled: boolean;
}

interface Day {
  day: string;
  currency: string;
  placed: number;
  confirmed: number;
  cancelled: number;
  /** Minor units. */
  revenue: number;
}

type Options = TargetOptions & { json?: boolean; service?: string; days?: string };

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const sayJson = (value: unknown): void => say(JSON.stringify(value, null, 2));

const openPods = (options: TargetOptions): Promise<Pods> => podsOf(options, plainProgress);

/** Names of the services that consume a topic, or any. @throws LocalError when there are none */
const consumersOf = ({ services }: Pods, topic?: string, only?: string): string[] => {
  const found = services
    .filter(({ topics }) =>
      topic === undefined ? topics.consumes.length > 0 : topics.consumes.includes(topic),
    )
    .map(({ name }) => name)
    .filter((name) => only === undefined || name === only);
  if (found.length > 0) return found;
  const topics = [...new Set(services.flatMap((service) => service.topics.consumes))].sort();
  throw new LocalError(`${only ?? 'No service'} consumes ${topic ?? 'nothing'}`, {
    hint: `Topics with consumers: ${topics.join(', ')}.`,
  });
};

/** What each service answers; one that does not answer is told, and the others go on. */
const fromEach = async <T>(pods: Pods, services: string[], ...args: string[]): Promise<Record<string, T>> => {
  const answers: Record<string, T> = {};
  for (const service of services) {
    try {
      answers[service] = await pods.run<T>(service, ...args);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      plainProgress.note(`${service} does not answer, so this is not all: ${error.message}`);
      process.exitCode = 1;
    }
  }
  return answers;
};

/** @param amount in minor units */
const money = (amount: number, currency: string): string => {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
};

const line = (service: string, outcome: string, { offset, type, subject, time, reason }: Letter) =>
  `${time}  ${service.padEnd(12)} ${outcome.padEnd(10)} ${offset.padEnd(6)} ${type ?? 'no event'} ${subject ?? ''}\n    ${reason}`;

const addDeadLetterCommands = (events: Command) => {
  const letters = events
    .command('dead-letters')
    .description('Messages that a service could not handle and put aside, with the reason');

  targetOptions(letters.command('list').argument('[topic]', 'only of this topic').description('Show them'))
    .option('--json', 'one JSON document on stdout')
    .action(async (topic: string | undefined, options: Options) => {
      const pods = await openPods(options);
      const args = ['dead-letters', ...(topic ? [topic] : [])];
      const found = await fromEach<Letter[]>(pods, consumersOf(pods, topic), ...args);
      if (options.json) return sayJson(found);
      for (const [service, all] of Object.entries(found))
        for (const letter of all) say(line(service, letter.handled ? 'handled' : 'waits', letter));
      const waiting = Object.values(found)
        .flat()
        .filter(({ handled }) => !handled);
      say(waiting.length === 0 ? 'No dead letter waits' : `${waiting.length} wait`);
    });

  targetOptions(
    letters
      .command('replay')
      .argument('<topic>', 'whose dead letters')
      .description(
        'Hand them to the services that put them aside once more; twice changes nothing. Ends with 1 if one fails again',
      ),
  )
    .option('--service <name>', 'only those of this service')
    .action(async (topic: string, options: Options) => {
      const pods = await openPods(options);
      let failed = false;
      for (const service of consumersOf(pods, topic, options.service)) {
        const replayed = await pods.run<{ letter: Letter; outcome: string; reason?: string }[]>(
          ...([service, 'replay', topic] as const),
        );
        for (const { letter, outcome, reason = letter.reason } of replayed) {
          say(line(service, outcome, { ...letter, reason }));
          failed ||= outcome === 'failed' || outcome === 'too-old';
        }
        say(`${service}: ${replayed.length} replayed`);
      }
      if (failed) process.exitCode = 1;
    });
};

const addSchemaCommand = (events: Command) =>
  events
    .command('schemas')
    .description('Compare what services publish with what was promised to others; ends with 1 if they differ')
    .option('--write', 'promise what they publish now; refused where that breaks those who read it')
    .action(({ write }: { write?: boolean }) => {
      // Loaded here, so that no other command waits for the services' schemas.
      const schemas: typeof import('../schemas') = require('../schemas');
      const all = schemas.readContracts(projectDir);
      const broken = schemas.brokenContracts(all);
      if (broken.length > 0) {
        throw new LocalError(`Readers of these messages would break:\n  ${broken.join('\n  ')}`, {
          hint: 'Keep the type as it was and publish the change as a new one, .v2; drop the old one when nobody reads it.',
        });
      }
      const stale = schemas.staleContracts(all);
      if (write) schemas.writeContracts(all);
      else if (stale.length > 0) {
        throw new LocalError(`published.json is out of date: ${stale.join(', ')}`, {
          hint: 'Run: npx platform events schemas --write',
        });
      }
      for (const { service, current } of all) say(`${service.padEnd(12)} ${Object.keys(current).join(' ')}`);
    });

const addOrderCommands = (program: Command) => {
  const order = program.command('order').description('What became of an order, and what was sold');

  targetOptions(
    order
      .command('trace')
      .argument('<id>', 'of the order')
      .description('Its whole story out of every service: events, messages that wait, dead letters'),
  )
    .option('--json', 'one JSON document on stdout')
    .action(async (id: string, options: Options) => {
      const pods = await openPods(options);
      const traces = await fromEach<Trace>(pods, consumersOf(pods), 'trace', id);
      if (options.json) return sayJson(traces);
      const story = storyOf(traces);
      if (story.length === 0) {
        throw new LocalError(`Nothing is known of order ${id}`, {
          hint: 'See the id: platform order --help',
        });
      }
      say(renderStory(story));
    });

  targetOptions(
    order
      .command('sales')
      .description('Orders placed, confirmed and cancelled, and revenue, a line a day (UTC)'),
  )
    .option('--days <number>', 'how many, today included', '30')
    .option('--json', 'one JSON document on stdout')
    .action(async (options: Options) => {
      const pods = await openPods(options);
      const days = await pods.run<Day[]>('order', 'sales', options.days ?? '30');
      if (options.json) return sayJson(days);
      say('day         placed  confirmed  cancelled  revenue');
      for (const { day, currency, placed, confirmed, cancelled, revenue } of days) {
        const counts = [
          String(placed).padStart(8),
          String(confirmed).padStart(11),
          String(cancelled).padStart(11),
        ];
        say(`${day}${counts.join('')}  ${money(revenue, currency)}`);
      }
    });
};

export const addEventCommands = (program: Command) => {
  const events = program.command('events').description('Messages between the services');
  addDeadLetterCommands(events);
  addSchemaCommand(events);
  addOrderCommands(program);

  targetOptions(
    program
      .command('projections')
      .description('Read models made of events')
      .command('rebuild')
      .argument('<service>', 'whose it is')
      .argument('<name>', 'of the projection')
      .description('Make its rows anew from the first event; readers see the old ones until it is through'),
  ).action(async (service: string, name: string, options: Options) => {
    const pods = await openPods(options);
    const { events } = await pods.run<{ events: number }>(service, 'rebuild', name);
    say(`${service}: ${name} made anew from ${events} events`);
  });
};
