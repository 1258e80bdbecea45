import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { LocalError } from '../errors';
import { profileDir } from '../paths';
import { readJson } from './files';

/** Every address a profile uses. All of it is cut from one /20, so two profiles never meet. */
export interface AddressPlan {
  slot: number;
  /** The host's end of the veth pair, reachable from inside. */
  hostAddress: string;
  /** The node: API server, kubelet and ingress gateway answer here. */
  nodeAddress: string;
  linkPrefix: number;
  pods: string;
  podGateway: string;
  services: string;
  /** First service address, taken by the API server. */
  apiService: string;
  dns: string;
}

/**
 * 198.18.0.0/15 is set aside for benchmarks of network devices (RFC 2544): unlike 10/8 and its like it is not what a
 * VPN or an office network uses, so a cluster does not hide addresses its owner needs.
 */
const slots = 32;

export const addressPlan = (slot: number): AddressPlan => {
  if (!Number.isInteger(slot) || slot < 0 || slot >= slots) {
    throw new RangeError(`slot ${slot} is not between 0 and ${slots - 1}`);
  }
  const second = 18 + Math.floor(slot / 16);
  const third = (slot % 16) * 16;
  const at = (more: number, last: number) => `198.${second}.${third + more}.${last}`;
  return {
    slot,
    hostAddress: at(0, 1),
    nodeAddress: at(0, 2),
    linkPrefix: 30,
    pods: `${at(4, 0)}/22`,
    podGateway: at(4, 1),
    services: `${at(8, 0)}/21`,
    apiService: at(8, 1),
    dns: at(8, 10),
  };
};

/** The lowest slot nobody has. */
export const chooseSlot = (taken: Iterable<number>): number => {
  const used = new Set(taken);
  for (let slot = 0; slot < slots; slot++) if (!used.has(slot)) return slot;
  throw new LocalError(`All ${slots} address ranges are taken by other profiles`, {
    hint: 'Delete a profile you no longer need: platform cluster delete --profile NAME',
  });
};

/** Slots that other profiles of this user own, running or not, and those any cluster on this machine uses now. */
export const slotsTaken = (profile: string): number[] => {
  const home = dirname(profileDir(profile));
  const others = existsSync(home) ? readdirSync(home).filter((name) => name !== profile) : [];
  const owned = others.map((name) => {
    try {
      return readJson<{ slot: number }>(profileDir(name, 'cluster', 'cluster.json'))?.slot;
    } catch {
      return undefined; // a profile that cannot be read says nothing about its slot; the host's addresses still do
    }
  });
  const inUse = Object.values(networkInterfaces())
    .flat()
    .map((entry) => slotOf(entry?.address ?? ''));
  return [...owned, ...inUse].filter((slot) => slot !== undefined);
};

export const slotOf = (address: string): number | undefined => {
  const match = /^198\.(18|19)\.(\d+)\./.exec(address);
  return match ? (Number(match[1]) - 18) * 16 + Math.floor(Number(match[2]) / 16) : undefined;
};
