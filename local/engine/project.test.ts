import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConfig, readProject } from './project';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'engine-project-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (project: string, stack: string) => {
  writeFileSync(join(directory, 'Pulumi.yaml'), project);
  writeFileSync(join(directory, 'Pulumi.dev.yaml'), stack);
};
const shop = 'name: shop\nruntime: nodejs\n';

describe('a project', () => {
  it('gives its configuration, the stack over the project and the run over both', async () => {
    write(
      `${shop}config:\n  a: 1\n  shop:b: {default: x}\n`,
      'config:\n  shop:a: 2\n  shop:list: [1, 2]\n  other:c: true\n',
    );
    const project = readProject(directory, 'dev', { d: 'now', 'shop:b': 'y' });
    const config = await openConfig(project.config, () => Promise.reject(new Error('nothing is secret')));
    expect(config.values).toEqual({
      'shop:a': '2',
      'shop:b': 'y',
      'shop:list': '[1,2]',
      'other:c': 'true',
      'shop:d': 'now',
    });
  });

  it('opens secure values, also nested ones, and says which keys are secret', async () => {
    write(
      shop,
      'config:\n  shop:token: {secure: "v1:a:b"}\n  shop:db: {user: me, password: {secure: "v1:c:d"}}\n',
    );
    const config = await openConfig(
      readProject(directory, 'dev').config,
      async (sealed) => `open(${sealed})`,
    );
    expect(config.values).toEqual({
      'shop:token': 'open(v1:a:b)',
      'shop:db': '{"user":"me","password":"open(v1:c:d)"}',
    });
    expect(config.secretKeys).toEqual(['shop:token', 'shop:db']);
  });

  it('honours how its program is to be run', () => {
    write(
      `name: shop\nruntime: {name: nodejs, options: {typescript: false, nodeargs: "--import  tsx"}}\n`,
      '',
    );
    expect(readProject(directory, 'dev').runtime).toEqual({
      typescript: false,
      nodeargs: ['--import', 'tsx'],
    });
  });

  it.each([
    ['is not valid YAML', `${shop}config: [`, ''],
    ['has an unknown key "confg"', `${shop}`, 'confg: {}\n'],
    ['has an unknown key "runtme"', 'name: shop\nruntme: nodejs\n', ''],
    ['must hold a mapping', shop, '- a\n'],
    ['config must be a mapping', shop, 'config: [a]\n'],
    ['has no value', shop, 'config:\n  shop:a:\n'],
    ['has no name', 'runtime: nodejs\n', ''],
    ['runtime must be nodejs', 'name: shop\nruntime: go\n', ''],
    ['which does not exist', `${shop}main: nowhere\n`, ''],
    ['secretsprovider is not supported', shop, 'secretsprovider: awskms://x\n'],
  ])('that %s is refused with the file and what to do', (message, project, stack) => {
    write(project, stack);
    expect(() => readProject(directory, 'dev')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        hint: expect.stringMatching(/\w/),
      }),
    );
  });

  it('without the stack names the file it looked for', () => {
    write(shop, '');
    expect(() => readProject(directory, 'prod')).toThrow('Pulumi.prod.yaml does not exist');
    expect(() => readProject(directory, '../x')).toThrow('not a valid stack name');
  });
});
