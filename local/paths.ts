import { homedir } from 'node:os';
import { join } from 'node:path';
import { LocalError } from './errors';

const product = 'ecommerce-platform';

const base = (variable: string, fallback: string[]) => process.env[variable] || join(homedir(), ...fallback);

/** Built tools and images: safe to delete at any time, rebuilt when missing. */
export const cacheDir = (...parts: string[]) => join(base('XDG_CACHE_HOME', ['.cache']), product, ...parts);

const dataDir = (...parts: string[]) => join(base('XDG_DATA_HOME', ['.local', 'share']), product, ...parts);

/** What outlives every embedded cluster: states of stacks on clusters of the user. No profile can have this name. */
export const stacksDir = (...parts: string[]) => dataDir('_stacks', ...parts);

/** Everything one profile owns: cluster data, kubeconfig, engine state. Gone after `platform cluster delete`. */
export const profileDir = (profile: string, ...parts: string[]) => {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(profile)) {
    throw new LocalError(`Profile "${profile}" is not a valid name`, {
      hint: 'Use up to 20 lower-case letters, digits and dashes, starting with a letter.',
    });
  }
  return dataDir(profile, ...parts);
};
