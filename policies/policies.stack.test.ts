import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineResult, preview } from '../local/engine';
import { rules } from './rules';
import { bucket, compliantAccount, database, group, publicAccess } from './rules/aws.samples.fixtures';
import { compliantStack, deployment, madeOf, patched, type Sample, UNKNOWN } from './rules/samples.fixtures';

jest.setTimeout(180_000);

// A foreign program in plain JavaScript that registers whatever resources.json holds: the pack must work on any program.
// A value of '<unknown>' becomes one that only exists once a random string has been made, and a property with a reference the id
// of that resource.
const program = `
const pulumi = require('@pulumi/pulumi');
const { RandomString } = require('@pulumi/random');
const later = new RandomString('later', { length: 8 }).result;
const known = (value) => value === '<unknown>' ? later
  : Array.isArray(value) ? value.map(known)
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, known(v)])) : value;
const made = {};
for (const { type, name, props, ignoreChanges, references = {} } of require('./resources.json')) {
  const linked = Object.entries(references).map(([key, [urn]]) => [key, made[urn.split('::').slice(2).join('::')].id]);
  const inputs = { ...known(props), ...Object.fromEntries(linked) };
  made[type + '::' + name] = new pulumi.CustomResource(type, name, inputs, { ignoreChanges });
}
`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'policies-'));
  mkdirSync(join(directory, 'state'));
  symlinkSync(join(__dirname, '../node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{"name":"foreign","version":"1.0.0","main":"index.js"}');
  writeFileSync(join(directory, 'Pulumi.test.yaml'), 'config: {}\n');
  writeFileSync(join(directory, 'index.js'), program);
  writeFileSync(
    join(directory, 'Pulumi.yaml'),
    'name: foreign\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n',
  );
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Previews a stack of these resources under the pack, without a cluster. */
async function judge(stack: Sample[], settings?: object, pack = __dirname): Promise<EngineResult> {
  const text = JSON.stringify(stack).replaceAll(UNKNOWN, '<unknown>');
  writeFileSync(join(directory, 'resources.json'), text);
  const config = join(directory, 'rules.json');
  if (settings) writeFileSync(config, JSON.stringify(settings));
  return preview({
    projectDir: directory,
    stack: 'test',
    stateDir: join(directory, 'state'),
    policyPacks: [pack],
    ...(settings && { policyPackConfig: [config] }),
    passphrase: 'test',
  });
}

const mandatory = (result: EngineResult) => result.violations.filter((one) => one.level === 'mandatory');

describe('the policy pack in the engine', () => {
  it('lets a compliant program of another team pass', async () => {
    const result = await judge(distinct(compliantStack()));
    expect(result.violations).toEqual([]);
    expect(result.exitCode).toBe(0);
  });

  it('works as a package on its own, with nothing of this repository around it', async () => {
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory];
    const archive = execFileSync('npm', args, { cwd: __dirname, encoding: 'utf8' }).trim();
    execFileSync('tar', ['-xzf', join(directory, archive), '-C', directory]);
    const pack = join(directory, 'package');
    symlinkSync(join(__dirname, '../node_modules'), join(pack, 'node_modules'));
    const result = await judge([group({ 'ingress.0.fromPort': 22 })], undefined, pack);
    expect(mandatory(result).map((one) => one.policy)).toEqual(['aws-security-group-closed']);
    expect(readdirSync(join(pack, 'rules')).filter((file) => /\.(test|fixtures)\.ts$/.test(file))).toEqual(
      [],
    );
  });

  it('refuses violations with rule, item, path and fix, per resource and per stack', async () => {
    const result = await judge([
      patched(deployment(), {
        'spec.replicas': 2,
        'spec.template.spec.hostNetwork': true,
        'spec.template.spec.containers.0.image': 'shop:latest',
        'spec.template.spec.containers.0.securityContext.privileged': true,
        'spec.template.spec.containers.0.env': [{ name: 'DB_PASSWORD', value: 'hunter22' }],
      }),
    ]);
    expect(result.exitCode).toBe(5);
    expect(
      mandatory(result)
        .map((one) => one.policy)
        .sort(),
    ).toEqual([
      'disruption-budget',
      'image-pinned',
      'network-policy',
      'no-host-namespaces',
      'no-privileged-container',
      'no-secret-in-env',
    ]);
    for (const violation of mandatory(result)) {
      const rule = rules.find((one) => one.name === violation.policy);
      expect(violation.message).toMatch(new RegExp(`^${rule?.name} \\[${rule?.item}\\] .+ at spec`));
      expect(violation.message.endsWith(`. Fix: ${rule?.fix}.`)).toBe(true);
      expect(violation.severity).toBe(rule?.severity);
      expect(violation.urn).toContain('::shop');
    }
    expect(JSON.stringify(result.violations)).not.toContain('hunter22');
  });

  it('judges a program for AWS, and finds what guards a bucket by what its name is made of', async () => {
    const fine = await judge(compliantAccount());
    expect(fine.violations.map((one) => one.message)).toEqual([]);
    const result = await judge([
      database({ storageEncrypted: false, publiclyAccessible: true }),
      group({ 'ingress.0.fromPort': 22, 'ingress.0.toPort': 22 }),
      bucket({ bucket: undefined }),
      // Its own resource says only on up which bucket it guards; the program says now.
      madeOf(publicAccess(), 'bucket', 's3/bucket:Bucket', 'backups'),
    ]);
    expect(result.exitCode).toBe(5);
    expect(
      mandatory(result)
        .map((one) => `${one.policy} ${one.urn.split('::').at(-1)}`)
        .sort(),
    ).toEqual([
      'aws-bucket-guarded backups',
      'aws-bucket-guarded backups',
      'aws-bucket-guarded backups',
      'aws-encrypted-at-rest orders',
      'aws-no-public-data orders',
      'aws-security-group-closed edge',
    ]);
    expect(JSON.stringify(result.violations)).not.toContain('nothing blocks public access');
  });

  it('says what it could not check at preview, and still judges what is known beside it', async () => {
    const result = await judge([
      ...distinct(compliantStack()).slice(2),
      patched(deployment(), {
        'spec.template.spec.containers.0.env': [{ name: 'GREETING', value: UNKNOWN }],
        'spec.template.spec.containers.0.command': [`sk_${'live'}_4eC39HqLyjWDarjt`],
      }),
    ]);
    expect(result.exitCode).toBe(5);
    expect(mandatory(result).map((one) => one.message)).toEqual([
      expect.stringMatching(/^no-secret-in-env .* is started with a Stripe key/),
    ]);
    const unchecked = result.violations.filter((one) => one.notChecked);
    expect(unchecked.map((one) => [one.policy, one.level])).toEqual([['no-secret-in-env', 'advisory']]);
    expect(unchecked[0]?.message).toContain('containers[0].env[0].value is unknown at preview');
  });

  it('prints waivers, lets waived violations pass and counts expired ones', async () => {
    const bad = patched(deployment(), {
      'spec.template.spec.hostNetwork': true,
      'spec.template.spec.containers.0.securityContext.privileged': true,
    });
    const waiver = { resource: 'Deployment/shop', owner: 'ann', ticket: 'T-1' };
    const result = await judge([...distinct(compliantStack()).slice(2), bad], {
      'no-host-namespaces': { waivers: [{ ...waiver, expires: '2999-12-31' }] },
      'no-privileged-container': { waivers: [{ ...waiver, expires: '2020-01-01' }] },
    });
    expect(result.violations.map((one) => [one.policy, one.level])).toEqual(
      expect.arrayContaining([
        ['no-host-namespaces', 'advisory'],
        ['no-privileged-container', 'mandatory'],
      ]),
    );
    const messages = result.violations.map((one) => one.message).join('\n');
    expect(messages).toContain('waived until 2999-12-31 by ann, T-1');
    expect(messages).toContain('(the waiver T-1 of ann expired on 2020-01-01)');
  });

  it('can be advisory, and can put missing settings right, by configuration', async () => {
    const bad = patched(deployment(), {
      'spec.template.spec.securityContext.seccompProfile': undefined,
      'spec.template.spec.hostNetwork': true,
    });
    const result = await judge([...distinct(compliantStack()).slice(2), bad], {
      'seccomp-profile': 'remediate',
      'no-host-namespaces': 'advisory',
    });
    expect(result.violations.map((one) => [one.policy, one.level])).toEqual([
      ['no-host-namespaces', 'advisory'],
    ]);
    expect(result.exitCode).toBe(0);
  });
});

/** Pulumi names are unique per type; the samples share theirs. */
function distinct(stack: Sample[]): Sample[] {
  return stack.map((sample, index) => ({ ...sample, name: `${sample.name}-${index}` }));
}
