import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { LocalError } from '../errors';

export interface RuntimeOptions {
  typescript: boolean;
  nodeargs: string[];
}

/** A value of the stack's configuration. A `secure` one still has to be decrypted. */
export type ConfigValue = { text: string; secret?: boolean } | { secure: string } | { nested: unknown };

export interface Project {
  name: string;
  root: string;
  /** Where the program runs: the project folder, or `main` in it. */
  workingDirectory: string;
  entry: string;
  runtime: RuntimeOptions;
  config: Record<string, ConfigValue>;
  /** `encryptionsalt` of the stack file. */
  salt?: string;
}

/** The top of a YAML file as an object. Errors name the file, the line, and what may stand there. */
export const readYaml = (file: string, known: string[], hint: string): Record<string, unknown> => {
  if (!existsSync(file)) throw new LocalError(`${file} does not exist`, { hint });
  const document = parseDocument(readFileSync(file, 'utf8'));
  if (document.errors[0]) {
    throw new LocalError(`${file} is not valid YAML: ${document.errors[0].message.split('\n')[0]}`, {
      hint: 'Correct the line, or restore the file from version control.',
    });
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new LocalError(`${file} must hold a mapping of keys to values`, { hint });
  }
  for (const key of Object.keys(content)) {
    if (known.includes(key)) continue;
    throw new LocalError(`${file} has an unknown key "${key}"`, { hint: `It may hold ${known.join(', ')}.` });
  }
  return content as Record<string, unknown>;
};

/** The runtime part of Pulumi.yaml or PulumiPolicy.yaml. */
export const readRuntime = (value: unknown, file: string): RuntimeOptions => {
  const runtime = typeof value === 'string' ? { name: value } : ((value ?? {}) as Record<string, unknown>);
  if (runtime.name !== 'nodejs') {
    throw new LocalError(`${file}: runtime must be nodejs, not ${JSON.stringify(runtime.name)}`, {
      hint: 'The built-in engine runs Node programs and packs only; use the Pulumi CLI for others.',
    });
  }
  const options = (runtime.options ?? {}) as Record<string, unknown>;
  return {
    typescript: options.typescript !== false && options.typescript !== 'false',
    nodeargs: String(options.nodeargs ?? '')
      .split(/\s+/)
      .filter(Boolean),
  };
};

const qualified = (key: string, project: string) => (key.includes(':') ? key : `${project}:${key}`);
const scalar = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const readConfig = (content: unknown, project: string, file: string): Record<string, ConfigValue> => {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new LocalError(`${file}: config must be a mapping of keys to values`, {
      hint: `Write ${project}:<key>: <value> lines under it.`,
    });
  }
  return Object.fromEntries(
    Object.entries(content).map(([key, value]): [string, ConfigValue] => {
      if (value === null) {
        throw new LocalError(`${file}: ${key} has no value`, { hint: 'Give it one or remove the line.' });
      }
      const secure = typeof value === 'object' && 'secure' in value ? value.secure : undefined;
      if (secure !== undefined && typeof secure !== 'string') {
        throw new LocalError(`${file}: ${key} has a secure value that is not text`, {
          hint: 'A secure value looks like v1:<nonce>:<ciphertext>.',
        });
      }
      if (secure !== undefined) return [qualified(key, project), { secure }];
      const text = scalar(value);
      return [qualified(key, project), text.includes('"secure":') ? { nested: value } : { text }];
    }),
  );
};

const projectKeys =
  'name description runtime main config license author website backend options template plugins packages stackConfigDir';
const stackKeys = ['config', 'encryptionsalt', 'secretsprovider', 'encryptedkey', 'environment'];

/** Reads Pulumi.yaml and Pulumi.<stack>.yaml. `overlay` wins over both. */
export const readProject = (
  directory: string,
  stack: string,
  overlay: Record<string, string> = {},
): Project => {
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stack)) {
    throw new LocalError(`"${stack}" is not a valid stack name`, {
      hint: 'Use letters, digits, dashes, underscores and periods.',
    });
  }
  const root = resolve(directory);
  const file = join(root, 'Pulumi.yaml');
  const content = readYaml(file, projectKeys.split(' '), 'Run this in the folder of a Pulumi project.');
  if (typeof content.name !== 'string' || !content.name) {
    throw new LocalError(`${file} has no name`, { hint: 'Add a line name: <project>.' });
  }
  const main = resolve(root, typeof content.main === 'string' ? content.main : '.');
  if (!existsSync(main)) {
    throw new LocalError(`${file}: main names ${main}, which does not exist`, { hint: 'Correct main.' });
  }
  const isFolder = statSync(main).isDirectory();
  const stackFile = join(root, `Pulumi.${stack}.yaml`);
  const stackContent = readYaml(stackFile, stackKeys, `Is "${stack}" the name of a stack of this project?`);
  for (const key of ['secretsprovider', 'encryptedkey', 'environment'] as const) {
    if (stackContent[key] === undefined || stackContent[key] === 'passphrase') continue;
    throw new LocalError(`${stackFile}: ${key} is not supported by the built-in engine`, {
      hint: 'It knows the passphrase secrets provider only; use the Pulumi CLI for this stack.',
    });
  }
  const defaults = Object.entries((content.config ?? {}) as Record<string, unknown>).flatMap(
    ([key, value]) => {
      const declared =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value };
      const given = declared.value ?? declared.default;
      return given === undefined ? [] : [[key, given] as const];
    },
  );
  return {
    name: content.name,
    root,
    workingDirectory: isFolder ? main : dirname(main),
    entry: isFolder ? '.' : basename(main),
    runtime: readRuntime(content.runtime, file),
    config: {
      ...readConfig(Object.fromEntries(defaults), content.name, file),
      ...readConfig(stackContent.config ?? {}, content.name, stackFile),
      ...Object.fromEntries(
        Object.entries(overlay).map(([key, text]) => [qualified(key, content.name as string), { text }]),
      ),
    },
    salt: typeof stackContent.encryptionsalt === 'string' ? stackContent.encryptionsalt : undefined,
  };
};

export interface OpenConfig {
  values: Record<string, string>;
  secretKeys: string[];
}

/** Decrypts what is secure. `decrypt` is only called when there is something to decrypt. */
export const openConfig = async (
  config: Record<string, ConfigValue>,
  decrypt: (sealed: string) => Promise<string>,
): Promise<OpenConfig> => {
  const open = async (value: unknown): Promise<unknown> => {
    if (Array.isArray(value)) return Promise.all(value.map(open));
    if (typeof value !== 'object' || value === null) return value;
    if ('secure' in value && typeof value.secure === 'string') return decrypt(value.secure);
    const entries = Object.entries(value).map(async ([key, item]) => [key, await open(item)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if ('text' in value) values[key] = value.text;
    else
      values[key] =
        'secure' in value ? await decrypt(value.secure) : JSON.stringify(await open(value.nested));
  }
  return { values, secretKeys: Object.keys(config).filter((key) => !('text' in (config[key] ?? {}))) };
};
