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
const planned = (issue: number, covers: string): Evidence => ({ by: 'planned', issue, covers });

const test = (file: string, title: string, covers: string): Evidence => ({ by: 'test', file, title, covers });

/**
 * R12 speaks of 25 items and names 24. The 25th here, `infrastructure/workload-hardening`, is ours: the rules of the Pod
 * Security profile 'restricted' belong to no other item.
 */
export const checklist: ChecklistItem[] = [
  {
    id: 'authentication/mfa',
    title: 'Multi-factor authentication',
    evidence: [planned(4, 'one-time codes as a second factor for administrators')],
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
      planned(4, 'ending a session early, and an idle time-out'),
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
    ],
  },
  {
    id: 'authentication/oauth',
    title: 'OAuth 2.0 flows',
    evidence: [planned(4, 'authorisation code with PKCE and client credentials')],
  },
  {
    id: 'authorisation/rbac',
    title: 'Role-based access control',
    evidence: [
      rules(
        'roles name what they allow, pods carry no API token unasked, nothing runs in the default namespace',
      ),
    ],
  },
  {
    id: 'authorisation/endpoints',
    title: 'Endpoint permissions verified',
    evidence: [planned(4, 'the gateway suite: every route with and without the right, from the catalogue')],
  },
  {
    id: 'authorisation/admin-access',
    title: 'Admin access restricted',
    evidence: [rules('cluster-admin is bound to nobody and no role is given to everyone')],
  },
  {
    id: 'authorisation/service-to-service',
    title: 'Service-to-service authentication',
    evidence: [
      rules('every workload has an identity of its own, and no exception is made from mutual TLS'),
      planned(4, 'sidecars, STRICT mutual TLS and authorisation by identity, measured by the mesh suite'),
    ],
  },
  {
    id: 'data/at-rest',
    title: 'Data at rest encrypted (AES-256)',
    evidence: [
      planned(4, 'KMS keys on databases, caches, volumes and backups, with rules for AWS resources'),
    ],
  },
  {
    id: 'data/in-transit',
    title: 'Data in transit encrypted (TLS 1.3)',
    evidence: [
      rules('a gateway that ends TLS speaks 1.3 only'),
      planned(4, 'certificates and a TLS 1.3 policy at every entry of staging and production'),
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
    evidence: [planned(4, 'TLS required by the databases of staging and production')],
  },
  {
    id: 'data/secrets-management',
    title: 'Secrets management',
    evidence: [
      rules('no secret in plain text in environment variables, arguments or ConfigMaps'),
      planned(4, 'rotation under load, and Secrets Manager through External Secrets'),
    ],
  },
  {
    id: 'infrastructure/security-groups',
    title: 'Security groups',
    evidence: [
      rules('network policies govern both directions of every workload'),
      planned(4, 'security groups of the AWS layer'),
    ],
  },
  {
    id: 'infrastructure/tls-termination',
    title: 'Load balancer TLS termination',
    evidence: [planned(4, 'ACM certificates at the load balancer')],
  },
  {
    id: 'infrastructure/waf',
    title: 'Web application firewall',
    evidence: [
      rules('no Service is opened past the gateway, where the firewall stands'),
      planned(4, 'WAFv2 in front of the gateway'),
    ],
  },
  {
    id: 'infrastructure/ddos-protection',
    title: 'DDoS protection',
    evidence: [
      rules('requests and limits: a flood on one workload cannot starve the others'),
      planned(4, 'Shield, and rate limits at the gateway'),
    ],
  },
  {
    id: 'infrastructure/security-scans',
    title: 'Regular security scans',
    evidence: [
      rules('images are pinned and workloads visible, so that a scan is about what runs'),
      planned(4, 'a scan that fails at severity high in the pipeline, and nightly'),
    ],
  },
  {
    id: 'infrastructure/workload-hardening',
    title: 'Workload hardening (Pod Security restricted)',
    evidence: [rules('the whole profile, for every kind of pod owner and container, and a read-only root')],
  },
  {
    id: 'compliance/pci-dss',
    title: 'PCI DSS level 1',
    evidence: [
      planned(4, 'control numbers per rule and the scope document: card data never touches the platform'),
    ],
  },
  {
    id: 'compliance/gdpr',
    title: 'GDPR',
    evidence: [planned(4, 'record of processing, erasure and export of a customer')],
  },
  {
    id: 'compliance/soc2',
    title: 'SOC 2 type II',
    evidence: [
      rules(
        'availability and change: probes, budgets, inventory labels, stable APIs, routes that do what they say',
      ),
      planned(4, 'the evidence report for an auditor'),
    ],
  },
  {
    id: 'compliance/penetration-tests',
    title: 'Regular penetration tests',
    evidence: [planned(4, 'scope, calendar and findings register')],
  },
  {
    id: 'compliance/incident-response',
    title: 'Incident response plan',
    evidence: [planned(4, 'the plan as a document; the incident service follows R11')],
  },
];
