import { LocalError } from '@platform/local/errors';
import { noPodRuns, type Pods, type ServicePod, type ServiceState } from './pods';

interface Refusal {
  code: string;
  message: string;
  hint: string;
  retriable: boolean;
}
/** What `main.js migrations …` answers. */
interface Status {
  migrations: {
    id: string;
    phase: 'expand' | 'contract';
    concurrent: boolean;
    /** ISO 8601. */
    applied: string | null;
  }[];
  /** Applied by another version. */
  unknown: { id: string; applied: string }[];
}
interface Up {
  applied: string[];
  /** A contracting one that was not asked for, and what stands behind it. */
  waiting: string[];
  refused?: Refusal;
}
interface Rollback {
  undone: string[];
  refused?: Refusal;
}

export type MigrationRequest =
  | { action: 'status' }
  | { action: 'up'; contract?: boolean }
  | { action: 'rollback'; id: string };

export interface MigrationAnswer {
  /** As the service gave it, and who was asked. */
  document: (Status | Up | Rollback) & { service: string; pod: string; version: string };
  lines: string[];
  /** What could not be done after all that is in `lines` was. */
  error?: LocalError;
  exitCode: number;
}

/** Something waits that is applied only when it is asked for. */
const WAITING = 3;

/** Asks a pod of the newest version that runs, which knows the most migrations. */
export const askMigrations = async (
  pods: Pods,
  service: string,
  request: MigrationRequest,
): Promise<MigrationAnswer> => {
  demandDatabase(pods, service);
  const state = await pods.state(service);
  const pod = newestPod(state);
  if (!pod) throw noPodRuns(service);
  const asked = { service, pod: pod.name, version: pod.version };
  if (request.action === 'status') {
    const status = await pods.runIn<Status>(pod.name, 'migrations', 'status');
    return { document: { ...asked, ...status }, lines: renderStatus(service, status), exitCode: 0 };
  }
  if (request.action === 'rollback') {
    const answer = await pods.runIn<Rollback>(pod.name, 'migrations', 'rollback', request.id);
    return { document: { ...asked, ...answer }, ...outcomeOf(answer, renderRollback(pod, answer)) };
  }
  if (request.contract) demandNobodyElse(service, state, pod);
  const more = request.contract ? ['--contract'] : [];
  const answer = await pods.runIn<Up>(pod.name, 'migrations', 'up', ...more);
  const waiting = answer.waiting.length > 0 ? WAITING : 0;
  return { document: { ...asked, ...answer }, ...outcomeOf(answer, renderUp(service, answer), waiting) };
};

const demandDatabase = ({ services }: Pods, service: string): void => {
  const withDatabase = services.filter(({ database }) => database).map(({ name }) => name);
  if (withDatabase.includes(service)) return;
  const known = services.some(({ name }) => name === service);
  throw new LocalError(known ? `${service} has no database` : `There is no service ${service}`, {
    hint: `With a database: ${withDatabase.join(', ')}.`,
  });
};

export const newestPod = ({ pods }: ServiceState): ServicePod | undefined =>
  pods
    .filter(({ phase, leaving }) => phase === 'Running' && !leaving)
    .sort(
      (a, b) =>
        b.version.localeCompare(a.version, 'en', { numeric: true }) || b.createdAt.localeCompare(a.createdAt),
    )[0];

/** Whoever serves with other code, or is to, may need what a contracting migration takes away. */
export const othersThan = ({ pods, deployments }: ServiceState, pod: ServicePod): string[] => {
  const differs = ({ version, image }: { version: string; image: string }) =>
    version !== pod.version || image !== pod.image;
  return [
    ...pods
      .filter((one) => ['Running', 'Pending', 'Unknown'].includes(one.phase) && differs(one))
      .map(
        ({ name, colour, version, leaving }) =>
          `pod ${name} (${colour}, ${version}${leaving ? ', leaving' : ''})`,
      ),
    ...deployments
      .filter((one) => one.replicas > 0 && differs(one))
      .map(({ name, version, replicas }) => `Deployment ${name} (${version}, ${replicas} wanted)`),
  ];
};

const demandNobodyElse = (service: string, state: ServiceState, pod: ServicePod): void => {
  const others = othersThan(state, pod);
  if (others.length === 0) return;
  throw new LocalError(
    `Not only ${pod.version} of ${service} serves, so what contracts was not applied. Beside ${pod.name} there is: ${others.join('; ')}`,
    {
      hint: 'End the release first, or call it off: the other colour has to be at zero, and a rollout through.',
      retriable: true,
    },
  );
};

const outcomeOf = ({ refused }: { refused?: Refusal }, lines: string[], exitCode = 0) => {
  if (!refused) return { lines, exitCode };
  const { code, message, hint, retriable } = refused;
  return { lines, error: new LocalError(`${message} (${code})`, { hint, retriable }), exitCode: 2 };
};

const renderStatus = (service: string, { migrations, unknown }: Status): string[] => {
  const rows = [
    ...migrations.map(({ id, phase, concurrent, applied }) => ({
      id,
      applied,
      remarks: [...(phase === 'contract' ? ['contracts'] : []), ...(concurrent ? ['concurrent'] : [])],
    })),
    ...unknown.map(({ id, applied }) => ({
      id,
      applied,
      remarks: ['by another version, unknown to this one'],
    })),
  ].sort((a, b) => (a.id < b.id ? -1 : 1));
  const width = Math.max(0, ...rows.map(({ id }) => id.length));
  const pending = migrations.filter(({ applied }) => applied === null).length;
  return [
    ...rows.map(({ id, applied, remarks }) =>
      [id.padEnd(width), applied ? `applied ${applied}` : 'pending'.padEnd(32), remarks.join(', ')]
        .join('  ')
        .trimEnd(),
    ),
    `${service}: ${pending === 0 ? 'nothing is pending' : `${pending} pending`}`,
  ];
};

const renderUp = (service: string, { applied, waiting: [contracting, ...behind], refused }: Up): string[] => [
  ...applied.map((id) => `${id}  applied`),
  ...(contracting
    ? [
        `${contracting}  waits: it takes away what the version before uses. When only this one serves: platform migrate ${service} up --contract`,
      ]
    : []),
  ...behind.map((id) => `${id}  waits behind it`),
  ...(applied.length === 0 && !contracting && !refused ? [`${service}: nothing was pending`] : []),
];

const renderRollback = (pod: ServicePod, { undone }: Rollback): string[] =>
  undone.map((id) => `${id}  undone. A pod of ${pod.version} that starts applies it again`);
