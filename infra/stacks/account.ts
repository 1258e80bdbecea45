// Which AWS account, for all who must know it without loading AWS's packages.
import type { AwsSettings } from '../aws-settings';
import type { Account } from '../components/aws/policy';
import { project } from '../config';
import type { Context } from './context';

/** The settings of a context whose data is on AWS; `parseConfig` has seen to it that they are there. */
export const awsOf = ({ config }: Pick<Context, 'config'>): AwsSettings => {
  if (!config.aws) throw new Error('the aws layer needs the setting aws');
  return config.aws;
};

export const accountOf = (context: Pick<Context, 'config'>): Account => {
  const { accountId, region } = awsOf(context);
  return { accountId, region, prefix: `${project}-${context.config.environment}` };
};
