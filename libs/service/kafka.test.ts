import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaConnection } from './kafka';

const KAFKA_BROKERS = ['kafka:9092'];

test('brokers alone are spoken to in plain text', () => {
  expect(kafkaConnection({ KAFKA_BROKERS })).toEqual({ brokers: KAFKA_BROKERS });
});

test('TLS takes the authority from its file, and the login with it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-ca-'));
  try {
    const file = join(folder, 'ca.crt');
    writeFileSync(file, 'PEM');
    const login = { KAFKA_USERNAME: 'order-service', KAFKA_PASSWORD: 'marker' };
    expect(kafkaConnection({ KAFKA_BROKERS, KAFKA_TLS: true, KAFKA_CA_FILE: file, ...login })).toEqual({
      brokers: KAFKA_BROKERS,
      tls: { ca: 'PEM', login: { username: 'order-service', password: 'marker' } },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['a password without TLS', { KAFKA_USERNAME: 'a', KAFKA_PASSWORD: 'marker' }, /KAFKA_TLS must be true/],
  ['half a login', { KAFKA_TLS: true, KAFKA_PASSWORD: 'marker' }, /set both or neither/],
  [
    'a file that is not there',
    { KAFKA_TLS: true, KAFKA_CA_FILE: '/nowhere/ca.crt' },
    /cannot be read.*nowhere/,
  ],
])('refuses %s, and repeats no password', (_title, more, message) => {
  const connect = () => kafkaConnection({ KAFKA_BROKERS, ...more });
  expect(connect).toThrow(message);
  expect(connect).not.toThrow(/marker/);
});
