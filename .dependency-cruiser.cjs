// Which way dependencies may point (docs: the README of each folder). `npx depcruise --config .dependency-cruiser.cjs .`
// tests/architecture proves that each rule bites.
const testCode = '\\.(test|fixtures)\\.ts$|^tests/|^libs/testing/';
const ours = '^(infra|policies|libs|services|local|cli|tests|ops|release)/';

/** Code of `from` never imports code of `to`; tests of a folder may, unless `testsToo`. */
const never = (name, comment, from, to, { testsToo = false } = {}) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, ...(!testsToo && { pathNot: testCode }) },
  to: typeof to === 'string' ? { path: to } : to,
});

module.exports = {
  forbidden: [
    never(
      'services-stand-alone',
      'Services meet over HTTP and events only; each parses what it receives.',
      '^services/([^/]+)/',
      { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
      { testsToo: true },
    ),
    never(
      'services-know-no-platform',
      'A service runs anywhere: it knows libs, not what deploys it.',
      '^services/',
      '^(infra|policies|local|cli|tests)/',
    ),
    never(
      'domain-is-pure',
      'A domain module is events, state, evolve and decide: it imports its own domain and nothing else of ours.',
      '^services/([^/]+)/domain/',
      { path: ours, pathNot: '^services/$1/domain/' },
    ),
    never(
      'application-knows-no-adapter',
      'Application code is given its adapters; it never reaches out to them.',
      '^services/[^/]+/application/',
      '^services/[^/]+/((http|messaging|storage|gateways)/|[^/]+\\.ts$)',
    ),
    never(
      'adapters-know-no-wiring',
      'Only main.ts and app.ts put the parts together.',
      '^services/[^/]+/(http|messaging|storage|gateways)/',
      '^services/[^/]+/(main|app)\\.ts$',
    ),
    never(
      'libs-know-no-user',
      'libs are shared by services and know none.',
      '^libs/',
      '^(services|infra|local|cli|policies)/',
    ),
    never('policies-import-nothing', 'The pack works on any program.', '^policies/', {
      path: ours,
      pathNot: '^policies/',
    }),
    never(
      'components-know-no-catalogue',
      'A component is told what to build; it never looks it up.',
      '^infra/components/',
      '^infra/(catalog|stacks)/',
    ),
    never(
      'infra-knows-no-code',
      'The program describes what exists; it runs none of it.',
      '^infra/',
      '^(services|local|cli|policies|libs)/',
    ),
    never(
      'local-knows-no-platform',
      'Cluster and engine would serve any program.',
      '^local/',
      '^(services|infra|cli|policies|libs)/',
    ),
    never('nobody-imports-the-cli', 'The command line is the outermost layer.', '^(?!cli/|tests/)', '^cli/'),
    {
      name: 'no-test-code-in-production',
      comment: 'What runs in production is not what tests lean on.',
      severity: 'error',
      from: { pathNot: testCode },
      to: { path: testCode },
    },
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other are one module, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/|^coverage/|/dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
