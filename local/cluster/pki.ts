import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../exec';
import type { Cluster } from './cluster';
import { redirectFolder } from './cni';
import { asLocalError, writeFile } from './files';

interface Certificate {
  name: string;
  authority: 'ca' | 'front-proxy-ca' | 'etcd-ca';
  subject: string;
  /** Names and addresses it is valid for as a server; none: it is for a client. */
  serves?: string[];
}

/** Who needs which identity. The subject decides what the API server lets it do. */
export const certificates = (cluster: Cluster): Certificate[] => [
  {
    name: 'apiserver',
    authority: 'ca',
    subject: '/CN=kube-apiserver',
    serves: [
      ...['', '.default', '.default.svc', '.default.svc.cluster.local'].map(
        (rest) => `DNS:kubernetes${rest}`,
      ),
      'DNS:localhost',
      'IP:127.0.0.1',
      `IP:${cluster.plan.apiService}`,
      `IP:${cluster.plan.nodeAddress}`,
    ],
  },
  {
    name: 'kubelet-server',
    authority: 'ca',
    subject: `/CN=${cluster.node}`,
    serves: [`DNS:${cluster.node}`, `IP:${cluster.plan.nodeAddress}`],
  },
  {
    name: 'apiserver-kubelet',
    authority: 'ca',
    subject: '/O=system:masters/CN=kube-apiserver-kubelet-client',
  },
  { name: 'admin', authority: 'ca', subject: '/O=system:masters/CN=platform-admin' },
  { name: 'kubelet', authority: 'ca', subject: `/O=system:nodes/CN=system:node:${cluster.node}` },
  { name: 'controller-manager', authority: 'ca', subject: '/CN=system:kube-controller-manager' },
  { name: 'scheduler', authority: 'ca', subject: '/CN=system:kube-scheduler' },
  { name: 'proxy', authority: 'ca', subject: '/CN=system:kube-proxy' },
  { name: 'storage-provisioner', authority: 'ca', subject: '/CN=platform:storage-provisioner' },
  { name: 'front-proxy', authority: 'front-proxy-ca', subject: '/CN=front-proxy-client' },
  { name: 'etcd', authority: 'etcd-ca', subject: '/CN=etcd', serves: ['IP:127.0.0.1', 'DNS:localhost'] },
  { name: 'apiserver-etcd', authority: 'etcd-ca', subject: '/CN=kube-apiserver' },
];

// Ten years: a local cluster is deleted long before, and nothing here renews certificates.
const days = '3650';
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

const openssl = (dir: string, args: string[]) =>
  run('openssl', args, {
    cwd: dir,
    hint: 'Certificates are made with openssl: is it installed, and is the disk full?',
  });

const makeAuthority = (dir: string, name: string) =>
  openssl(dir, [
    ...['req', '-x509', ...newKey, '-days', days, '-subj', `/CN=ecommerce-platform ${name}`],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', `${name}.key`, '-out', `${name}.crt`],
  ]);

const makeCertificate = async (dir: string, { name, authority, subject, serves }: Certificate) => {
  const usage = serves ? 'serverAuth,clientAuth' : 'clientAuth';
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${usage}`,
    ...(serves ? [`subjectAltName=${serves.join(',')}`] : []),
  ];
  writeFileSync(join(dir, `${name}.ext`), extensions.join('\n'));
  await openssl(dir, [
    'req',
    '-new',
    ...newKey,
    '-subj',
    subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  ]);
  await openssl(dir, [
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.crt`, '-CAkey', `${authority}.key`],
    ...['-days', days, '-extfile', `${name}.ext`, '-out', `${name}.crt`],
  ]);
};

/** Makes every key and certificate once. They are made beside and moved in whole, so a kill leaves none or all. */
export const ensurePki = async (cluster: Cluster): Promise<void> => {
  const dir = cluster.data('pki');
  if (existsSync(dir)) return;
  const draft = cluster.data('pki.draft');
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    await Promise.all(['ca', 'front-proxy-ca', 'etcd-ca'].map((name) => makeAuthority(draft, name)));
    await Promise.all([
      ...certificates(cluster).map((certificate) => makeCertificate(draft, certificate)),
      openssl(draft, ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'service-accounts.key']),
    ]);
    for (const file of readdirSync(draft)) {
      if (/\.(csr|ext)$/.test(file)) rmSync(join(draft, file));
      else chmodSync(join(draft, file), 0o600);
    }
    renameSync(draft, dir);
  } catch (error) {
    throw asLocalError(error, `Cannot write ${dir}`);
  }
};

const base64 = (file: string) => readFileSync(file).toString('base64');

const kubeconfigOf = (cluster: Cluster, user: string) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster.netns,
        cluster: {
          server: `https://${cluster.plan.nodeAddress}:6443`,
          'certificate-authority-data': base64(cluster.data('pki', 'ca.crt')),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(cluster.data('pki', `${user}.crt`)),
          'client-key-data': base64(cluster.data('pki', `${user}.key`)),
        },
      },
    ],
    contexts: [{ name: cluster.netns, context: { cluster: cluster.netns, user } }],
    'current-context': cluster.netns,
  });

/** Kubeconfigs of the components, and the user's own. */
export const writeKubeconfigs = (cluster: Cluster) => {
  for (const user of ['kubelet', 'controller-manager', 'scheduler', 'proxy', 'storage-provisioner']) {
    writeFile(cluster.data('config', `${user}.kubeconfig`), kubeconfigOf(cluster, user));
  }
  // Network plugins act for the kubelet, and it may read the pods of its own node and no others.
  writeFile(join(redirectFolder(cluster), 'istio-cni-kubeconfig'), kubeconfigOf(cluster, 'kubelet'));
  writeFile(cluster.kubeconfig, kubeconfigOf(cluster, 'admin'));
};
