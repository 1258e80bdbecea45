import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const profile = process.env.ECP_PROFILE as string;
jest.setTimeout(240_000);

const platform = (args: string[], cwd = root) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(cwd, 'cli/bin/platform.mjs'), ...args],
    { cwd, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
};

const kubectl = (...args: string[]) => platform(['kubectl', '--profile', profile, '--', ...args]).stdout;

interface Pod {
  metadata: { name: string; namespace: string; uid: string };
  status: { phase: string; conditions: { type: string; status: string }[] };
}

const pods = (): Pod[] => JSON.parse(kubectl('get', 'pods', '-A', '-o', 'json')).items;

/** What must not move when nothing is to change. */
const generations = () =>
  kubectl(
    'get',
    'deployments,statefulsets,services,secrets,jobs',
    '-n',
    'ecommerce-platform',
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid} {.metadata.generation}{"\\n"}{end}',
  );

describe('the platform on the embedded cluster', () => {
  it('has every workload ready', () => {
    const running = pods().filter(({ status }) => status.phase !== 'Succeeded');
    expect(running.length).toBeGreaterThanOrEqual(8);
    const notReady = running.filter(
      ({ status }) => !status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
    expect(notReady.map(({ metadata }) => metadata.name)).toEqual([]);
  });

  it('changes nothing when it is brought up again', () => {
    const before = {
      generations: generations(),
      pods: pods()
        .map(({ metadata }) => metadata.uid)
        .sort(),
    };
    const again = platform(['up', '--profile', profile, '--engine', 'embedded', '--expect-no-changes']);
    expect(`${again.stdout}${again.stderr}`).toContain('unchanged');
    expect(again.status).toBe(0);
    expect({
      generations: generations(),
      pods: pods()
        .map(({ metadata }) => metadata.uid)
        .sort(),
    }).toEqual(before);
  });

  it('keeps the password of the database out of state, preview and logs', () => {
    const url = Buffer.from(
      kubectl(
        'get',
        'secret',
        'order-database-secret',
        '-n',
        'ecommerce-platform',
        '-o',
        'jsonpath={.data.url}',
      ),
      'base64',
    ).toString();
    const password = new URL(url).password;
    expect(password.length).toBeGreaterThan(15);
    const state = platform(['state', 'export', '--profile', profile]).stdout;
    expect(state).toContain('order-database-secret');
    const preview = platform(['preview', '--profile', profile, '--engine', 'embedded', '--json']).stdout;
    const logs = kubectl(
      'logs',
      '-n',
      'ecommerce-platform',
      '-l',
      'app=order-service',
      '--all-containers',
      '--tail=-1',
    );
    expect(logs.length).toBeGreaterThan(0);
    for (const text of [state, preview, logs]) expect(text.includes(password)).toBe(false);
  });

  describe('with a catalogue entry that breaks a rule', () => {
    let copy: string;

    beforeAll(() => {
      copy = mkdtempSync(join(tmpdir(), 'platform-broken-'));
      const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
        cwd: root,
        encoding: 'utf8',
      })
        .trim()
        .split('\n');
      for (const file of files) cpSync(join(root, file), join(copy, file));
      cpSync(join(root, 'node_modules'), join(copy, 'node_modules'), {
        recursive: true,
        verbatimSymlinks: true,
      });
    });
    afterAll(() => rmSync(copy, { recursive: true, force: true }));

    it('refuses it with rule, item and fix, and leaves the cluster untouched', () => {
      const entry = join(copy, 'infra/catalog/product.yaml');
      writeFileSync(
        entry,
        `${readFileSync(entry, 'utf8')}\nenv:\n  STRIPE_API_KEY: sk_live_51Hx0123456789abcdefghij\n`,
      );
      const before = generations();
      const refused = platform(['up', '--profile', profile, '--engine', 'embedded'], copy);
      const said = refused.stdout + refused.stderr;
      expect(refused.status).not.toBe(0);
      expect(said).toMatch(/no-plain-secrets?/);
      expect(said).toMatch(/\[data\/secrets-management\]/);
      expect(said).toContain('Fix:');
      expect(said).not.toContain('sk_live_51Hx');
      expect(generations()).toBe(before);
    });
  });
});
