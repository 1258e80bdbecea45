import * as budgets from '@pulumi/aws/budgets';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange } from '../names';
import type { Account } from './policy';

export interface BudgetArgs {
  account: Account;
  /** US dollars a month. */
  monthlyUsd: number;
  emails: string[];
}

/** Tells people when the month has cost four fifths of what it may, and when it is about to cost more than it may. */
export class MonthlyBudget extends Component {
  constructor(name: string, args: BudgetArgs, options?: ComponentResourceOptions) {
    super('aws:Budget', name, options);
    assertInRange('aws.budget.monthlyUsd', args.monthlyUsd, { min: 1, max: 10_000_000 });
    const notice = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notificationType,
      threshold,
      thresholdType: 'PERCENTAGE',
      comparisonOperator: 'GREATER_THAN',
      subscriberEmailAddresses: args.emails,
    });
    new budgets.Budget(
      name,
      {
        name: args.account.prefix,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        limitAmount: String(args.monthlyUsd),
        limitUnit: 'USD',
        notifications: [notice('ACTUAL', 80), notice('FORECASTED', 100)],
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
