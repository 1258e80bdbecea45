import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenPromises, type Contracts, type Registry, toRegistry } from '@platform/libs/messaging';

/** What a service publishes, as its code has it and as it was promised to others. */
export interface ServiceContracts {
  service: string;
  /** The committed registry. */
  file: string;
  contracts: Contracts;
  current: Registry;
  committed: Registry;
}

/** Of every service that has an `application/published.ts`. */
export const readContracts = (projectDir: string): ServiceContracts[] =>
  readdirSync(join(projectDir, 'services'))
    .filter((service) => existsSync(join(projectDir, 'services', service, 'application', 'published.ts')))
    .sort()
    .map((service) => {
      const folder = join(projectDir, 'services', service);
      const { published }: { published: Contracts } = require(join(folder, 'application', 'published'));
      const file = join(folder, 'published.json');
      const committed = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
      return { service, file, contracts: published, current: toRegistry(published), committed };
    });

/** What would break those who read by the committed registries; a line each. */
export const brokenContracts = (all: ServiceContracts[]): string[] =>
  all.flatMap(({ committed, current }) => brokenPromises(committed, current));

/** Services whose committed registry is not what their code says. */
export const staleContracts = (all: ServiceContracts[]): string[] =>
  all.filter(({ committed, current }) => textOf(committed) !== textOf(current)).map(({ service }) => service);

export const writeContracts = (all: ServiceContracts[]): void => {
  for (const { file, current } of all) writeFileSync(file, textOf(current));
};

const textOf = (registry: Registry): string => `${JSON.stringify(registry, null, 2)}\n`;
