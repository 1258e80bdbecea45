import fc from 'fast-check';
import { given } from '../testing';
import { type Projection, project } from './projection';
import type { StoredEvent } from './store';

type Happened =
  | { type: 'opened.v1'; data: { name: string } }
  | { type: 'added.v1'; data: { amount: number } }
  | { type: 'closed.v1'; data: object };
interface Account {
  name: string;
  total: number;
}
const accounts: Projection<Account, Happened> = {
  name: 'accounts',
  version: 1,
  keyOf: ({ stream }) => stream,
  handlers: {
    'opened.v1': (_row, { data }) => ({ name: data.name, total: 0 }),
    'added.v1': (row, { data }) => row && { ...row, total: row.total + data.amount },
    'closed.v1': () => undefined,
  },
};
const opened = (stream: string): Happened & { stream: string } => ({
  ...{ stream, type: 'opened.v1', data: { name: stream.toUpperCase() } },
});
const added = (stream: string, amount: number): Happened & { stream: string } => ({
  ...{ stream, type: 'added.v1', data: { amount } },
});
const closed = (stream: string): Happened & { stream: string } => ({ stream, type: 'closed.v1', data: {} });

test('an event makes, changes or removes its own row and no other', () => {
  expect(given(accounts, []).when(opened('a'))).toEqual({ a: { name: 'A', total: 0 } });
  expect(given(accounts, [opened('a'), opened('b')]).when(added('a', 5))).toEqual({
    a: { name: 'A', total: 5 },
    b: { name: 'B', total: 0 },
  });
  expect(given(accounts, [opened('a'), opened('b')]).when(closed('a'))).toEqual({
    b: { name: 'B', total: 0 },
  });
});

test('several events of a row in a batch build upon each other', () => {
  expect(given(accounts, [opened('a')]).when(added('a', 5), closed('a'), opened('a'), added('a', 1))).toEqual(
    {
      a: { name: 'A', total: 1 },
    },
  );
});

test('a type that is not listed, or only looks like it, changes nothing', () => {
  const odd = (type: string) => [{ type, stream: 'a', data: {} }] as unknown as StoredEvent[];
  for (const type of ['renamed.v1', 'toString']) expect(project(accounts, new Map(), odd(type)).size).toBe(0);
});

test('rows do not depend on how events are cut into batches', () => {
  const happening = fc.oneof(
    fc.constantFrom('a', 'b', 'c').map(opened),
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 9 })).map(([one, n]) => added(one, n)),
    fc.constantFrom('a', 'b', 'c').map(closed),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), fc.nat(30), (events, cut) => {
      const whole = given(accounts, []).when(...events);
      expect(given(accounts, events.slice(0, cut)).when(...events.slice(cut))).toEqual(whole);
    }),
  );
});
