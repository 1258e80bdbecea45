import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenContracts, type ServiceContracts, staleContracts, writeContracts } from './schemas';

const schema = (...required: string[]) => ({
  ...{ type: 'object', required },
  properties: Object.fromEntries(required.map((name) => [name, { type: 'string' }])),
});
const service = (committed: object, current: object, file = ''): ServiceContracts =>
  ({ service: 'order', file, contracts: {}, committed, current }) as ServiceContracts;

test('a field more is new, but breaks nobody; a field less does', () => {
  const more = service({ 'a.b.v1': schema('x') }, { 'a.b.v1': schema('x', 'y') });
  expect([brokenContracts([more]), staleContracts([more])]).toEqual([[], ['order']]);
  const less = service({ 'a.b.v1': schema('x', 'y') }, { 'a.b.v1': schema('x') });
  expect(brokenContracts([less])).toEqual(['a.b.v1: data.y: was always there, is no longer']);
});

test('what was written is what is compared next time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'schemas-'));
  const file = join(folder, 'published.json');
  writeContracts([service({}, { 'a.b.v1': schema('x') }, file)]);
  const committed = JSON.parse(readFileSync(file, 'utf8'));
  expect(staleContracts([service(committed, { 'a.b.v1': schema('x') })])).toEqual([]);
  rmSync(folder, { recursive: true });
});
