import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export const kubectl = (profile: string, ...args: string[]) =>
  execFileSync(process.execPath, ['cli/bin/platform.mjs', 'kubectl', '--profile', profile, '--', ...args], {
    encoding: 'utf8',
  });

const ours = ['-n', 'ecommerce-platform'];

/**
 * Runs what follows in the network of a pod. Over loopback there nothing is encrypted or redirected: that is the baseline the mesh is
 * measured against, and from anywhere else the mesh would refuse it.
 */
export const insidePod = (profile: string, selector: string): string[] => {
  const where = ['-l', selector, ...ours, '-o', 'jsonpath={.items[0].metadata.uid}'];
  const uid = kubectl(profile, 'get', 'pod', ...where);
  const pid = readdirSync('/proc').find((one) => {
    try {
      return /^\d+$/.test(one) && readFileSync(`/proc/${one}/cgroup`, 'utf8').includes(`/pod${uid}/`);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (!pid) throw new Error(`no process of pod ${selector} runs on this machine`);
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
};

/** Where a process in the database's own pod finds the products. */
export const databaseInside = (profile: string): string => {
  const secret = ['secret', 'database-secret', ...ours, '-o', 'jsonpath={.data.url}'];
  const url = new URL(Buffer.from(kubectl(profile, 'get', ...secret), 'base64').toString());
  url.hostname = '127.0.0.1';
  return url.href;
};
