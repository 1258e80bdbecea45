// What somebody changes in the cluster by hand is told, put right, and then gone.
import { embedded, kubectl, platform } from './platform';

jest.setTimeout(480_000);

const autoscaler = ['horizontalpodautoscaler', 'user-service-blue', '-n', 'ecommerce-platform'];
const log = ['telemetry', 'front-door', '-n', 'istio-ingress'];
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
    // Not a changed value but one more, in an item of a list.
    const quiet = [{ op: 'add', path: '/spec/accessLogging/0/disabled', value: true }];
    await kubectl('patch', ...log, '--type=json', '-p', JSON.stringify(quiet));

    const found = await drift();
    expect([found.status, found.stdout]).toEqual([7, expect.stringContaining('user-service-blue')]);
    expect(found.stdout).toContain(`spec.maxReplicas ${byHand} → ${wanted}`);
    expect(found.stdout).toContain('accessLogging');
    // Looking changes nothing.
    expect(await mostReplicas()).toBe(byHand);

    expect((await platform(['up', ...embedded])).status).toBe(0);
    expect(await mostReplicas()).toBe(wanted);
    const mended = await drift();
    expect([mended.status, mended.stdout]).toEqual([0, expect.not.stringContaining('user-service-blue')]);
  });
});
