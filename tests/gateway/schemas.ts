// Schemas that others publish, where they are on this machine.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { root } from '../stack/stack';

const contractsDir = process.env.CONTRACTS_DIR ?? join(root, '..', 'shared', 'contracts');

/** Definitions of Gateway API as one text, from the folder that `platform test` names; undefined without one. */
export function gatewayApiDefinitions(): string | undefined {
  const folder = process.env.ECP_GATEWAY_API;
  if (!folder) return undefined;
  const files = ['gatewayclasses', 'gateways', 'httproutes'].map((kind) =>
    join(folder, `gateway.networking.k8s.io_${kind}.yaml`),
  );
  return files.map((file) => readFileSync(file, 'utf8')).join('\n---\n');
}

/** What is wrong with a `kong.yml`, by Kong's own schema; undefined where that is not on this machine. */
export function kongFileJudge(): ((file: object) => string[]) | undefined {
  const schemaFile = join(contractsDir, 'kong/kong_json_schema.json');
  if (!existsSync(schemaFile)) return undefined;
  const { $schema: _draft4, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'));
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
  return (file) =>
    validate(file)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
        );
}
