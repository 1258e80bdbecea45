// The pull-request job as the workflow calls it, in a checkout with a base and a change of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limit, marker } from '../../cli/preview/format';
import { copyOfCheckout } from '../journey/copy';

jest.setTimeout(600_000);

const forgotten = `${'sk_'}live_0123456789abcdefMARKER`;
const scaled = '  staging:\n    scale: { min: 4 }\n';

let copy: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], { cwd: copy });

const edit = (service: string, change: (text: string) => string) => {
  const file = join(copy, 'infra', 'catalog', `${service}.yaml`);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, change(text));
  expect(readFileSync(file, 'utf8')).not.toBe(text);
};

beforeAll(() => {
  copy = copyOfCheckout();
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'base');
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('a change is shown for every environment, and a key that came with it refused and printed nowhere', () => {
  edit('payment', (text) => text.replace('  staging:\n', scaled));
  edit('order', (text) => `${text}\nenv:\n  CARRIER_API_KEY: ${forgotten}\n`);
  const job = ['ci', 'pull-request', '--base', 'HEAD', '--out', 'preview'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', 'tsx/cjs', 'cli/main.ts', ...job],
    { cwd: copy, encoding: 'utf8' },
  );
  // The verdict is the policies'; what it is about can be read all the same.
  expect([status, stdout]).toEqual([5, 'preview/comment.md\npreview/preview.json\n']);
  const comment = readFileSync(join(copy, 'preview/comment.md'), 'utf8');
  const preview = readFileSync(join(copy, 'preview/preview.json'), 'utf8');

  expect(comment.startsWith(`${marker}\n`)).toBe(true);
  expect(comment.length).toBeLessThan(limit);
  for (const stack of ['local', 'production', 'staging']) expect(comment).toContain(`\n| ${stack} |`);
  expect(comment).toContain('- staging · HorizontalPodAutoscaler ×2 `payment-service-blue`');
  expect(comment).toContain('`spec.minReplicas` `3` → `4`');
  expect(comment).toContain('no-secret-in-env');
  expect(comment).toContain('CARRIER_API_KEY');
  for (const text of [comment, preview, stderr]) {
    expect(text).not.toContain(forgotten);
    expect(text).not.toContain(Buffer.from(forgotten).toString('base64'));
  }
  const { base, rows } = JSON.parse(preview);
  expect([base, rows.map(({ stack }: { stack: string }) => stack)]).toEqual([
    'HEAD',
    ['local', 'production', 'staging'],
  ]);
});
