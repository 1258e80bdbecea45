import { frontDoorHost } from './context';
import { chartsFor } from './operators';

describe.each(['istio', 'kong'] as const)('the charts behind a front door of %s', (gateway) => {
  const charts = chartsFor({ gateway });

  test('are each pinned to one exact version of a named repository', () => {
    for (const { version, repository } of charts) {
      expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
      expect(repository).toMatch(/^https:\/\//);
    }
  });

  test('are reached inside the cluster at the Service that the front door’s chart makes', () => {
    // Kong's chart calls it after the release and the part of it that is the gateway.
    const service = { istio: 'istio-ingressgateway', kong: 'kong-gateway-proxy' }[gateway];
    const door = charts.at(-1);
    expect(service.startsWith(door?.name ?? '?')).toBe(true);
    expect(frontDoorHost({ gateway })).toBe(`${service}.${door?.namespace}`);
  });

  test('wait only for what stands before them', () => {
    charts.forEach(({ after = [] }, index) => {
      const before = charts.slice(0, index).map(({ name }) => name);
      expect(before).toEqual(expect.arrayContaining(after));
    });
  });

  test('are one mesh in one version, with one front door', () => {
    expect(
      new Set(charts.filter(({ name }) => name.startsWith('istio')).map(({ version }) => version)).size,
    ).toBe(1);
    expect(charts.filter(({ name }) => ['istio-ingressgateway', 'kong'].includes(name))).toHaveLength(1);
  });
});
