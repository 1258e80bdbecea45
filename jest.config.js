// Suites are told apart by file name, so a test lives beside what it tests:
//   *.test.ts          needs nothing but this checkout
//   *.adapter.test.ts  starts real servers (PostgreSQL, Redis, Kafka) on loopback
//   *.stack.test.ts    runs the whole Pulumi program in the engine, no cluster
//   *.cluster.test.ts  needs a running embedded cluster of its own profile
const esmOnly = ['jose', 'oauth4webapi', '@asteasolutions'];

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.(m?[jt]s)$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'json', 'node'],
};

const suite = (displayName, pattern, more = {}) => ({
  ...shared,
  displayName,
  testMatch: [`<rootDir>/**/${pattern}`],
  ...more,
});

module.exports = {
  projects: [
    suite('unit', '*.test.ts', {
      testPathIgnorePatterns: ['/node_modules/', '\\.(adapter|stack|cluster)\\.test\\.ts$'],
    }),
    suite('adapter', '*.adapter.test.ts'),
    suite('stack', '*.stack.test.ts'),
    suite('cluster', '*.cluster.test.ts'),
  ],
};
