// The policy pack as the engine starts it: `pulumi preview --policy-pack policies`. See README.md.
import { PolicyPack } from '@pulumi/policy';
import { decodeOnce } from './decode-once';
import { policyOf } from './pack';
import { rules } from './rules';

// An inner module of the SDK, whose version is pinned: policies.stack.test.ts holds it.
decodeOnce(require('@pulumi/policy/deserialize'));

new PolicyPack('ecommerce-platform', {
  displayName: 'Platform policies',
  description: 'What must never exist on the platform, tied to the security checklist (R12)',
  tags: ['kubernetes', 'istio', 'pod-security-restricted'],
  policies: rules.map((rule) => policyOf(rule)),
});
