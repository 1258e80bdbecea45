// Schemas that others publish, where they are on this machine.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { root } from '../stack/stack';

const contractsDir = process.env.CONTRACTS_DIR ?? join(root, '..', 'shared', 'contracts');

const moduleCache = (): string => {
  try {
    return execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
  } catch {
    return '/nowhere';
  }
};

/** Definitions of Gateway API as one text, from the Go module that the embedded cluster's Istio is built with; undefined without it. */
export function gatewayApiDefinitions(): string | undefined {
  const modules = join(moduleCache(), 'sigs.k8s.io');
  if (!existsSync(modules)) return undefined;
  const newest = readdirSync(modules)
    .filter((name) => /^gateway-api@v1\.\d+\.\d+$/.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  if (newest === undefined) return undefined;
  const folder = join(modules, newest, 'config/crd/standard');
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
