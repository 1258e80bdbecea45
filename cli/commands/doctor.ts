import { diagnose } from '@platform/local/toolchain';
import type { Command } from 'commander';
import pc from 'picocolors';

const minutes = (seconds: number) =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

export const addDoctorCommand = (program: Command) => {
  program
    .command('doctor')
    .description(
      'Say what this machine has, what will be used or built, how long that takes, and what is wrong',
    )
    .option('--json', 'one JSON document on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const diagnosis = await diagnose();
      process.exitCode = diagnosis.problems.length > 0 ? 1 : 0;
      if (json) return void process.stdout.write(`${JSON.stringify(diagnosis, null, 2)}\n`);
      const say = (line: string) => process.stdout.write(`${line}\n`);
      for (const { name, value } of diagnosis.machine) say(`${name.padEnd(24)}${value}`);
      say('');
      for (const { name, version, cached, secondsToBuild } of diagnosis.tools) {
        say(
          `${name.padEnd(24)}${version.padEnd(14)}${cached ? 'ready' : `to be built or installed, about ${minutes(secondsToBuild)}`}`,
        );
      }
      say(
        diagnosis.secondsToBuild
          ? `\nAbout ${minutes(diagnosis.secondsToBuild)} of work before the first start.`
          : '\nEverything is there.',
      );
      for (const { message, hint } of diagnosis.problems)
        say(`${pc.red('problem:')} ${message}\n  → ${hint}`);
    });
};
