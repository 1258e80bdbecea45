// What somebody changes in the cluster by hand is told, put right, and then gone.
import { kubectl, platform, profile } from './platform';

jest.setTimeout(240_000);

const embedded = ['--profile', profile, '--engine', 'embedded'];
const autoscaler = ['horizontalpodautoscaler', 'user-service-blue', '-n', 'ecommerce-platform'];
const mostReplicas = async () =>
  Number(await kubectl('get', ...autoscaler, '-o', 'jsonpath={.spec.maxReplicas}'));
const drift = () => platform(['drift', ...embedded]);

describe('drift', () => {
  it('is told with resource and property, mended by up, and then none', async () => {
    const wanted = await mostReplicas();
    const byHand = wanted + 3;
    await kubectl(
      'patch',
      ...autoscaler,
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { maxReplicas: byHand } }),
    );
    expect(await mostReplicas()).toBe(byHand);

    const found = await drift();
    expect([found.status, found.stdout]).toEqual([7, expect.stringContaining('user-service-blue')]);
    expect(found.stdout).toContain(`spec.maxReplicas ${byHand} → ${wanted}`);
    // Looking changes nothing.
    expect(await mostReplicas()).toBe(byHand);

    expect((await platform(['up', ...embedded])).status).toBe(0);
    expect(await mostReplicas()).toBe(wanted);
    const mended = await drift();
    expect([mended.status, mended.stdout]).toEqual([0, expect.not.stringContaining('user-service-blue')]);
  });
});
