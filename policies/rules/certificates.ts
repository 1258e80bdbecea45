// Secrets that come from outside and certificates: where from, and how long they live.
import type { Field } from '../fields';
import { listSetting, numberSetting, type Resource, type ResourceRule } from '../rule';
import { isOf } from '../workloads';

const external = (kind: string) => (resource: Resource) => isOf(resource, 'external-secrets.io', kind);
const isStore = (resource: Resource) =>
  external('SecretStore')(resource) || external('ClusterSecretStore')(resource);

/** Seconds of a Go duration such as `1h30m`; undefined when it is none. */
export function seconds(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.map(([whole]) => whole).join('') !== text || parts.length === 0) return undefined;
  const unit = { h: 3600, m: 60, s: 1, ms: 0.001 };
  return parts.reduce((sum, [, count, key]) => sum + Number(count) * unit[key as keyof typeof unit], 0);
}

const secretSource: ResourceRule = {
  scope: 'resource',
  name: 'external-secret-source',
  item: 'data/secrets-management',
  severity: 'high',
  level: 'mandatory',
  description:
    'External secrets come from a store that is on the list, by an identity without a key, and are read again.',
  fix: 'use a SecretStore of an allowed provider with auth.jwt.serviceAccountRef, name it in secretStoreRef, and set a refreshInterval between 1m and the hours asked for',
  settings: {
    providers: {
      type: 'array',
      items: { type: 'string' },
      description: 'providers that may be used (default: aws)',
    },
    hours: {
      type: 'number',
      description: 'hours after which a secret is read again at the latest (default: 24)',
    },
  },
  matches: (resource) => isStore(resource) || external('ExternalSecret')(resource),
  validate(resource, report, settings) {
    const spec = resource.props.at('spec');
    if (isStore(resource)) {
      const allowed = listSetting(settings, 'providers', ['aws']);
      for (const [provider, at] of spec.at('provider').entries) {
        report.guard(() => {
          if (!allowed.includes(provider)) report.violation(at, `provider ${provider} is not on the list`);
          if (at.at('auth', 'secretRef').exists)
            report.violation(at.at('auth', 'secretRef'), 'the store is opened by an access key');
        });
      }
      return;
    }
    report.guard(() => refreshed(spec.at('refreshInterval')));
    report.guard(() => {
      const kind = spec.at('secretStoreRef', 'kind');
      if (kind.exists && !['SecretStore', 'ClusterSecretStore'].includes(kind.text ?? ''))
        report.violation(kind, `${kind.text} is no store`);
      if (!spec.at('secretStoreRef', 'name').text)
        report.violation(spec.at('secretStoreRef', 'name'), 'no store is named');
    });
    function refreshed(at: Field) {
      const every = seconds(at.text ?? '1h');
      const most = numberSetting(settings, 'hours', 24) * 3600;
      if (every === undefined || every < 60 || every > most)
        report.violation(at, `a refresh every ${at.text} is too seldom, too often or never`);
    }
  },
};

const certificateShort: ResourceRule = {
  scope: 'resource',
  name: 'certificate-renewed',
  item: 'data/in-transit',
  severity: 'medium',
  level: 'mandatory',
  description: 'Certificates are short-lived, get a new key on each renewal, and the key is strong enough.',
  fix: 'set spec.duration to 2160h at most, privateKey.rotationPolicy: Always, and an ECDSA key or an RSA key of 2048 bits or more',
  settings: { days: { type: 'number', description: 'days a certificate lives at most (default: 90)' } },
  matches: (resource) => isOf(resource, 'cert-manager.io', 'Certificate'),
  validate(resource, report, settings) {
    const spec = resource.props.at('spec');
    report.guard(() => {
      // An authority outlives what it signs.
      if (spec.at('isCA').value === true) return;
      const at = spec.at('duration');
      const lives = seconds(at.text ?? '2160h');
      if (lives === undefined || lives > numberSetting(settings, 'days', 90) * 86_400)
        report.violation(at, `the certificate lives for ${at.text}`);
    });
    report.guard(() => {
      const at = spec.at('privateKey', 'rotationPolicy');
      if (at.text !== 'Always') report.violation(at, 'a renewal keeps the old key');
    });
    report.guard(() => {
      const at = spec.at('privateKey', 'size');
      const rsa = (spec.at('privateKey', 'algorithm').text ?? 'RSA') === 'RSA';
      if (rsa && (at.number ?? 2048) < 2048)
        report.violation(at, `an RSA key of ${at.text} bits is too weak`);
    });
  },
};

export const certificateRules = [secretSource, certificateShort];
