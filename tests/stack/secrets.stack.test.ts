// Runs the program with every generated value known, which a preview does not: wherever one turns up unwrapped, it leaks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { parse } from 'yaml';
import { localImages, root } from './stack';

const password = 'Generated0Password0That0Must0Hide';
const seed = Buffer.alloc(32, 7).toString('base64');
const secretSignature = '4dabf18193072939515e22adb298388d';
const registered: { type: string; name: string; inputs: unknown }[] = [];

const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  if (secretSignature in value) return '[secret]';
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each)]));
};

beforeAll(async () => {
  const { config } = parse(readFileSync(join(root, 'Pulumi.local.yaml'), 'utf8'));
  const flat = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  pulumi.runtime.setAllConfig({ ...Object.fromEntries(flat), ...localImages });
  pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs });
        const made = type.startsWith('random:') ? { result: password, base64: seed } : {};
        return { id: name, state: { ...inputs, ...made } };
      },
      call: () => ({}),
    },
    'ecommerce-platform',
    'local',
  );
  require('../../infra');
  // The program is done when nothing was registered for a while.
  for (let before = -1; before !== registered.length; ) {
    before = registered.length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}, 120_000);

test('every Secret’s values are marked secret, so no engine shows them', () => {
  const secrets = registered.filter(({ type }) => type === 'kubernetes:core/v1:Secret');
  expect(secrets.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['jwt-secret-secret', 'redis-secret']),
  );
  for (const { inputs } of secrets) expect(withoutSecrets(inputs)).toMatchObject({ data: '[secret]' });
});

test('no generated value stands anywhere else: not in a variable, an argument, an annotation or a ConfigMap', () => {
  const visible = JSON.stringify(registered.map(({ inputs }) => withoutSecrets(inputs)));
  expect(registered.length).toBeGreaterThan(150);
  for (const value of [password, seed]) {
    expect(visible).not.toContain(value);
    expect(visible).not.toContain(Buffer.from(value).toString('base64'));
  }
});

test('components pass no inputs, where arguments with secrets would be shown', () => {
  const components = registered.filter(({ type }) => type.startsWith('ecommerce-platform:'));
  expect(components.length).toBeGreaterThan(30);
  for (const { inputs } of components) expect(inputs).toEqual({});
});
