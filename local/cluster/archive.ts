import { closeSync, openSync, readSync } from 'node:fs';

const block = 512;

/**
 * References an image archive carries (`RepoTags` of its manifest.json). Only the headers of a tar file are read, so an
 * archive of hundreds of megabytes takes a moment. Empty when it has no manifest.
 */
export const referencesIn = (archive: string): string[] => {
  const file = openSync(archive, 'r');
  try {
    const header = Buffer.alloc(block);
    for (let at = 0; readSync(file, header, 0, block, at) === block && header[0] !== 0; ) {
      const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '');
      const size = Number.parseInt(text(124, 136).trim(), 8);
      if (text(0, 100) === 'manifest.json') {
        const content = Buffer.alloc(size);
        readSync(file, content, 0, size, at + block);
        const images = JSON.parse(content.toString('utf8')) as { RepoTags?: string[] | null }[];
        return images.flatMap(({ RepoTags }) => RepoTags ?? []);
      }
      at += block + Math.ceil(size / block) * block;
    }
    return [];
  } finally {
    closeSync(file);
  }
};
