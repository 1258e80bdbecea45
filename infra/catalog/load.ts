import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { InputError } from '../input-error';
import { problemsBetween } from './checks';
import { mergeOverrides } from './merge';
import { type Environment, environments, type ServiceEntry, serviceSchema } from './schema';

/** The catalogue cannot be used; the message has a line per mistake: file, path, what is wrong and what to do. */
export class CatalogueError extends InputError {
  constructor(readonly mistakes: string[]) {
    super(
      `The catalogue has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n  ${mistakes.join('\n  ')}`,
    );
  }
}

export const catalogueFolder = __dirname;

type Outcome = { service: ServiceEntry } | { mistakes: string[] };

const overridesSchema = z.partialRecord(z.enum(environments), z.record(z.string(), z.unknown())).default({});

/** Reads every `*.yaml` of the folder for one environment, in order of name. @throws CatalogueError with all mistakes at once */
export function loadCatalogue(environment: Environment, folder: string = catalogueFolder): ServiceEntry[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort();
  if (files.length === 0) throw new CatalogueError([`${folder}: no *.yaml file; add one per service`]);
  const outcomes = files.map((file) =>
    readService(file, readFileSync(join(folder, file), 'utf8'), environment),
  );
  const mistakes = outcomes.flatMap((outcome) => ('mistakes' in outcome ? outcome.mistakes : []));
  if (mistakes.length > 0) throw new CatalogueError(mistakes);
  const services = outcomes.flatMap((outcome) => ('service' in outcome ? [outcome.service] : []));
  const problems = problemsBetween(services, environment);
  if (problems.length > 0) {
    throw new CatalogueError(
      problems.map((found) => `${found.service}.yaml: ${found.path}: ${found.message}`),
    );
  }
  return services;
}

/** One file's text as the service it describes in `environment`. */
function readService(file: string, text: string, environment: Environment): Outcome {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    return { mistakes: [`${file}: is not YAML: ${(error as Error).message.split('\n')[0]}`] };
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { mistakes: [`${file}: must hold one service: a mapping with name, description and port`] };
  }
  const { environments: rawOverrides, ...base } = raw as Record<string, unknown>;
  const plain = serviceSchema.safeParse(base);
  if (!plain.success) return { mistakes: explain(file, '', plain.error) };
  if (plain.data.name !== basename(file, '.yaml')) {
    return {
      mistakes: [`${file}: name: is "${plain.data.name}"; the file must be called ${plain.data.name}.yaml`],
    };
  }
  const overrides = overridesSchema.safeParse(rawOverrides);
  if (!overrides.success) return { mistakes: explain(file, 'environments.', overrides.error) };
  return applyOverrides(file, base, overrides.data, environment);
}

/** Checks the overrides of every environment, also those not asked for: a mistake must not wait for production. */
function applyOverrides(
  file: string,
  base: Record<string, unknown>,
  overrides: z.infer<typeof overridesSchema>,
  environment: Environment,
): Outcome {
  const mistakes: string[] = [];
  let chosen: ServiceEntry | undefined;
  for (const each of environments) {
    const override = overrides[each] ?? {};
    const where = `environments.${each}.`;
    if (Object.hasOwn(override, 'name'))
      mistakes.push(`${file}: ${where}name: a name is for all environments; remove it`);
    const merged = serviceSchema.safeParse(mergeOverrides(base, override));
    if (!merged.success) mistakes.push(...explain(file, where, merged.error));
    else if (each === environment) chosen = merged.data;
  }
  return chosen && mistakes.length === 0 ? { service: chosen } : { mistakes };
}

const dotted = (path: PropertyKey[]) =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part),
    '',
  );

/** zod's issues as lines of `file: path: what and what to do`. */
export function explain(file: string, prefix: string, error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const where = `${prefix}${dotted(issue.path)}`.replace(/\.$/, '');
    if (issue.code === 'unrecognized_keys') {
      return `${file}: ${where ? `${where}: ` : ''}unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}; see infra/catalog/schema.ts for what there is`;
    }
    return `${file}: ${where}: ${issue.message}`;
  });
}
