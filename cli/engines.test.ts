import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chooseEngine, pulumiArgs, speaksOurProtocol } from './engines';
import { resolveTarget } from './target';

describe('the arguments of the pulumi CLI', () => {
  const target = {
    stack: 'staging',
    policyPacks: ['/packs/own', '/packs/more'],
    policyPackConfig: ['/settings/staging.json', '/settings/none.json'],
  };

  it('judge a preview by every policy pack, each with its settings', () => {
    expect(
      pulumiArgs('preview', target, { expectNoChanges: true, json: true }, '/tmp/c.yaml').join(' '),
    ).toBe(
      'preview --stack staging --config-file /tmp/c.yaml --non-interactive --diff --policy-pack /packs/own --policy-pack /packs/more --policy-pack-config /settings/staging.json --policy-pack-config /settings/none.json --json --expect-no-changes',
    );
  });

  it('do not ask when bringing up, and limit it to the targets', () => {
    const args = pulumiArgs('up', target, { target: ['urn:a', 'urn:b'] }, '/tmp/c.yaml').join(' ');
    expect(args).toContain('--yes');
    expect(args).toContain('--target urn:a --target urn:b');
  });

  it('pass no policy pack to a removal', () => {
    expect(pulumiArgs('destroy', target, {}, '/tmp/c.yaml')).not.toContain('--policy-pack');
  });
});

describe('the choice of the engine', () => {
  const path = process.env.PATH as string;
  let bin: string;

  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'platform-bin-'));
    process.env.PATH = bin + delimiter + path;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
  });

  const installPulumi = (script: string) => {
    writeFileSync(join(bin, 'pulumi'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'pulumi'), 0o755);
  };

  it('takes the CLI where a fitting one is on PATH', async () => {
    installPulumi('echo v3.259.0');
    expect((await chooseEngine('auto')).name).toBe('pulumi CLI');
    expect((await chooseEngine('embedded')).name).toBe('embedded engine');
  });

  it('falls back to the embedded engine where the CLI is too old', async () => {
    installPulumi('echo v3.100.0');
    expect((await chooseEngine('auto')).name).toBe('embedded engine');
  });

  it('says what to do when the CLI is demanded and does not fit', async () => {
    installPulumi('echo v2.0.0');
    await expect(chooseEngine('cli')).rejects.toMatchObject({
      message: expect.stringContaining('pulumi 2.0.0'),
      hint: expect.stringContaining('3.200'),
    });
  });

  it('hands the CLI the stack, a local backend and a copy of the stack file with the values of this run', async () => {
    const log = join(bin, 'log');
    installPulumi(`echo "$PULUMI_BACKEND_URL $*" >> ${log}
[ "$1" = version ] && echo v3.259.0
[ "$1" = preview ] && cp "$5" ${bin}/config.yaml
exit 0`);
    const target = resolveTarget({ stack: 'staging', profile: 'unit', engine: 'auto', imageTag: 'v9.9.9' });
    process.env.PULUMI_CONFIG_PASSPHRASE = 'unit';
    try {
      expect(
        await (await chooseEngine('auto')).preview({ ...target, stateDir: join(bin, 'state') }, {}),
      ).toBe(0);
    } finally {
      delete process.env.PULUMI_CONFIG_PASSPHRASE;
    }
    expect(readFileSync(log, 'utf8')).toContain(`file://${join(bin, 'state')} preview --stack staging`);
    expect(readFileSync(join(bin, 'config.yaml'), 'utf8')).toContain('v9.9.9');
    expect(readFileSync(join(__dirname, '..', 'Pulumi.staging.yaml'), 'utf8')).not.toContain('v9.9.9');
  });
});

describe('the protocol', () => {
  it.each([
    ['3.259.0', true],
    ['3.200.0', true],
    ['3.199.9', false],
    ['4.0.0', false],
    ['2.24.0', false],
  ])('version %s fits: %s', (version, fits) => expect(speaksOurProtocol(version)).toBe(fits));
});
