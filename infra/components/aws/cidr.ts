// Dividing an IPv4 network into smaller ones. Pure, so that the arithmetic can be tested without a cloud.

const parse = (cidr: string) => {
  const [address = '', length = ''] = cidr.split('/');
  const bytes = address.split('.').map(Number);
  const size = Number(length);
  const isNetwork =
    /^\d+(\.\d+){3}\/\d+$/.test(cidr) && bytes.every((byte) => byte <= 255) && size >= 0 && size <= 32;
  const start = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (!isNetwork || start % 2 ** (32 - size) !== 0) {
    throw new RangeError(
      `"${cidr}" is no network; write its first address and its length, such as 10.0.0.0/16`,
    );
  }
  return { start, size };
};

/** First and last address as numbers. @throws RangeError for anything but a network, such as 10.0.0.1/16 */
export const rangeOf = (cidr: string): { first: number; last: number } => {
  const { start, size } = parse(cidr);
  return { first: start, last: start + 2 ** (32 - size) - 1 };
};

/** The `index`-th of the `2 ** bits` equal parts of a network. @throws RangeError when there is no such part */
export function subnetOf(cidr: string, bits: number, index: number): string {
  const { start, size } = parse(cidr);
  const length = size + bits;
  if (length > 32 || index < 0 || index >= 2 ** bits) {
    throw new RangeError(`${cidr} has no part ${index} of ${2 ** bits}`);
  }
  const first = start + index * 2 ** (32 - length);
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join('.')}/${length}`;
}

export interface Tiers {
  /** Reached from the internet: load balancer and NAT. */
  public: string[];
  /** Nodes and pods: out through NAT, never reached from outside. */
  private: string[];
  /** Databases: no way out at all. */
  isolated: string[];
}

/** Zones a network can be divided over: six large parts are for pods, the other two are divided further. */
export const maxZones = 6;

/** One subnet per tier and zone. Pods need addresses most: an eighth each; the others get a sixty-fourth each. */
export function tiersOf(cidr: string, zones: number): Tiers {
  if (!Number.isInteger(zones) || zones < 2 || zones > maxZones) {
    throw new RangeError(`zones is ${zones}; 2 to ${maxZones} are allowed`);
  }
  const each = (part: (zone: number) => string) => Array.from({ length: zones }, (_, zone) => part(zone));
  return {
    private: each((zone) => subnetOf(cidr, 3, zone)),
    public: each((zone) => subnetOf(subnetOf(cidr, 3, maxZones), 3, zone)),
    isolated: each((zone) => subnetOf(subnetOf(cidr, 3, maxZones + 1), 3, zone)),
  };
}
