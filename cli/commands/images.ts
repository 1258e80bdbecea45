import { buildImages } from '@platform/local/images';
import { plainProgress } from '@platform/local/progress';
import type { Command } from 'commander';

export const addImagesCommand = (program: Command) => {
  program
    .command('images')
    .description('The container images of the platform')
    .command('build [names...]')
    .description('Build the images named, or all; nothing is rebuilt whose inputs did not change')
    .option('--json', 'one JSON document on stdout')
    .action(async (names: string[], options: { json?: boolean }) => {
      const images = await buildImages({ names: names.length ? names : undefined, progress: plainProgress });
      if (options.json) process.stdout.write(`${JSON.stringify(images, null, 2)}\n`);
      else for (const image of images) process.stdout.write(`${image.reference}\n`);
    });
};
