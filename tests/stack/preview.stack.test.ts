// The whole program, compared with a copy of it that was changed the way a person would.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from '@platform/local/engine';
import { fromEngine } from '../../cli/preview/adapters';
import { summarise } from '../../cli/preview/summary';
import { localImages, root } from './stack';

jest.setTimeout(600_000);

const stacks = ['local', 'staging', 'production'];

let copy: string;
const project = () => {
  const directory = mkdtempSync(join(tmpdir(), 'platform-preview-'));
  const filter = (path: string) => !path.includes('node_modules');
  cpSync(join(root, 'infra'), join(directory, 'infra'), { recursive: true, filter });
  for (const file of ['Pulumi.yaml', ...stacks.map((stack) => `Pulumi.${stack}.yaml`), 'tsconfig.json'])
    cpSync(join(root, file), join(directory, file));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return directory;
};
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const edit = (service: string, change: (text: string) => string) => {
  const file = join(copy, 'infra', 'catalog', `${service}.yaml`);
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, change(text));
  expect(readFileSync(file, 'utf8')).not.toBe(text);
};

const previewOf = async (stack: string) =>
  fromEngine(
    stack,
    await compare({
      ...{ stack, projectDir: copy, baseDir: root },
      policyPacks: [],
      config: stack === 'local' ? localImages : {},
    }),
  );

test('a figure changed in the catalogue is one line, in exactly the environments that have it from there', async () => {
  copy = project();
  edit('order', (text) => `replicas: 7\n${text}`);
  edit('payment', (text) => text.replace('  staging:\n', '  staging:\n    scale: { min: 4 }\n'));
  edit('user', (text) => `resources: { requests: { cpu: "0.2", memory: 262144Ki } }\n${text}`);
  const previews = [];
  for (const stack of stacks) previews.push(await previewOf(stack));
  const { rows, sections } = summarise(previews, 'main');
  const changed = (path: string, from: number, to: number) => [
    ...[{ code: path }, ' ', { code: String(from) }, ' → ', { code: String(to) }],
  ];
  expect(Object.fromEntries(sections.map(({ id, lines }) => [id, lines]))).toEqual({
    cost: [
      {
        ...{ stacks: ['staging'], kind: 'HorizontalPodAutoscaler' },
        names: ['payment-service-blue', 'payment-service-green'],
        text: changed('spec.minReplicas', 3, 4),
      },
    ],
    // The autoscaler owns the count of pods that run: the summary says so instead of promising an update.
    ignored: [
      {
        ...{ stacks: ['production', 'staging'], kind: 'Deployment', names: ['order-service-blue'] },
        text: changed('spec.replicas', 5, 7),
      },
    ],
  });
  // What is only written differently is no news, but no secret either.
  expect(rows.map(({ stack, update, rewritten }) => [stack, update, rewritten > 0])).toEqual([
    ['local', 0, false],
    ['production', 0, true],
    ['staging', 2, true],
  ]);
});

test('a base that does not render leaves a summary that says so', async () => {
  copy = project();
  const preview = fromEngine(
    'staging',
    await compare({ stack: 'staging', projectDir: copy, baseDir: join(copy, 'nowhere'), policyPacks: [] }),
  );
  expect(preview.exitCode).toBe(0);
  expect(preview.notes.join()).toMatch(/base does not render, so everything shows as new/);
  expect(preview.resources.every(({ op }) => op === 'create')).toBe(true);
});
