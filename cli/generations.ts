// How often each secret of a stack was made anew. It belongs to whoever holds the secrets: for a stack that is shared its settings
// file, to be committed; for an embedded cluster a file beside its state, since every profile has passwords of its own.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';

export const generationsKey = 'ecommerce-platform:secretGenerations';

type Generations = Record<string, number>;

export interface GenerationsPlace {
  embedded: boolean;
  /** `Pulumi.<stack>.yaml` */
  stackFile: string;
  stateDir: string;
  stack: string;
}

const ownFile = ({ stateDir, stack }: GenerationsPlace) => join(stateDir, `${stack}.generations.json`);

const inSettings = ({ stackFile }: GenerationsPlace): Generations =>
  parseDocument(readFileSync(stackFile, 'utf8')).toJS()?.config?.[generationsKey] ?? {};

export const readGenerations = (place: GenerationsPlace): Generations =>
  place.embedded && existsSync(ownFile(place))
    ? { ...inSettings(place), ...JSON.parse(readFileSync(ownFile(place), 'utf8')) }
    : inSettings(place);

/** Changes one and leaves all else, comments too, as it was. @returns the file that was written */
export const writeGeneration = (place: GenerationsPlace, name: string, generation: number): string => {
  if (place.embedded) {
    const file = ownFile(place);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const all = { ...readGenerations(place), [name]: generation };
    writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
    return file;
  }
  const document = parseDocument(readFileSync(place.stackFile, 'utf8'));
  document.setIn(['config', generationsKey, name], generation);
  writeFileSync(place.stackFile, String(document));
  return place.stackFile;
};
