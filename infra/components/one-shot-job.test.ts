import { jobName, jobSpec, type OneShotJobArgs } from './one-shot-job';

const args: OneShotJobArgs = {
  namespace: 'ns',
  app: 'order-database',
  image: 'localhost/x/postgres:0123456789abcdef',
  uid: 999,
  command: ['psql'],
  env: [{ name: 'A', value: 'b' }],
  mounts: [],
  resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { cpu: '1', memory: '64Mi' } },
  serviceAccountName: 'order-database',
};

test('the same work has the same name, other work another', () => {
  expect(jobName(args)).toMatch(/^order-database-[0-9a-f]{8}$/);
  expect(jobName({ ...args })).toBe(jobName(args));
  expect(jobName({ ...args, env: [{ name: 'A', value: 'c' }] })).not.toBe(jobName(args));
  expect(jobName({ ...args, image: 'localhost/x/postgres:fedcba9876543210' })).not.toBe(jobName(args));
});

test('ends after a while, whatever happens', () => {
  expect(jobSpec(args).activeDeadlineSeconds).toBe(300);
});
