import { spawn } from 'node:child_process';
import { clusterStatus, componentLogs, startCluster, stopCluster } from '@platform/local/cluster';
import { LocalError } from '@platform/local/errors';
import { profileDir } from '@platform/local/paths';
import { plainProgress } from '@platform/local/progress';
import { ensureTools, toolGroups } from '@platform/local/toolchain';
import type { Command } from 'commander';
import { deleteProfile } from '../platform';

const profileOption = (command: Command) =>
  command.option('--profile <name>', 'which embedded cluster', 'default');

interface Profile {
  profile: string;
}

export const addClusterCommands = (program: Command) => {
  const cluster = program.command('cluster').description('The embedded one-node Kubernetes of this machine');

  profileOption(cluster.command('start').description('Start it, or what of it is missing; data is kept'))
    .option('--front-door-port <port>', 'loopback port of the ingress gateway', Number)
    .action(async ({ profile, frontDoorPort }: Profile & { frontDoorPort?: number }) => {
      await ensureTools(toolGroups.cluster, plainProgress);
      const info = await startCluster({ profile, frontDoorPort, progress: plainProgress });
      process.stdout.write(`front door  ${info.frontDoor}\nkubeconfig  ${info.kubeconfig}\n`);
    });

  profileOption(cluster.command('stop').description('Stop it; data is kept')).action(({ profile }: Profile) =>
    plainProgress.step(`Stop cluster ${profile}`, () => stopCluster(profile)),
  );

  profileOption(cluster.command('delete').description('Stop it and delete its data')).action(
    ({ profile }: Profile) => plainProgress.step(`Delete cluster ${profile}`, () => deleteProfile(profile)),
  );

  profileOption(
    cluster.command('status').description('Show its components; exit code 1 when it is not running'),
  )
    .option('--json', 'one JSON document on stdout')
    .action(async ({ profile, json }: Profile & { json?: boolean }) => {
      const status = await clusterStatus(profile);
      if (json) process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
      else {
        for (const { name, pid, ready, memoryBytes } of status.components) {
          const memory = memoryBytes ? `${Math.round(memoryBytes / 2 ** 20)} MiB` : '';
          process.stdout.write(
            `${name.padEnd(26)}${(ready ? 'ready' : 'not ready').padEnd(11)}${String(pid ?? '-').padEnd(9)}${memory}\n`,
          );
        }
        process.stdout.write(
          status.running ? `front door  ${status.frontDoor}\n` : `cluster ${profile} is not running\n`,
        );
      }
      process.exitCode = status.running ? 0 : 1;
    });

  profileOption(cluster.command('logs <component>').description('Print the log of one component')).action(
    async (component: string, { profile }: Profile) => {
      process.stdout.write(await componentLogs(profile, component));
    },
  );

  profileOption(
    program
      .command('kubectl [args...]')
      .description('Run kubectl against the embedded cluster: platform kubectl -- get pods -A'),
  )
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (args: string[], { profile }: Profile) => {
      if (!(await clusterStatus(profile)).running) {
        throw new LocalError(`Cluster ${profile} is not running`, {
          hint: 'Start it: platform cluster start',
        });
      }
      const { kubectl } = await ensureTools(['kubectl'], plainProgress);
      const child = spawn(kubectl as string, args, {
        stdio: 'inherit',
        env: { ...process.env, KUBECONFIG: profileDir(profile, 'kubeconfig') },
      });
      process.exitCode = await new Promise<number>((resolve) =>
        child.on('close', (code) => resolve(code ?? 1)),
      );
    });
};
