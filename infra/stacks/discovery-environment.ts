import type { ServiceEntry } from '../catalog/schema';
import { type EnvVar, fromSecret } from '../components/pod';
import { peersServiceName } from '../components/stateful-server-spec';
import { type Context, checkPort, consulTokenName, instancesName, servers } from './context';

/** Each server by its own name: an instance is looked after by one of them. */
export const consulUrls = ({ config }: Pick<Context, 'config'>): string[] => {
  const { app, port } = servers.consul;
  return Array.from(
    { length: config.consul.servers },
    (_, i) => `http://${app}-${i}.${peersServiceName(app)}:${port}`,
  );
};

const fromPod = (name: string, fieldPath: string): EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

/** What a process reads to be found, and to find others (libs/discovery). */
export const discoveryEnvironment = (service: ServiceEntry, context: Context): EnvVar[] => [
  { name: 'CONSUL_URLS', value: consulUrls(context).join(',') },
  fromSecret('CONSUL_TOKEN', consulTokenName(service), 'token'),
  fromPod('INSTANCE_ID', 'metadata.name'),
  fromPod('INSTANCE_ADDRESS', 'status.podIP'),
  fromPod('INSTANCE_COLOUR', "metadata.labels['colour']"),
  {
    name: 'INSTANCE_AUTHORITY',
    value: `${instancesName(service)}.${context.namespace}.svc.cluster.local:${service.port}`,
  },
  { name: 'INSTANCE_CHECK_PORT', value: String(checkPort) },
];
