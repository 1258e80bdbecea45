import fc from 'fast-check';
import { addressPlan, chooseSlot, slotOf } from './plan';

const slot = fc.integer({ min: 0, max: 31 });

const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const range = (cidr: string): [number, number] => {
  const [address, bits] = cidr.split('/') as [string, string];
  return [number(address), number(address) + 2 ** (32 - Number(bits)) - 1];
};
const ranges = (of: number) => {
  const plan = addressPlan(of);
  return [
    range(`${plan.hostAddress.replace(/\.1$/, '.0')}/${plan.linkPrefix}`),
    range(plan.pods),
    range(plan.services),
  ];
};
const meet = ([a, b]: [number, number], [c, d]: [number, number]) => a <= d && c <= b;

describe('the addresses of a profile', () => {
  it('never meet those of another profile', () => {
    fc.assert(
      fc.property(slot, slot, (one, other) => {
        fc.pre(one !== other);
        for (const a of ranges(one)) for (const b of ranges(other)) expect(meet(a, b)).toBe(false);
      }),
    );
  });

  it('do not meet each other, and stay inside 198.18.0.0/15', () => {
    fc.assert(
      fc.property(slot, (of) => {
        const own = ranges(of);
        own.forEach((a, i) => {
          own.slice(i + 1).forEach((b) => {
            expect(meet(a, b)).toBe(false);
          });
          expect(meet(a, range('198.18.0.0/15'))).toBe(true);
        });
      }),
    );
  });

  it('tell the slot they belong to', () => {
    fc.assert(
      fc.property(slot, (of) => {
        const plan = addressPlan(of);
        expect(slotOf(plan.hostAddress)).toBe(of);
        expect(slotOf(plan.dns)).toBe(of);
      }),
    );
    expect(slotOf('10.0.0.1')).toBeUndefined();
  });

  it('have the DNS and API addresses inside the service range and the gateway inside the pod range', () => {
    fc.assert(
      fc.property(slot, (of) => {
        const plan = addressPlan(of);
        const inside = (address: string, cidr: string) =>
          meet([number(address), number(address)], range(cidr));
        expect([plan.dns, plan.apiService].every((address) => inside(address, plan.services))).toBe(true);
        expect(inside(plan.podGateway, plan.pods)).toBe(true);
      }),
    );
  });

  it('refuses a slot that does not exist', () => {
    expect(() => addressPlan(32)).toThrow(RangeError);
    expect(() => addressPlan(-1)).toThrow(RangeError);
  });
});

describe('choosing a slot', () => {
  it('takes the lowest free one', () => {
    expect(chooseSlot([])).toBe(0);
    expect(chooseSlot([0, 1, 3])).toBe(2);
  });

  it('says what to do when all are taken', () => {
    expect(() => chooseSlot(Array.from({ length: 32 }, (_, i) => i))).toThrow(/All 32 address ranges/);
  });
});
