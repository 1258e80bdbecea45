import { buildImages, publishable, stageImages } from '@platform/local/images';
import { plainProgress } from '@platform/local/progress';
import type { Command } from 'commander';
import { projectDir } from '../target';

export const addImagesCommand = (program: Command) => {
  const images = program.command('images').description('The container images of the platform');

  images
    .command('build [names...]')
    .description('Build the images named, or all; nothing is rebuilt whose inputs did not change')
    .option('--json', 'one JSON document on stdout')
    .action(async (names: string[], options: { json?: boolean }) => {
      const built = await buildImages({ names: names.length ? names : undefined, progress: plainProgress });
      if (options.json) process.stdout.write(`${JSON.stringify(built, null, 2)}\n`);
      else for (const image of built) process.stdout.write(`${image.reference}\n`);
    });

  images
    .command('list')
    .description('The images that a registry has to hold for staging and production')
    .option('--json', 'one JSON list on stdout')
    .action(({ json }: { json?: boolean }) => {
      const names = publishable(projectDir);
      process.stdout.write(json ? `${JSON.stringify(names)}\n` : `${names.join('\n')}\n`);
    });

  images
    .command('stage [names...]')
    .description('Lay out a folder per image for docker build, on public bases')
    .requiredOption('--out <dir>', 'where the folders go')
    .action(async (names: string[], { out }: { out: string }) => {
      const wanted = names.length ? names : publishable(projectDir);
      for (const folder of await stageImages({ names: wanted, out, progress: plainProgress }))
        process.stdout.write(`${folder}\n`);
    });
};
