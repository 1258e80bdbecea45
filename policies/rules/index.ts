import type { Rule } from '../rule';
import { availabilityRules } from './availability';
import { hostRules } from './host';
import { identityRules } from './identity';
import { imageRules } from './images';
import { meshRules } from './mesh';
import { networkRules } from './network';
import { placementRules } from './placement';
import { privilegeRules } from './privilege';
import { resourceRules } from './resources';
import { secretRules } from './secrets';

/** Every rule of the pack, in the order in which violations are reported. */
export const rules: Rule[] = [
  ...privilegeRules,
  ...hostRules,
  ...identityRules,
  ...resourceRules,
  ...imageRules,
  ...secretRules,
  ...networkRules,
  ...placementRules,
  ...availabilityRules,
  ...meshRules,
];
