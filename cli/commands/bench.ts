import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { plainProgress } from '@platform/local/progress';
import { ensureTools } from '@platform/local/toolchain';
import { type Command, Option } from 'commander';
import { testServerEnvironment } from '../suites';
import { projectDir } from '../target';

export const addBenchCommand = (program: Command) => {
  program
    .command('bench')
    .description(
      'Measure a running platform against baselines of the same run; prints ratios, asserts nothing',
    )
    .option('--profile <name>', 'embedded cluster to measure', 'default')
    .addOption(
      new Option('--only <which>', 'one group of measurements').choices([
        ...['http', 'checkouts', 'platform', 'policies', 'pool', 'messaging', 'search'],
      ]),
    )
    .option('--json', 'one JSON document on stdout')
    .action(async ({ profile, only, json }: { profile: string; only?: string; json?: boolean }) => {
      // Baselines on the Node of the services: another one would be compared as well. Our own commands on the Node they are run with.
      const { node } = await ensureTools(['node'], plainProgress);
      const child = spawn(
        node as string,
        ['--require', 'tsx/cjs', join(projectDir, 'tests', 'bench', 'main.ts')],
        {
          cwd: projectDir,
          env: {
            ...(only && only !== 'messaging' ? process.env : await testServerEnvironment(plainProgress)),
            BENCH_PLATFORM_NODE: process.execPath,
            BENCH_PROFILE: profile,
            BENCH_ONLY: only ?? '',
            BENCH_JSON: json ? '1' : '',
          },
          stdio: 'inherit',
        },
      );
      process.exitCode = await new Promise<number>((resolve) =>
        child.on('close', (code) => resolve(code ?? 1)),
      );
    });
};
