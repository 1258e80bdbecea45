import { chartsFor } from './operators';

describe.each(['istio', 'kong'] as const)('the charts behind a front door of %s', (frontDoor) => {
  const charts = chartsFor(frontDoor);

  test('are each pinned to one exact version of a named repository', () => {
    for (const { version, repository } of charts) {
      expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
      expect(repository).toMatch(/^https:\/\//);
    }
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
