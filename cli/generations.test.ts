import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGenerations, writeGeneration } from './generations';

describe('the generations of a stack’s secrets', () => {
  let folder: string;
  const place = (embedded: boolean) => ({
    ...{ embedded, stack: 'staging', stateDir: join(folder, 'state') },
    stackFile: join(folder, 'Pulumi.staging.yaml'),
  });
  const settings = () => readFileSync(place(false).stackFile, 'utf8');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'platform-generations-'));
    writeFileSync(
      place(false).stackFile,
      '# Kept.\nconfig:\n  ecommerce-platform:environment: staging # and this\n',
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are in the settings of a stack that is shared, beside comments and all else', () => {
    expect(readGenerations(place(false))).toEqual({});
    writeGeneration(place(false), 'redis-secret', 2);
    writeGeneration(place(false), 'jwt-secret', 5);
    expect(readGenerations(place(false))).toEqual({ 'redis-secret': 2, 'jwt-secret': 5 });
    expect(settings()).toContain('# Kept.');
    expect(settings()).toContain('environment: staging # and this');
  });

  it('are kept with an embedded cluster, over what the settings say, and leave those alone', () => {
    writeGeneration(place(false), 'redis-secret', 2);
    const before = settings();
    writeGeneration(place(true), 'jwt-secret', 3);
    expect(readGenerations(place(true))).toEqual({ 'redis-secret': 2, 'jwt-secret': 3 });
    expect(settings()).toBe(before);
  });
});
