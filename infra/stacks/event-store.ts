// KurrentDB (formerly EventStoreDB): three nodes over TLS, each on a volume of its own, copied every night. Only where `eventStore` is
// `kurrentdb`. No server of it can be had where this project is tested: what is rendered is checked, what it does is not.
import type { ICertificate, IIssuer } from '@kubernetes-models/cert-manager/cert-manager.io/v1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import type { Peer } from '../components/network-policy';
import { type EnvVar, fromSecret, secretFile } from '../components/pod';
import { PlatformSecret } from '../components/secret';
import { StatefulServer } from '../components/stateful-server';
import { peersServiceName } from '../components/stateful-server-spec';
import { VolumeSnapshots } from '../components/volume-snapshots';
import { appName, type Context, secretNames, servers } from './context';
import { secretSource } from './secrets';

const { app, port, hosts } = servers.eventStore;
const uid = 1000;
const nodes = 3;
const replicationPort = 1112;
const dataPath = '/var/lib/kurrentdb';
const folder = '/etc/kurrentdb';
/** Keys `tls.crt`, `tls.key` and, for clients, `ca.crt`. */
export const certificateSecret = `${app}-certificate`;
/** Whose certificate has this name is a node. */
const nodeName = `${app}-node`;
const keys = { 'admin-password': {}, 'ops-password': {} };

const domain = (namespace: string) => `${peersServiceName(app)}.${namespace}.svc.cluster.local`;

export function nodeEnvironment(namespace: string): EnvVar[] {
  const own = `$(POD_NAME).${domain(namespace)}`;
  const seeds = Array.from({ length: nodes }, (_, i) => `${app}-${i}.${domain(namespace)}:${port}`);
  const settings = {
    CLUSTER_SIZE: String(nodes),
    DISCOVER_VIA_DNS: 'false',
    GOSSIP_SEED: seeds.join(','),
    NODE_IP: '0.0.0.0',
    NODE_PORT: String(port),
    NODE_HOST_ADVERTISE_AS: own,
    REPLICATION_IP: '0.0.0.0',
    REPLICATION_PORT: String(replicationPort),
    REPLICATION_HOST_ADVERTISE_AS: own,
    CERTIFICATE_FILE: `${folder}/certificate/tls.crt`,
    CERTIFICATE_PRIVATE_KEY_FILE: `${folder}/key/tls.key`,
    TRUSTED_ROOT_CERTIFICATES_PATH: `${folder}/authorities`,
    CERTIFICATE_RESERVED_NODE_COMMON_NAME: nodeName,
    DB: `${dataPath}/db`,
    INDEX: `${dataPath}/index`,
    LOG: '/tmp/log',
    // The read models are the services' own.
    RUN_PROJECTIONS: 'None',
  };
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...Object.entries(settings).map(([name, value]) => ({ name: `KURRENTDB_${name}`, value })),
    fromSecret('KURRENTDB_DEFAULT_ADMIN_PASSWORD', secretNames.eventStore, 'admin-password'),
    fromSecret('KURRENTDB_DEFAULT_OPS_PASSWORD', secretNames.eventStore, 'ops-password'),
  ];
}

type Issuer = NonNullable<IIssuer['spec']>;
type Certificate = NonNullable<ICertificate['spec']>;

/** An authority of the event store alone, which signs for its nodes. */
export const authoritySpec = (): Certificate => ({
  isCA: true,
  commonName: `${app}-authority`,
  secretName: `${app}-authority`,
  duration: '43800h',
  privateKey: { algorithm: 'RSA', size: 3072 },
  issuerRef: { kind: 'Issuer', name: `${app}-self-signed` },
});

export const nodeCertificateSpec = (namespace: string): Certificate => ({
  commonName: nodeName,
  secretName: certificateSecret,
  duration: '2160h',
  renewBefore: '720h',
  dnsNames: [`*.${domain(namespace)}`, `${app}.${namespace}.svc.cluster.local`, app],
  usages: ['digital signature', 'key encipherment', 'server auth', 'client auth'],
  privateKey: { algorithm: 'RSA', size: 2048, rotationPolicy: 'Always' },
  issuerRef: { kind: 'Issuer', name: `${app}-authority` },
});

/** Beside Kafka: where the history of orders and payments is kept. */
export class EventStore extends Component {
  constructor(name: string, context: Context, options?: ComponentResourceOptions) {
    super('EventStore', name, options);
    const { namespace, config } = context;
    const certificate = this.certificates(namespace);
    const secret = this.secret(context);
    const server = this.server(context, [certificate, secret]);
    new VolumeSnapshots(
      `${app}-backup`,
      {
        ...{ namespace, image: context.image('kubectl'), snapshotClass: config.snapshotClass },
        claim: `data-${app}-0`,
        schedule: '17 2 * * *',
        keep: 14,
      },
      this.child({ dependsOn: server }),
    );
    this.registerOutputs({});
  }

  private certificates(namespace: string): pulumi.Resource {
    const object = (kind: string, name: string, spec: Issuer | Certificate, after: pulumi.Resource[] = []) =>
      new k8s.apiextensions.CustomResource(
        `${name}-${kind.toLowerCase()}`,
        {
          apiVersion: 'cert-manager.io/v1',
          kind,
          metadata: { name, namespace, labels: labelsOf({ app, component: 'certificate' }) },
          spec,
        },
        this.child({ dependsOn: after }),
      );
    const selfSigned = object('Issuer', `${app}-self-signed`, { selfSigned: {} });
    const authority = object('Certificate', `${app}-authority`, authoritySpec(), [selfSigned]);
    const issuer = object('Issuer', `${app}-authority`, { ca: { secretName: `${app}-authority` } }, [
      authority,
    ]);
    return object('Certificate', certificateSecret, nodeCertificateSpec(namespace), [issuer]);
  }

  private secret(context: Context): PlatformSecret {
    const { namespace } = context;
    const secretName = secretNames.eventStore;
    return new PlatformSecret(
      app,
      {
        ...{ namespace, app, secretName, keys },
        source: secretSource(context, secretName, keys),
        derive: (values) => ({
          url: pulumi.interpolate`kurrentdb+discover://admin:${values['admin-password']}@${domain(namespace)}:${port}?tls=true`,
        }),
      },
      this.child(),
    );
  }

  private server({ namespace, config, services, image, spread }: Context, dependsOn: pulumi.Resource[]) {
    const peers = [port, replicationPort].map((open): Peer => ({ to: 'app', app, port: open, hosts }));
    const clients = services.filter(({ eventStore }) => eventStore).map(appName);
    return new StatefulServer(
      app,
      {
        ...{ namespace, uid, spread, dataPath, replicas: nodes, image: image('kurrentdb') },
        ports: { https: port, replication: replicationPort },
        env: nodeEnvironment(namespace),
        storage: { size: config.kurrentdb.storage, class: config.storageClass },
        scratchPaths: [],
        mounts: [
          secretFile(`${folder}/certificate`, certificateSecret, 'tls.crt'),
          secretFile(`${folder}/key`, certificateSecret, 'tls.key'),
          secretFile(`${folder}/authorities`, certificateSecret, 'ca.crt'),
        ],
        probe: { httpGet: { path: '/health/live', port, scheme: 'HTTPS' }, timeoutSeconds: 5 },
        startupSeconds: 300,
        graceSeconds: 60,
        resources: config.kurrentdb.resources,
        ingress: [...clients.map((client): Peer => ({ to: 'app', app: client, port })), ...peers],
        egress: [{ to: 'dns' }, ...peers],
      },
      this.child({ dependsOn }),
    );
  }
}
