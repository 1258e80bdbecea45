import type { Pool } from '@platform/libs/postgres';
import { CommandRefused } from '@platform/libs/service';
import { compare, rebuild } from './application/index-upkeep';
import type { Config } from './config';
import { createSearchIndex } from './storage/index-of-choice';
import { createProductSource } from './storage/product-source';

interface CommandParts {
  config: Config;
  pool: Pool;
  args: string[];
}

const USAGE = 'Usage: search rebuild | search compare [--repair]';

/** `main.js search …`: makes the index anew, or compares it with the catalogue (and mends it). Answers one JSON document. */
export async function searchCommand(parts: CommandParts) {
  const answer = await carryOut(parts);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function carryOut({ args: [what, ...more], ...parts }: CommandParts) {
  const source = createProductSource(parts.pool);
  const index = createSearchIndex(parts);
  if (what === 'rebuild' && more.length === 0) {
    return rebuild(source, index).catch((error) => {
      if (error.code === 'REBUILD_RUNNING') throw new CommandRefused(error.message, error.hint);
      throw error;
    });
  }
  if (what === 'compare' && more.length === 0) return compare(source, index);
  if (what === 'compare' && more.join() === '--repair') return compare(source, index, { repair: true });
  throw new CommandRefused(USAGE);
}
