import type { Rule } from '../rule';
import { authorisationRules } from './authorisation';
import { availabilityRules } from './availability';
import { awsBucketRules } from './aws-buckets';
import { awsDataRules } from './aws-data';
import { awsIdentityRules } from './aws-identity';
import { awsNetworkRules } from './aws-network';
import { awsWatchRules } from './aws-watch';
import { certificateRules } from './certificates';
import { gatewayRules } from './gateway';
import { hostRules } from './host';
import { identityRules } from './identity';
import { imageRules } from './images';
import { kafkaRules } from './kafka';
import { meshRules } from './mesh';
import { networkRules } from './network';
import { placementRules } from './placement';
import { privilegeRules } from './privilege';
import { resourceRules } from './resources';
import { secretRules } from './secrets';
import { spreadRules } from './spread';

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
  ...spreadRules,
  ...meshRules,
  ...authorisationRules,
  ...gatewayRules,
  ...kafkaRules,
  ...certificateRules,
  ...awsDataRules,
  ...awsBucketRules,
  ...awsNetworkRules,
  ...awsIdentityRules,
  ...awsWatchRules,
];
