// R13 as it comes out of the whole program: what makes it fast, and what keeps it from falling over when it is not.
import { type Rendered, render, type Stack } from './stack';

jest.setTimeout(180_000);

const environmentOf = (container: Rendered): Record<string, string> =>
  Object.fromEntries(container.env.map(({ name, value }: Rendered) => [name, value]));
const containers = (stack: Stack): Rendered[] =>
  stack
    .workloads()
    .flatMap(({ spec }) => [...spec.template.spec.containers, ...(spec.template.spec.initContainers ?? [])]);

describe.each(['local', 'staging', 'production'])('in %s', (name) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render(name, { policies: false });
  });

  test('every service scales with its load, and is asked whether it is well before it gets any', () => {
    for (const { metadata, spec } of stack
      .all('Deployment')
      .filter((one) => 'colour' in one.metadata.labels)) {
      const [scaler] = stack
        .all('HorizontalPodAutoscaler')
        .filter((one) => one.spec.scaleTargetRef.name === metadata.name);
      expect([metadata.name, scaler?.spec.maxReplicas > scaler?.spec.minReplicas]).toEqual([
        metadata.name,
        true,
      ]);
      const [service] = spec.template.spec.containers;
      expect(service.readinessProbe.httpGet.path).toBe('/ready');
    }
  });

  test('every container asks for what it needs and is held to what it may have', () => {
    for (const { name: container, resources } of containers(stack)) {
      for (const kind of ['requests', 'limits'])
        expect([container, kind, Object.keys(resources[kind]).sort()]).toEqual([
          container,
          kind,
          ['cpu', 'memory'],
        ]);
    }
  });

  test('the database has a connection for every one that its clients may open', () => {
    const maxConnections =
      name === 'local'
        ? Number(
            /max_connections=(\d+)/.exec(
              stack.one('StatefulSet', 'postgres').spec.template.spec.containers[0].args.join(' '),
            )?.[1],
          )
        : Number(
            stack
              .aws('rds/parameterGroup')[0]
              ?.inputs.parameters.find((one: { name: string }) => one.name === 'max_connections').value,
          );
    const wanted = stack.all('HorizontalPodAutoscaler').map(({ spec }) => {
      const { spec: pods } = stack.one('Deployment', spec.scaleTargetRef.name);
      const { DATABASE_POOL_SIZE: size } = environmentOf(pods.template.spec.containers[0]);
      // Of the colour that is not live there are at most as many pods as a service is born with.
      const count = spec.scaleTargetRef.name.endsWith('-blue') ? spec.maxReplicas : spec.minReplicas;
      return size === undefined ? 0 : count * (Number(size) + 2);
    });
    const together = wanted.reduce((sum, each) => sum + each, 0);
    expect(together).toBeGreaterThan(0);
    expect(together).toBeLessThan(maxConnections);
  });

  test('answers are compressed at the front door', () => {
    const kong = stack.all('Release').find((one) => one.name === 'kong');
    if (kong) {
      expect(kong.values.gateway.env).toMatchObject({
        nginx_proxy_gzip: 'on',
        nginx_proxy_gzip_min_length: '1024',
        nginx_proxy_gzip_types: 'application/json application/problem+json',
      });
    } else {
      const filters = stack
        .one('EnvoyFilter', 'front-door')
        .spec.configPatches.map(({ patch }: Rendered) => patch.value.name);
      expect(filters).toContain('envoy.filters.http.compressor');
    }
  });
});

describe.each(['staging', 'production'])('on AWS, in %s', (name) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render(name, { policies: false });
  });

  test('products are read from the copy of the database, by its own address, and nothing else is', () => {
    const readers = stack
      .all('Deployment')
      .filter(({ spec }) => JSON.stringify(spec).includes('DATABASE_REPLICA_URL'))
      .map(({ metadata }) => metadata.name);
    expect(readers.sort()).toEqual(['product-service-blue', 'product-service-green']);
    const { target, data } = stack.one('ExternalSecret', 'database-secret').spec;
    expect(target.template.data['replica-url']).toMatch(/@{{ .+ }}:5432\/product\?sslmode=verify-full/);
    expect(data.map(({ remoteRef }: Rendered) => remoteRef.property)).toEqual(
      expect.arrayContaining(['host', 'replica-host']),
    );
    const entry = stack
      .aws('secretsmanager/secretVersion')
      .find(({ name }) => name.startsWith('database-secret'));
    expect(entry?.from('secretString')).toEqual(expect.arrayContaining(['database', 'database-replica']));
  });

  test('static files are kept near customers, compressed, and fetched by path alone', () => {
    const [{ defaultCacheBehavior }] = stack.aws('cloudfront/distribution').map(({ inputs }) => inputs);
    // AWS's own policy CachingOptimized.
    const cachePolicyId = '658327ea-f89d-4fab-a63d-7e88639e58f6';
    expect(defaultCacheBehavior).toMatchObject({
      compress: true,
      cachePolicyId,
      cachedMethods: ['GET', 'HEAD'],
    });
  });

  test('the load balancer asks every node whether its gateway is well, and sends it nothing otherwise', () => {
    const [{ healthCheck, loadBalancingAlgorithmType }] = stack
      .aws('lb/targetGroup')
      .map(({ inputs }) => inputs);
    expect(healthCheck).toMatchObject({ matcher: '200', interval: 10, unhealthyThreshold: 2 });
    expect(healthCheck.path).toMatch(/^\//);
    expect(loadBalancingAlgorithmType).toBe('least_outstanding_requests');
  });
});

test('PostgreSQL in a pod has the settings of RDS, and is spoken to through sidecars, encrypted on the way', async () => {
  const stack = await render('local', { policies: false });
  const { template } = stack.one('StatefulSet', 'postgres').spec;
  const [{ args }] = template.spec.containers;
  const production = await render('production', { policies: false });
  const parameters = production.aws('rds/parameterGroup')[0]?.inputs.parameters as {
    name: string;
    value: string;
  }[];
  const shared = parameters.filter(({ name }) =>
    /^(autovacuum|log_autovacuum|track_io|auto_explain\.log_min|idle_in)/.test(name),
  );
  expect(shared.length).toBeGreaterThanOrEqual(10);
  for (const { name, value } of shared) expect(args).toContain(`${name}=${value}`);

  expect(stack.one('PeerAuthentication', 'default').spec).toEqual({ mtls: { mode: 'STRICT' } });
  expect(stack.all('PeerAuthentication')).toHaveLength(1);
  for (const { metadata, spec } of stack.workloads()) {
    const { annotations = {}, labels = {} } = spec.template.metadata;
    const notes: [string, string][] = Object.entries({ ...annotations, ...labels });
    const past = notes
      .filter(([key]) => /exclude(In|Out)boundPorts$/.test(key))
      .flatMap(([, ports]) => ports.split(','));
    expect([metadata.name, notes.filter(([key]) => key === 'sidecar.istio.io/inject')]).toEqual([
      metadata.name,
      [],
    ]);
    expect(past).not.toContain('5432');
    expect(past).not.toContain('6379');
  }
});
