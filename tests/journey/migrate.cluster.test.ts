import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './copy';
import { embedded, platform } from './platform';

jest.setTimeout(300_000);

const migrate = (...args: string[]) => platform(['migrate', ...args, ...embedded]);
const services = readdirSync(join(root, 'services')).filter((name) =>
  existsSync(join(root, 'services', name, 'storage/migrations.ts')),
);

describe('platform migrate', () => {
  it('shows of every service that each of its migrations is applied', async () => {
    expect(services).toContain('product');
    for (const service of services) {
      const { status, stdout, stderr } = await migrate(service, 'status', '--json');
      expect([service, status, stderr]).toEqual([service, 0, '']);
      const { migrations, unknown } = JSON.parse(stdout);
      expect(migrations.length).toBeGreaterThan(0);
      expect(migrations.filter(({ applied }: { applied: string | null }) => applied === null)).toEqual([]);
      expect(unknown).toEqual([]);
    }
  });

  it('shows it in words', async () => {
    const { status, stdout } = await migrate('product', 'status');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^0002-products +applied \d{4}-\d\d-\d\dT/m);
    expect(stdout).toContain('product: nothing is pending');
  });

  it('has nothing to apply after an up, also of what contracts', async () => {
    const { status, stdout } = await migrate('product', 'up', '--contract');
    expect([status, stdout]).toEqual([0, 'product: nothing was pending\n']);
  });

  it('refuses to undo any but the newest, and says which that is', async () => {
    const { status, stderr } = await migrate('product', 'rollback', '0001-messaging');
    expect(status).toBe(2);
    expect(stderr).toMatch(/only the newest applied one can, '\d{4}-[a-z0-9-]+' \(MIGRATION_REFUSED\)/);
  });

  it('says which services there are', async () => {
    const { status, stderr } = await migrate('nobody', 'status');
    expect(status).toBe(2);
    expect(stderr).toContain('There is no service nobody');
  });
});
