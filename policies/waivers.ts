// A waiver lets one resource break one rule until a day, in somebody's name. It is never silent: each one is printed.
import type { Finding, Resource, Rule, Settings } from './rule';

export interface Waiver {
  /** Pulumi name, `Kind/name` or URN of the resource, exactly; patterns would waive what nobody looked at */
  resource: string;
  owner: string;
  ticket: string;
  /** last day on which it counts, `2026-12-31` (UTC) */
  expires: string;
  reason?: string;
}

export const waiverSchema = {
  type: 'array',
  description: 'resources that may break this rule for a time',
  items: {
    type: 'object',
    properties: {
      resource: { type: 'string' },
      owner: { type: 'string' },
      ticket: { type: 'string' },
      expires: { type: 'string' },
      reason: { type: 'string' },
    },
    required: ['resource', 'owner', 'ticket', 'expires'],
    additionalProperties: false,
  },
} as const;

export type WaiverVerdict =
  | { state: 'none' }
  | { state: 'waived'; waiver: Waiver }
  /** the violation counts; `note` says why the waiver does not */
  | { state: 'refused'; note: string };

const required = ['resource', 'owner', 'ticket', 'expires'] as const;

/** What is wrong with a waiver as written; undefined when nothing is. */
export function flawOf(waiver: Record<string, unknown>): string | undefined {
  const missing = required.find((key) => typeof waiver[key] !== 'string' || waiver[key] === '');
  if (missing) return `has no ${missing}`;
  const expires = String(waiver.expires);
  const date = new Date(`${expires}T23:59:59.999Z`);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(expires) && !Number.isNaN(date.getTime());
  return isDay && date.toISOString().startsWith(expires)
    ? undefined
    : `has the expiry '${expires}', which is no day`;
}

export function hasExpired(waiver: Waiver, now: Date): boolean {
  return now.getTime() > new Date(`${waiver.expires}T23:59:59.999Z`).getTime();
}

export function waiversOf(settings: Settings): Record<string, unknown>[] {
  return Array.isArray(settings.waivers)
    ? settings.waivers.filter((one) => one !== null && typeof one === 'object')
    : [];
}

function isAbout(waiver: Record<string, unknown>, resource: Resource): boolean {
  const name = resource.props.at('metadata', 'name');
  const inCluster = name.unknown ? undefined : `${resource.kind}/${name.text}`;
  return [resource.urn, resource.name, `${resource.kind}/${resource.name}`, inCluster].includes(
    String(waiver.resource),
  );
}

/** Whether a violation is waived on the day of `now`. */
export function judgeWaiver(finding: Finding, settings: Settings, now: Date): WaiverVerdict {
  const candidates = waiversOf(settings).filter((waiver) => isAbout(waiver, finding.resource));
  let note: string | undefined;
  for (const candidate of candidates) {
    const wrong = flawOf(candidate);
    if (wrong) {
      note ??= ` (the waiver ${wrong} and does not count)`;
      continue;
    }
    const waiver = candidate as unknown as Waiver;
    if (!hasExpired(waiver, now)) return { state: 'waived', waiver };
    note ??= ` (the waiver ${waiver.ticket} of ${waiver.owner} expired on ${waiver.expires})`;
  }
  return note === undefined ? { state: 'none' } : { state: 'refused', note };
}

export function waivedMessage(rule: Rule, finding: Finding, waiver: Waiver): string {
  const why = waiver.reason ? `: ${waiver.reason}` : '';
  return `${rule.name} [${rule.item}] waived until ${waiver.expires} by ${waiver.owner}, ${waiver.ticket}${why} (${finding.problem} at ${finding.path}).`;
}
