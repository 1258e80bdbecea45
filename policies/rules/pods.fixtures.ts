// Fixtures of the rules about pods: Pod Security 'restricted', resources, probes, images and secrets.
import type { Settings } from '../rule';
import {
  configMap,
  deployment,
  everyOwner,
  type Sample,
  UNKNOWN,
  withContainer,
  withPod,
} from './samples.fixtures';

/** Each entry is one stack; a bare resource is a stack of one. */
export interface Fixtures {
  /** of the rule, for all of its fixtures */
  settings?: Settings;
  good: (Sample | Sample[])[];
  /** each with words the violation must contain */
  bad: [Sample | Sample[], RegExp][];
  /** not judged at preview: no violation, and reported as not checked */
  unknown: (Sample | Sample[])[];
}

const ephemeral = (securityContext: object) =>
  withPod({
    ephemeralContainers: [{ name: 'debug', image: 'localhost/store/debug:1.2.3', securityContext }],
  });
const pinned = (image: unknown) => withContainer({ image });
const env = (name: string, value: unknown) => withContainer({ env: [{ name, value }] });
const random = 'q7Zt0P4xK9mB2vN8sW3yLr6HdTfJ1cGa5E';

export const podFixtures: Record<string, Fixtures> = {
  'run-as-non-root': {
    good: [deployment(), ...everyOwner(), withContainer({ 'securityContext.runAsNonRoot': true })],
    bad: [
      ...everyOwner({ 'securityContext.runAsNonRoot': undefined }).map((one): [Sample, RegExp] => [
        one,
        /may run as root/,
      ]),
      [
        withContainer({ 'securityContext.runAsNonRoot': false }),
        /container 'shop' may run as root at spec\.template\.spec\.containers\[0\]/,
      ],
      [withPod({ 'securityContext.runAsUser': 0 }), /the pod runs as user 0/],
      [withContainer({ 'securityContext.runAsUser': 0 }), /'shop' runs as user 0/],
      [withPod({ 'initContainers.0.securityContext.runAsNonRoot': false }), /'migrate'/],
    ],
    unknown: [
      withPod({ 'securityContext.runAsNonRoot': UNKNOWN }),
      withPod({ containers: UNKNOWN }),
      deployment({ spec: UNKNOWN }),
    ],
  },
  'no-privilege-escalation': {
    good: [deployment()],
    bad: [
      [withContainer({ 'securityContext.allowPrivilegeEscalation': undefined }), /may gain privileges/],
      [withContainer({ securityContext: undefined }), /may gain privileges/],
      [ephemeral({}), /'debug'/],
    ],
    unknown: [withContainer({ 'securityContext.allowPrivilegeEscalation': UNKNOWN })],
  },
  'no-privileged-container': {
    good: [deployment(), withContainer({ 'securityContext.privileged': false })],
    bad: [
      [withContainer({ 'securityContext.privileged': true }), /'shop' is privileged/],
      [ephemeral({ privileged: true }), /'debug' is privileged/],
    ],
    unknown: [withContainer({ 'securityContext.privileged': UNKNOWN })],
  },
  'capabilities-dropped': {
    good: [deployment(), withContainer({ 'securityContext.capabilities.add': ['NET_BIND_SERVICE'] })],
    bad: [
      [withContainer({ 'securityContext.capabilities': undefined }), /keeps default capabilities/],
      [withContainer({ 'securityContext.capabilities.drop': ['NET_RAW'] }), /keeps default capabilities/],
      [
        withContainer({ 'securityContext.capabilities.add': ['SYS_ADMIN'] }),
        /adds capability SYS_ADMIN at .*capabilities\.add\[0\]/,
      ],
    ],
    unknown: [withContainer({ 'securityContext.capabilities': UNKNOWN })],
  },
  'seccomp-profile': {
    good: [
      deployment(),
      withContainer({ 'securityContext.seccompProfile': { type: 'Localhost', localhostProfile: 'a.json' } }),
    ],
    bad: [
      [withPod({ 'securityContext.seccompProfile': undefined }), /without a seccomp profile/],
      [withContainer({ 'securityContext.seccompProfile': { type: 'Unconfined' } }), /'shop' runs without/],
    ],
    unknown: [withPod({ 'securityContext.seccompProfile': UNKNOWN })],
  },
  'apparmor-profile': {
    good: [deployment(), withPod({ 'securityContext.appArmorProfile': { type: 'RuntimeDefault' } })],
    bad: [
      [withContainer({ 'securityContext.appArmorProfile': { type: 'Unconfined' } }), /Unconfined/],
      [
        deployment({
          'spec.template.metadata.annotations': {
            'container.apparmor.security.beta.kubernetes.io/shop': 'unconfined',
          },
        }),
        /switched off by annotation/,
      ],
    ],
    unknown: [withPod({ 'securityContext.appArmorProfile.type': UNKNOWN })],
  },
  'selinux-options': {
    good: [
      deployment(),
      withPod({ 'securityContext.seLinuxOptions': { type: 'container_t', level: 's0:c1,c2' } }),
    ],
    bad: [
      [withPod({ 'securityContext.seLinuxOptions': { type: 'spc_t' } }), /spc_t/],
      [withContainer({ 'securityContext.seLinuxOptions': { user: 'system_u' } }), /user is set/],
    ],
    unknown: [withPod({ 'securityContext.seLinuxOptions': UNKNOWN })],
  },
  'default-proc-mount': {
    good: [deployment(), withContainer({ 'securityContext.procMount': 'Default' })],
    bad: [[withContainer({ 'securityContext.procMount': 'Unmasked' }), /unmasks/]],
    unknown: [withContainer({ 'securityContext.procMount': UNKNOWN })],
  },
  'safe-sysctls': {
    good: [
      deployment(),
      withPod({ 'securityContext.sysctls': [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }] }),
    ],
    bad: [
      [withPod({ 'securityContext.sysctls': [{ name: 'kernel.msgmax', value: '1' }] }), /kernel\.msgmax/],
    ],
    unknown: [
      withPod({ 'securityContext.sysctls': UNKNOWN }),
      withPod({ 'securityContext.sysctls': [{ name: UNKNOWN }] }),
    ],
  },
  'no-windows-host-process': {
    good: [deployment()],
    bad: [[withPod({ 'securityContext.windowsOptions': { hostProcess: true } }), /process of the node/]],
    unknown: [withContainer({ 'securityContext.windowsOptions': { hostProcess: UNKNOWN } })],
  },
  'no-host-namespaces': {
    good: [deployment(), withPod({ hostNetwork: false })],
    bad: ['hostNetwork', 'hostPID', 'hostIPC'].map((key): [Sample, RegExp] => [
      withPod({ [key]: true }),
      new RegExp(`${key} is on`),
    ]),
    unknown: [withPod({ hostNetwork: UNKNOWN })],
  },
  'no-host-ports': {
    good: [deployment(), withContainer({ ports: [{ containerPort: 3001 }] })],
    bad: [[withContainer({ ports: [{ containerPort: 3001, hostPort: 80 }] }), /port 80 of the node/]],
    unknown: [withContainer({ ports: [{ containerPort: 3001, hostPort: UNKNOWN }] })],
  },
  'no-host-path': {
    good: [deployment()],
    bad: everyOwner({ volumes: [{ name: 'root', hostPath: { path: '/' } }] }).map((one): [Sample, RegExp] => [
      one,
      /'root' mounts a folder of the node/,
    ]),
    unknown: [withPod({ volumes: UNKNOWN }), withPod({ volumes: [{ name: 'x', hostPath: UNKNOWN }] })],
  },
  'volume-types': {
    good: [
      deployment(),
      withPod({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }),
    ],
    bad: [
      [withPod({ volumes: [{ name: 'share', nfs: { server: 'files', path: '/' } }] }), /volume type nfs/],
    ],
    unknown: [withPod({ volumes: [UNKNOWN] })],
  },
  'no-host-probes': {
    good: [deployment()],
    bad: [
      [withContainer({ 'livenessProbe.httpGet.host': '10.0.0.1' }), /another host/],
      [
        withContainer({ lifecycle: { preStop: { tcpSocket: { host: '10.0.0.1', port: 1 } } } }),
        /another host/,
      ],
    ],
    unknown: [withContainer({ 'livenessProbe.httpGet.host': UNKNOWN })],
  },
  'read-only-root': {
    good: [deployment()],
    bad: [[withContainer({ 'securityContext.readOnlyRootFilesystem': undefined }), /can write its root/]],
    unknown: [withContainer({ 'securityContext.readOnlyRootFilesystem': UNKNOWN })],
  },
  'service-account-token': {
    good: [
      deployment(),
      deployment({
        'spec.template.spec.automountServiceAccountToken': true,
        'spec.template.metadata.annotations': {
          'platform-policy/service-account-token': 'reads its leases from the API',
        },
      }),
    ],
    bad: [
      [withPod({ automountServiceAccountToken: undefined }), /token is mounted/],
      [
        withPod({
          volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }],
        }),
        /projected/,
      ],
      [
        deployment({
          'spec.template.spec.automountServiceAccountToken': true,
          'metadata.annotations': { 'platform-policy/service-account-token': 'yes' },
        }),
        /token is mounted/,
      ],
    ],
    unknown: [withPod({ automountServiceAccountToken: UNKNOWN })],
  },
  'own-service-account': {
    good: [deployment()],
    bad: [
      [withPod({ serviceAccountName: undefined }), /default service account/],
      [withPod({ serviceAccountName: 'default' }), /default service account/],
    ],
    unknown: [withPod({ serviceAccountName: UNKNOWN })],
  },
  'requests-and-limits': {
    good: [deployment()],
    bad: [
      [withContainer({ 'resources.limits.memory': undefined }), /no memory limit/],
      [withContainer({ resources: undefined }), /no cpu request/],
      [withPod({ 'initContainers.0.resources': undefined }), /'migrate' has no/],
    ],
    unknown: [withContainer({ 'resources.limits.memory': UNKNOWN }), withContainer({ resources: UNKNOWN })],
  },
  probes: {
    good: [
      deployment(),
      ...everyOwner({ 'containers.0.livenessProbe': undefined }).slice(5),
      withPod({ 'containers.0.livenessProbe': { exec: { command: ['true'] } } }),
    ],
    bad: [
      [withContainer({ readinessProbe: undefined }), /no readinessProbe/],
      [withContainer({ livenessProbe: { periodSeconds: 3 } }), /asks nothing/],
      [everyOwner({ 'containers.0.livenessProbe': undefined })[0] as Sample, /no livenessProbe/],
    ],
    unknown: [withContainer({ readinessProbe: UNKNOWN })],
  },
  'image-pinned': {
    good: [
      pinned('shop:1.4.2'),
      pinned('host:5000/shop:v1.4.2-rc.1'),
      pinned(`shop@sha256:${'ab'.repeat(32)}`),
      pinned(`shop:latest@sha256:${'ab'.repeat(32)}`),
      pinned('localhost/store/shop:0123456789abcdef'),
      pinned('postgres:15.18-bookworm'),
      pinned('shop:sha-1a2b3c4'),
      pinned('shop:20261123'),
    ],
    bad: [
      [pinned('shop'), /no tag and means latest/],
      [pinned('shop:latest'), /tag that can move/],
      [pinned('host:5000/shop'), /no tag/],
      [pinned('shop:1.4'), /tag that can move/],
      [pinned('shop:main'), /tag that can move/],
      [pinned('SHOP:1.2.3'), /no image reference/],
      [pinned(undefined), /is missing/],
    ],
    unknown: [pinned(UNKNOWN)],
  },
  'image-registry': {
    settings: { registries: ['localhost/store', 'registry.test:5000'] },
    good: [deployment(), pinned('registry.test:5000/team/shop:1.2.3')],
    bad: [
      [pinned('docker.io/library/redis:7.4.1'), /'docker\.io\/library\/redis:7\.4\.1', comes from elsewhere/],
      [pinned('localhost/storefront/shop:1.2.3'), /comes from elsewhere/],
      [pinned('localhost:1/store/shop:1.2.3'), /comes from elsewhere/],
    ],
    unknown: [pinned(UNKNOWN)],
  },
  'no-secret-in-env': {
    good: [
      deployment(),
      withContainer({
        env: [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'database-secret', key: 'url' } } }],
      }),
      env('JWT_SIGNING_KEYS_FILE', '/var/run/secrets/jwt/keys.json'),
      env('STRIPE_API_URL', 'http://payment-sandbox:12111'),
      env('TOKEN_TTL', '3600'),
      env('PASSWORD_MIN_LENGTH', '12'),
      env('DATABASE_URL', 'postgres://order:$(DB_PASSWORD)@postgres:5432/order'),
      env('DB_PASSWORD', ''),
      env('CONFIG_HASH', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
      env('CLUSTER_ID', 'MkU3OEVBNTcwNTJENDM2Qk'),
      env('KEY_PREFIX', 'shop'),
      env('PARTITION_KEY', 'orderId'),
    ],
    bad: [
      [env('DB_PASSWORD', 'hunter22'), /variable DB_PASSWORD of container 'shop' holds a secret/],
      [env('DB_PASSWORD', UNKNOWN), /variable DB_PASSWORD/],
      [env('stripeApiKey', 'abc'), /stripeApiKey/],
      [env('DATABASE_URL', 'postgres://order:hunter22@postgres:5432/order'), /address with a password/],
      [env('PAYMENTS', ['sk', 'live', '4eC39HqLyjWDarjtT1zdp7dc'].join('_')), /Stripe key/],
      [env('CERT', `-----BEGIN EC PRIVATE ${'KEY'}-----\nMHc=`), /private key/],
      [env('SEED', random), /generated key/],
      [
        withContainer({ args: ['--dsn', 'amqp://a:bcdefg@queue'] }),
        /started with an address with a password/,
      ],
      [withPod({ 'initContainers.0.env': [{ name: 'API_TOKEN', value: 'abcdef' }] }), /'migrate'/],
    ],
    unknown: [
      env('GREETING', UNKNOWN),
      withContainer({ env: UNKNOWN }),
      withContainer({ env: [{ name: UNKNOWN, value: 'x' }] }),
    ],
  },
  'no-secret-in-config-map': {
    good: [
      configMap({
        data: {
          'postgresql.conf':
            "password_encryption = 'scram-sha-256'\nssl_passphrase_command = ''\nport = 5432",
        },
      }),
      configMap({
        data: {
          'init.sh':
            'PGPASSWORD="$POSTGRES_PASSWORD" psql -v pw="$APP_PASSWORD" -c "create role x password :\'pw\'"',
        },
      }),
      configMap({ data: { 'app.js': 'const token = process.env.TOKEN;\nlet password = read();' } }),
      configMap({
        data: { 'jwks.json': `{"keys":[{"kty":"EC","x":"${random}ab","y":"${random}cd","kid":"1"}]}` },
      }),
      configMap({
        data: { 'ca.pem': `-----BEGIN CERTIFICATE-----\n${random}${random}\n-----END CERTIFICATE-----` },
      }),
      configMap({
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the settings file, not of this one
        data: { 'app.yaml': 'database:\n  password: ${DB_PASSWORD}\n  tokenUrl: http://user-service/token' },
      }),
    ],
    bad: [
      [configMap({ data: { password: 'hunter22' } }), /key password holds a secret/],
      [
        configMap({ data: { 'app.properties': 'user=a\ndb.password=hunter22' } }),
        /sets db\.password in plain text/,
      ],
      [configMap({ data: { 'app.json': '{"db": {"password": "hunter22"}}' } }), /sets password/],
      [configMap({ data: { 'app.yaml': 'api:\n  apiKey: hunter22' } }), /sets apiKey/],
      [
        configMap({ data: { 'keys.json': `{"kty":"EC","crv":"P-256","d":"${random}","x":"a"}` } }),
        /private JSON Web Key/,
      ],
      [configMap({ data: { url: 'redis://:hunter22@redis:6379' } }), /address with a password/],
    ],
    unknown: [configMap({ data: UNKNOWN }), configMap({ 'data.text': UNKNOWN })],
  },
};
