// The security checklist of requirement R12 as data: what enforces each item, what proves it, or which issue brings it.

export type Evidence =
  /** a rule of this pack refuses what breaks the item; rules name their item, so they are not listed here */
  | { by: 'rules'; covers: string }
  /** a test in this repository, by its path from the root and the title it has there */
  | { by: 'test'; file: string; title: string; covers: string }
  /** a document in this repository, by its path from the root */
  | { by: 'document'; file: string; covers: string }
  /** not there yet; the issue that brings it */
  | { by: 'planned'; issue: number; covers: string };

export interface ChecklistItem {
  id: string;
  title: string;
  evidence: Evidence[];
}

const rules = (covers: string): Evidence => ({ by: 'rules', covers });

const document = (file: string, covers: string): Evidence => ({ by: 'document', file, covers });
const test = (file: string, title: string, covers: string): Evidence => ({ by: 'test', file, title, covers });

/**
 * R12 speaks of 25 items and names 24. The 25th here, `infrastructure/workload-hardening`, is ours: the rules of the Pod
 * Security profile 'restricted' belong to no other item.
 */
export const checklist: ChecklistItem[] = [
  {
    id: 'authentication/mfa',
    title: 'Multi-factor authentication',
    evidence: [
      test(
        'services/user/second-factor.adapter.test.ts',
        'is asked for at every log-in once it is confirmed, and the token says so',
        'one-time codes as a second factor',
      ),
      test(
        'services/user/second-factor.adapter.test.ts',
        'can do nothing without a second factor but get one',
        'required of administrators',
      ),
      test(
        'services/user/second-factor.adapter.test.ts',
        'accepts a code once, also when it comes many times at once',
        'a code cannot be replayed',
      ),
    ],
  },
  {
    id: 'authentication/password-policy',
    title: 'Password policy',
    evidence: [
      test('services/user/domain/password.test.ts', 'refuses %s', 'what a password must be like'),
      test(
        'services/user/user.adapter.test.ts',
        'stores argon2id with the parameters OWASP names, never the password',
        'how it is kept',
      ),
      test(
        'services/user/user.adapter.test.ts',
        'slows down who guesses one account, and nobody else',
        'attempts are limited per account',
      ),
    ],
  },
  {
    id: 'authentication/session-timeout',
    title: 'Session time-out',
    evidence: [
      test(
        'services/user/user.adapter.test.ts',
        'refuses tokens that have expired or that it did not sign',
        'an access token ends by itself',
      ),
      test(
        'services/user/sessions.adapter.test.ts',
        'ends after 15 minutes without a refresh',
        'idle time-out',
      ),
      test(
        'services/user/sessions.adapter.test.ts',
        'ends after 12 hours, however busy it is',
        'absolute time-out',
      ),
      test(
        'services/user/sessions.adapter.test.ts',
        'ends at once when its owner logs out',
        'a session can be ended early',
      ),
      test(
        'services/user/sessions.adapter.test.ts',
        'ends with all its tokens when one comes again, because somebody else has it',
        'a stolen refresh token ends it',
      ),
    ],
  },
  {
    id: 'authentication/jwt',
    title: 'JWTs secured',
    evidence: [
      test(
        'services/user/user.adapter.test.ts',
        'signs with a new key as soon as it is active, and still accepts tokens of the old one',
        'keys rotate by key id',
      ),
      test('libs/http/app.test.ts', 'access tokens', 'what every service refuses in a token'),
      rules('the edge checks issuer, audience and expiry too'),
    ],
  },
  {
    id: 'authentication/oauth',
    title: 'OAuth 2.0 flows',
    evidence: [
      test(
        'services/user/oauth.adapter.test.ts',
        'lets a client act for a person, within what it asked for',
        'authorisation code with PKCE',
      ),
      test(
        'services/user/oauth.adapter.test.ts',
        'redeems a code once, and takes back what it gave when it comes again',
        'codes are of one use',
      ),
      test(
        'services/user/oauth.adapter.test.ts',
        'gets a token of its own, good for what it was registered for and nothing else',
        'client credentials',
      ),
    ],
  },
  {
    id: 'authorisation/rbac',
    title: 'Role-based access control',
    evidence: [
      rules(
        'roles, IAM policies and Kafka grants name what they allow; pods carry no API token unasked; nothing runs in the default namespace',
      ),
      test(
        'tests/messaging/grants.adapter.test.ts',
        'a service reads neither what it did not ask for nor in a group of another',
        'the grants of each service, tried on a real broker',
      ),
    ],
  },
  {
    id: 'authorisation/endpoints',
    title: 'Endpoint permissions verified',
    evidence: [
      rules('every route of the gateway asks for a token or says why not, and no EnvoyFilter undoes a check'),
      test(
        'tests/gateway/gateway.cluster.test.ts',
        'a valid token reaches the service as it was sent',
        '401, 403 and 429 through the front door, case by case',
      ),
      test(
        'tests/stack/exposure.stack.test.ts',
        'Istio lets in what the catalogue declares, and nothing else',
        'what is reachable from outside, by which methods, with what authentication',
      ),
    ],
  },
  {
    id: 'authorisation/admin-access',
    title: 'Admin access restricted',
    evidence: [
      rules(
        'neither cluster-admin nor an administrator policy of AWS is given to anybody, and nothing trusts everybody',
      ),
    ],
  },
  {
    id: 'authorisation/service-to-service',
    title: 'Service-to-service authentication',
    evidence: [
      rules(
        'every workload has an identity of its own; the mesh is mutual TLS without exception, allows nothing by default and callers by name; Kafka and AWS know their clients',
      ),
      test('tests/mesh/mesh.cluster.test.ts', 'plain text is refused', 'mutual TLS, measured'),
      test(
        'tests/mesh/mesh.cluster.test.ts',
        'a caller nobody declared is refused, though it has a certificate',
        'authorisation by identity, measured',
      ),
    ],
  },
  {
    id: 'data/at-rest',
    title: 'Data at rest encrypted (AES-256)',
    evidence: [
      rules('databases, caches, brokers, disks, buckets, logs and secrets on AWS have KMS keys that rotate'),
      test(
        'tests/stack/aws.stack.test.ts',
        'everything is encrypted with a customer’s key of its kind',
        'over everything production and staging declare on AWS',
      ),
    ],
  },
  {
    id: 'data/in-transit',
    title: 'Data in transit encrypted (TLS 1.3)',
    evidence: [
      rules(
        'a gateway that ends TLS speaks 1.3 only, Kafka speaks nothing else, certificates are short-lived',
      ),
    ],
  },
  {
    id: 'data/pii-masking',
    title: 'Personal data masked in logs',
    evidence: [
      test(
        'libs/telemetry/logger.test.ts',
        'removes secrets by key and masks what errors carry',
        'the logger of every service',
      ),
      test(
        'services/user/user.adapter.test.ts',
        'has logged neither a password, an address, a name nor a token in all of this',
        'the service that holds personal data',
      ),
    ],
  },
  {
    id: 'data/database-encryption',
    title: 'Database access encrypted',
    evidence: [
      rules('databases, caches and brokers on AWS force TLS and know their clients'),
      test(
        'tests/stack/aws.stack.test.ts',
        'the database refuses plaintext, the cache speaks nothing but TLS',
        'over what production and staging declare on AWS',
      ),
      test(
        'tests/stack/aws.stack.test.ts',
        'no server with data runs in the cluster but what AWS does not run, and each service has its database there',
        'services check the certificate of database and cache',
      ),
    ],
  },
  {
    id: 'data/secrets-management',
    title: 'Secrets management',
    evidence: [
      rules(
        'no secret in plain text in environment variables, arguments or ConfigMaps; outside ones come from a listed store, without an access key, and are read again',
      ),
      test(
        'tests/stack/secrets.stack.test.ts',
        'no generated value stands anywhere else: not in a variable, an argument, an annotation or a ConfigMap',
        'over everything the program declares',
      ),
      test(
        'tests/stack/messaging.stack.test.ts',
        'are fetched from the secrets manager, and made nowhere else',
        'outside of this machine secrets come from AWS Secrets Manager',
      ),
      test(
        'tests/rotation/rotation.cluster.test.ts',
        'without a failed request: the database password of order, and the old one is refused afterwards',
        'rotation under load',
      ),
    ],
  },
  {
    id: 'infrastructure/security-groups',
    title: 'Security groups',
    evidence: [
      rules(
        'network policies govern both directions of every workload; security groups name their peers; data and cluster have no public address; flows are recorded',
      ),
    ],
  },
  {
    id: 'infrastructure/tls-termination',
    title: 'Load balancer TLS termination',
    evidence: [
      rules('load balancers, CloudFront, ingresses and gateways end TLS and redirect plain HTTP'),
      test(
        'tests/stack/aws.stack.test.ts',
        'customers speak TLS 1.3 with the load balancer and with CloudFront',
        'the edge of production and staging',
      ),
    ],
  },
  {
    id: 'infrastructure/waf',
    title: 'Web application firewall',
    evidence: [
      rules(
        'WAFv2 with managed rules that block stands in front of whatever answers the internet, and no Service is opened past it',
      ),
      test(
        'tests/stack/aws.stack.test.ts',
        'firewalls stand before the load balancer and before CloudFront, with a limit per address',
        'the edge of production and staging',
      ),
    ],
  },
  {
    id: 'infrastructure/ddos-protection',
    title: 'DDoS protection',
    evidence: [
      rules(
        'rate limits at the firewall and on every route of the gateway; requests and limits, so that a flood on one workload cannot starve the others',
      ),
    ],
  },
  {
    id: 'infrastructure/security-scans',
    title: 'Regular security scans',
    evidence: [
      rules(
        'images are pinned, from listed registries, scanned on push; GuardDuty, Inspector and CloudTrail watch the account',
      ),
      document('docs/compliance/security-scans.md', 'what is scanned, how often, what stops a release'),
      document(
        '.github/workflows/images.yml',
        'each image is scanned before it is deployed; severity high fails',
      ),
      document('.github/workflows/nightly.yml', 'what runs is scanned every night'),
    ],
  },
  {
    id: 'infrastructure/workload-hardening',
    title: 'Workload hardening (Pod Security restricted)',
    evidence: [
      rules('the whole profile, for every kind of pod owner and container, and a read-only root'),
      test(
        'policies/rules/pod-security.test.ts',
        'refuses %s where the standard does',
        'each control of the published profile, field by field',
      ),
    ],
  },
  {
    id: 'compliance/pci-dss',
    title: 'PCI DSS level 1',
    evidence: [
      document(
        'docs/compliance/pci-dss.md',
        'scope: card data never touches the platform; which requirement is answered by what',
      ),
      test(
        'services/order/order.adapter.test.ts',
        'a card number for a payment method',
        'a card number is refused where a token is asked for, and nothing is stored',
      ),
    ],
  },
  {
    id: 'compliance/gdpr',
    title: 'GDPR',
    evidence: [
      document('docs/compliance/gdpr.md', 'record of processing activities, bases, periods, rights'),
      test(
        'services/user/privacy.adapter.test.ts',
        'is everything that is kept, of all services, asked for with my own token',
        'export (Articles 15 and 20)',
      ),
      test(
        'services/user/privacy.adapter.test.ts',
        'leaves nothing here that tells who it was, and tells the other services',
        'erasure (Article 17)',
      ),
      test(
        'services/order/order.adapter.test.ts',
        'is all that is kept about me, and stays for the books without me once I was erased',
        'orders stay for the books, without the person',
      ),
    ],
  },
  {
    id: 'compliance/soc2',
    title: 'SOC 2 type II',
    evidence: [
      rules(
        'availability and change: second replicas, zones, probes, budgets, backups, audit logs, inventory labels, stable APIs, routes that do what they say',
      ),
      document(
        'docs/compliance/soc2.md',
        'criteria and what answers each, with the evidence an auditor can draw',
      ),
    ],
  },
  {
    id: 'compliance/penetration-tests',
    title: 'Regular penetration tests',
    evidence: [
      document('docs/compliance/penetration-tests.md', 'scope, method, calendar and register of findings'),
    ],
  },
  {
    id: 'compliance/incident-response',
    title: 'Incident response plan',
    evidence: [
      document('docs/compliance/incident-response.md', 'roles, severities, steps, deadlines, exercises'),
    ],
  },
];
