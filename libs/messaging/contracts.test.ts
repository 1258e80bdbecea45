import { z } from 'zod';
import { breaches, brokenPromises, type Contracts, type Published, toRegistry } from './contracts';

const contracts = {
  'order.placed.v1': z.object({
    orderId: z.uuid(),
    total: z.object({ amount: z.int(), currency: z.string() }),
    note: z.string().optional(),
  }),
} satisfies Contracts;
const data = { orderId: '0198c0de-0000-7000-8000-000000000001', total: { amount: 1, currency: 'EUR' } };

test('the registry is JSON Schema that lets through what it does not name', () => {
  expect(toRegistry(contracts)).toEqual({
    'order.placed.v1': {
      type: 'object',
      properties: {
        orderId: expect.objectContaining({ type: 'string', format: 'uuid' }),
        total: {
          type: 'object',
          properties: { amount: expect.objectContaining({ type: 'integer' }), currency: { type: 'string' } },
          required: ['amount', 'currency'],
        },
        note: { type: 'string' },
      },
      required: ['orderId', 'total'],
    },
  });
});

test('what was promised is kept when fields are added, and broken when they go or the type does', () => {
  const committed = toRegistry(contracts);
  const placed = contracts['order.placed.v1'];
  expect(
    brokenPromises(committed, toRegistry({ 'order.placed.v1': placed.extend({ more: z.string() }) })),
  ).toEqual([]);
  expect(brokenPromises(committed, toRegistry({ 'order.placed.v1': placed.omit({ total: true }) }))).toEqual([
    'order.placed.v1: data.total: was always there, is no longer',
  ]);
  expect(brokenPromises(committed, {})).toEqual(['order.placed.v1: is published no more']);
  expect(brokenPromises({}, committed)).toEqual([]);
});

test('a message is held to its contract, and to nothing beside it', () => {
  expect(breaches(contracts, { type: 'order.placed.v1', data: { ...data, note: undefined } })).toEqual([]);
  expect(breaches(contracts, { type: 'order.placed.v1', data: { ...data, orderId: 'x' } })).toEqual([
    'order.placed.v1: data.orderId: Invalid UUID',
  ]);
  expect(
    breaches(contracts, { type: 'order.placed.v1', data: { ...data, total: { ...data.total, tax: 1 } } }),
  ).toEqual(['order.placed.v1: data.total.tax: is not in the contract']);
  expect(breaches(contracts, { type: 'toString', data })).toEqual(['toString: has no contract']);
});

test('the compiler knows what belongs to a type', () => {
  const message: Published<typeof contracts> = { type: 'order.placed.v1', data };
  expect(breaches(contracts, message)).toEqual([]);
});
