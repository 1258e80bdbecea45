import { createHash } from 'node:crypto';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { basePod, containerSecurity, type EnvVar, type Mount, type Resources, scratch } from './pod';

export interface OneShotJobArgs {
  namespace: string;
  /** Label `app` of its pod; the Job is called `<app>-<hash of all this>`, so a change makes a new one. */
  app: string;
  /** Plain text, because it is part of the hash. */
  image: string;
  uid: number;
  command: string[];
  /** Values here are part of the hash; those from Secrets by reference only. */
  env: EnvVar[];
  mounts: Mount[];
  resources: Resources;
  serviceAccountName: string;
  /** After this it has failed. @default 300 */
  deadlineSeconds?: number;
}

type JobSpec = k8s.types.input.batch.v1.JobSpec;

export function jobSpec(args: OneShotJobArgs): JobSpec {
  const mounts = [scratch('/tmp'), ...args.mounts];
  return {
    backoffLimit: 6,
    activeDeadlineSeconds: args.deadlineSeconds ?? 300,
    template: {
      metadata: { labels: labelsOf({ app: args.app, component: 'job' }) },
      spec: {
        ...basePod({
          uid: args.uid,
          serviceAccountName: args.serviceAccountName,
          mounts,
          graceSeconds: 10,
          containers: [
            {
              name: 'job',
              image: args.image,
              imagePullPolicy: 'IfNotPresent',
              command: args.command,
              env: args.env,
              resources: args.resources,
              securityContext: containerSecurity(),
              volumeMounts: mounts.map(({ mount }) => mount),
            },
          ],
        }),
        restartPolicy: 'OnFailure',
      },
    },
  };
}

/** `<app>-<8 hex>`: a Job cannot be changed, so other work has another name. */
export function jobName(args: OneShotJobArgs): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(jobSpec(args)))
    .digest('hex')
    .slice(0, 8);
  return assertNameFits(`${args.app}-${hash}`);
}

/** Work that is done once and waited for. What it does must bear being done again. */
export class OneShotJob extends Component {
  /** Known once the work is done. */
  readonly done: Output<string>;

  constructor(name: string, args: OneShotJobArgs, options?: ComponentResourceOptions) {
    super('OneShotJob', name, options);
    const job = new k8s.batch.v1.Job(
      `${name}-job`,
      {
        metadata: {
          name: jobName(args),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'job' }),
        },
        spec: jobSpec(args),
      },
      this.child(),
    );
    this.done = job.id;
    this.registerOutputs({});
  }
}
