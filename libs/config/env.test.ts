import { z } from 'zod';
import { ConfigError, parseEnv } from './env';

const schema = z.object({
  PORT: z.coerce.number().int().min(1).max(65535),
  DATABASE_URL: z.url(),
  REDIS_URL: z.url().optional(),
});

test('reads what it knows and leaves the rest alone', () => {
  expect(parseEnv(schema, { PORT: '3001', DATABASE_URL: 'postgres://x', HOME: '/', REDIS_URL: '' })).toEqual({
    PORT: 3001,
    DATABASE_URL: 'postgres://x',
  });
});

test('names every variable that is missing or wrong, and no value', () => {
  const parse = () => parseEnv(schema, { PORT: 'secret-marker', REDIS_URL: 'secret-marker' });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(
    /PORT is not valid.*\n.*DATABASE_URL is not set, and it is needed\n.*REDIS_URL is not valid/,
  );
  expect(parse).not.toThrow(/secret-marker/);
});
