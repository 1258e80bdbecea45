import * as backup from '@pulumi/aws/backup';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange } from '../names';
import { type Account, trustOfService } from './policy';
import { Role } from './role';

export interface BackupsArgs {
  account: Account;
  keyArn: Input<string>;
  /** What is backed up, and what kind it is for the restore test. */
  resources: { name: string; arn: Input<string>; type: 'RDS' | 'S3' }[];
  /** Days a daily backup is kept. */
  dailyDays: number;
  /** Days a monthly backup is kept. */
  monthlyDays: number;
}

/** Names of plans that test restores have letters, digits and `_` only. */
const underscored = (text: string) => text.replace(/-/g, '_');

/** A vault that is not emptied early, a plan that fills it, and a test every week that what is in it can be restored. */
export class Backups extends Component {
  constructor(name: string, args: BackupsArgs, options?: ComponentResourceOptions) {
    super('aws:Backups', name, options);
    const { account } = args;
    assertInRange('aws.backups.dailyDays', args.dailyDays, { min: 7, max: 3650 });
    assertInRange('aws.backups.monthlyDays', args.monthlyDays, { min: 30, max: 3650 });
    const vault = new backup.Vault(
      `${name}-vault`,
      { name: account.prefix, kmsKeyArn: args.keyArn },
      this.child({ protect: true }),
    );
    new backup.VaultLockConfiguration(
      `${name}-vault-lock`,
      { backupVaultName: vault.name, minRetentionDays: 7, maxRetentionDays: 3650 },
      this.child(),
    );
    const role = this.role(name, account);
    const plan = new backup.Plan(
      `${name}-plan`,
      {
        name: account.prefix,
        rules: [
          {
            ruleName: 'daily',
            targetVaultName: vault.name,
            schedule: 'cron(0 1 * * ? *)',
            startWindow: 60,
            completionWindow: 240,
            lifecycle: { deleteAfter: args.dailyDays },
          },
          {
            ruleName: 'monthly',
            targetVaultName: vault.name,
            schedule: 'cron(0 5 1 * ? *)',
            startWindow: 60,
            completionWindow: 720,
            lifecycle: { deleteAfter: args.monthlyDays },
          },
        ],
      },
      this.child(),
    );
    new backup.Selection(
      `${name}-selection`,
      {
        name: account.prefix,
        planId: plan.id,
        iamRoleArn: role.arn,
        resources: args.resources.map(({ arn }) => arn),
      },
      this.child(),
    );
    this.restoreTest(name, args, vault, role);
    this.registerOutputs({});
  }

  private role(name: string, account: Account): Role {
    const own = ['ForBackup', 'ForRestores'].map((task) => `service-role/AWSBackupServiceRolePolicy${task}`);
    return new Role(
      `${name}-role`,
      {
        roleName: `${account.prefix}-backup`,
        description: 'Makes backups and restores them',
        trust: trustOfService(account, 'backup.amazonaws.com'),
        statements: [],
        managed: [...own, 'AWSBackupServiceRolePolicyForS3Backup', 'AWSBackupServiceRolePolicyForS3Restore'],
      },
      this.child(),
    );
  }

  /** A backup that was never restored is a hope. */
  private restoreTest(name: string, args: BackupsArgs, vault: backup.Vault, role: Role): void {
    const plan = new backup.RestoreTestingPlan(
      `${name}-restore-test`,
      {
        name: underscored(args.account.prefix),
        scheduleExpression: 'cron(0 6 ? * MON *)',
        startWindowHours: 1,
        recoveryPointSelection: {
          algorithm: 'LATEST_WITHIN_WINDOW',
          includeVaults: [vault.arn],
          recoveryPointTypes: ['SNAPSHOT'],
          selectionWindowDays: 7,
        },
      },
      this.child(),
    );
    for (const { name: resource, arn, type } of args.resources) {
      new backup.RestoreTestingSelection(
        `${name}-restore-test-${resource}`,
        {
          name: underscored(resource),
          restoreTestingPlanName: plan.name,
          protectedResourceType: type,
          protectedResourceArns: [arn],
          iamRoleArn: role.arn,
          validationWindowHours: 4,
        },
        this.child(),
      );
    }
  }
}
