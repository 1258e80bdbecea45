import { parse } from 'yaml';
import { renderKong } from './kong';

test('writes the front door of an environment; without keys there is nobody whose token is taken', () => {
  const file = parse(renderKong('production'));
  expect(file.services.map(({ name }: { name: string }) => name)).toContain('order-service');
  expect(file.consumers).toEqual([]);
});

test('a file that holds no keys is an error that says what to do', () => {
  expect(() => renderKong('production', __filename)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('/.well-known/jwks.json') }),
  );
});
