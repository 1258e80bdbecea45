// Objects judged by the schema of their CustomResourceDefinition, as the API server would with strict validation: what the schema does
// not name is a mistake. CEL rules (x-kubernetes-validations) are not run: a server with the definitions runs those.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parseAllDocuments } from 'yaml';
import { root } from './stack';

/** Definitions that others publish stand beside the checkout, not in it: CONTRACTS_DIR, or this folder. */
const contractsDir = process.env.CONTRACTS_DIR ?? join(root, '..', 'shared', 'contracts');

/** `it`, or `it.skip` with a line on stderr where the contracts of that publisher are missing. */
export const itWithContracts = (publisher: string): jest.It => {
  if (existsSync(join(contractsDir, publisher))) return it;
  process.stderr.write(`SKIPPED: needs ${join(contractsDir, publisher)} (or CONTRACTS_DIR)\n`);
  return it.skip;
};

// biome-ignore lint/suspicious/noExplicitAny: a JSON schema, walked by its keywords
type Schema = any;

/**
 * A structural schema whose objects hold only what they name. Keywords below allOf, anyOf, oneOf and not add conditions and no
 * fields, so they stay open.
 */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties, ...rest } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const unnamed =
    typeof additionalProperties === 'object' ? closed(additionalProperties) : (additionalProperties ?? open);
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(properties && { properties: mapped(properties) }),
    ...(schema.type === 'object' && { additionalProperties: unnamed }),
  };
}

const mapped = (properties: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, closed(schema)]));

type Validator = (object: object) => string[];

/** By `apiVersion/kind`, from the text of one or more CustomResourceDefinitions. */
export function validatorsOf(yaml: string): Map<string, Validator> {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    validateFormats: false,
    unicodeRegExp: false,
    logger: false,
  });
  const definitions = parseAllDocuments(yaml, { uniqueKeys: false }).map((each) => each.toJS());
  return new Map(
    definitions
      .filter((each) => each?.kind === 'CustomResourceDefinition')
      .flatMap(({ spec }) =>
        spec.versions.map((version: Schema): [string, Validator] => {
          const schema = closed(version.schema.openAPIV3Schema);
          const { properties } = schema;
          const check = ajv.compile({
            ...schema,
            // The server's own fields; a definition need not repeat them.
            properties: {
              ...properties,
              ...{ apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } },
            },
          });
          return [
            `${spec.group}/${version.name}/${spec.names.kind}`,
            (object) => (check(object) ? [] : (check.errors ?? []).map(said)),
          ];
        }),
      ),
  );
}

const said = ({
  instancePath,
  message,
  params,
}: {
  instancePath: string;
  message?: string;
  params: Schema;
}) =>
  `${instancePath || '/'}: ${message}${params.additionalProperty ? ` (${params.additionalProperty})` : ''}`;

/** The definitions of one publisher's folder. */
export const contractsOf = (publisher: string): Map<string, Validator> => {
  const folder = join(contractsDir, publisher);
  const files = readdirSync(folder).filter((file) => /\.ya?ml$/.test(file));
  return validatorsOf(files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n---\n'));
};

/** Everything wrong with the objects, a line each; an object without a definition is wrong too. */
export const violations = (
  validators: Map<string, Validator>,
  objects: { apiVersion: string; kind: string; metadata: { name: string } }[],
): string[] =>
  objects.flatMap((object) => {
    const { apiVersion, kind, metadata } = object;
    const found = validators.get(`${apiVersion}/${kind}`)?.(object) ?? ['there is no definition of its kind'];
    return found.map((problem) => `${kind} ${metadata.name}: ${problem}`);
  });
