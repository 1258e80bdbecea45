import type { Progress } from '@platform/local/progress';
import { kubectlOf, namespace } from './pods';
import { resolveTarget, type TargetOptions } from './target';

const LINES = 40;

interface Line {
  level?: string;
  /** ISO 8601. */
  time?: string;
  service?: string;
  msg?: string;
  err?: { message?: string; cause?: { message?: string } };
}

const understood = (text: string): Line | undefined => {
  try {
    return text.startsWith('{') ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
};

/** Ids and numbers differ from one time to the next; what is complained about does not. */
const alike = (text: string) =>
  text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>').replace(/\d+(\.\d+)*/g, '<n>');

/**
 * What services warned of and failed at, the same said once: how often, and when first and last; the most frequent first.
 * @param logs lines of JSON as services write them
 */
export const complaints = (logs: string[]): string[] => {
  const seen = new Map<string, { count: number; first: string; last: string }>();
  for (const { level = '', time = '', service = '', msg = '', err } of logs.flatMap((log) =>
    log.split('\n').flatMap((text) => understood(text) ?? []),
  )) {
    if (!['warn', 'error', 'fatal'].includes(level)) continue;
    const reasons = [msg, err?.message, err?.cause?.message].filter(Boolean).join(': ');
    const key = `${service} ${level}: ${alike(reasons).slice(0, 160)}`;
    const { count, first } = seen.get(key) ?? { count: 0, first: time };
    seen.set(key, { count: count + 1, first, last: time });
  }
  const clock = (time: string) => time.slice(11, 19);
  const lines = [...seen]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([what, { count, first, last }]) => `${count} × ${clock(first)}–${clock(last)} ${what}`);
  const more = lines.length - LINES;
  return more > 0 ? [...lines.slice(0, LINES), `and ${more} more`] : lines;
};

/** The same of the pods that are there now, and of their containers that ended. */
export const complaintsOf = async (options: TargetOptions, progress: Progress): Promise<string[]> => {
  const kubectl = await kubectlOf(resolveTarget(options), progress);
  const names = await kubectl('get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.name}');
  const logs: string[] = [];
  for (const pod of names.split(' ')) {
    for (const which of [[], ['--previous']]) {
      // Not every pod has such a container, nor one that ended.
      logs.push(await kubectl('logs', '-n', namespace, pod, '-c', 'service', ...which).catch(() => ''));
    }
  }
  return complaints(logs);
};
