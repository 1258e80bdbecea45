import { snapshotScript } from './volume-snapshots';

test('a copy is made before any is removed, and the newest ones stay', () => {
  const script = snapshotScript({
    ...{ namespace: 'shop', image: 'kubectl', schedule: '17 2 * * *' },
    ...{ claim: 'data-kurrentdb-0', snapshotClass: 'fast', keep: 14 },
  });
  expect(script.indexOf('kubectl create')).toBeLessThan(script.indexOf('kubectl delete'));
  expect(script).toContain('persistentVolumeClaimName: data-kurrentdb-0');
  expect(script).toContain('head -n -14');
});
