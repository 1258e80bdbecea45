import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { AnalyzerClient } from '@pulumi/pulumi/proto/analyzer_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { LocalError } from '../errors';
import {
  type Judged,
  type Level,
  levels,
  resourceRequest,
  stackRequest,
  type Violation,
  violationsOf,
} from './analyzer';
import { configEnvironment, eachLine, preload, resolveFrom, track } from './program';
import { type OpenConfig, readRuntime, readYaml } from './project';
import { fromStruct, type Properties, toStruct } from './values';

export interface PackOptions {
  project: string;
  stack: string;
  config: OpenConfig;
  address: string;
  /** JSON per policy: a level, or an object of settings with `enforcementLevel`. */
  settings?: Record<string, unknown>;
  onLine: (line: string) => void;
}

// cmd/run-policy-pack always loads ts-node and type-checks; a pack that says `typescript: false` brings its own loader
// (nodeargs), so its runner is called without. A pack would outlive an engine that was killed: it watches its stdin.
const launcher = (index: string, ownLoader: boolean) =>
  `process.stdin.on('close', () => process.exit(0)).resume();${
    ownLoader
      ? `require(${JSON.stringify(join(index, '../run'))}).run({ argv: { _: process.argv.slice(2) },
         programStarted() {}, reportLoggedError(error) { console.error(error); process.exitCode = 1; }, typeScript: false })
         .catch((error) => { console.error(error); process.exit(1); });`
      : `require(${JSON.stringify(index)});`
  }`;

/** A running policy pack. */
export class PolicyPack {
  /** Asking to remediate costs a call per resource, and only policies of that level ever do. */
  private remediates = false;

  private constructor(
    private readonly client: AnalyzerClient,
    readonly name: string,
    readonly version: string,
    readonly stop: () => void,
  ) {}

  /** Starts and configures a pack. Throws when it does not come up within a minute or its settings are wrong. */
  static async start(directory: string, options: PackOptions): Promise<PolicyPack> {
    const folder = resolve(directory);
    const file = join(folder, 'PulumiPolicy.yaml');
    const manifest = readYaml(
      file,
      ['runtime', 'main', 'version', 'description', 'author', 'website', 'license'],
      'A policy pack is a folder with a PulumiPolicy.yaml.',
    );
    const runtime = readRuntime(manifest.runtime, file);
    const entry = typeof manifest.main === 'string' ? manifest.main : '.';
    const runner = resolveFrom(folder, '@pulumi/pulumi/cmd/run-policy-pack');
    const child = track(
      spawn(
        process.execPath,
        [
          ...preload,
          ...runtime.nodeargs,
          '-e',
          launcher(runner, !runtime.typescript),
          '--',
          // `node -e` leaves no script name in argv, the runner expects one.
          ...(runtime.typescript ? ['-', options.address] : ['-']),
          join(folder, entry),
        ],
        {
          cwd: folder,
          env: {
            ...process.env,
            ...configEnvironment(options.config, ':'),
            PULUMI_NODEJS_ORGANIZATION: 'organization',
            PULUMI_NODEJS_PROJECT: options.project,
            PULUMI_NODEJS_STACK: options.stack,
            PULUMI_NODEJS_DRY_RUN: 'false',
          },
          stdio: ['pipe', 'pipe', 'pipe'],
        },
      ),
    );
    const errors: string[] = [];
    eachLine(child.stderr, (line) => errors.push(line));
    const port = await new Promise<string>((found, failed) => {
      const fail = (why: string) =>
        failed(
          new LocalError(`The policy pack ${folder} ${why}\n${errors.slice(-15).join('\n')}`, {
            hint: 'Nothing was changed. Correct the pack, or leave it out.',
          }),
        );
      const timer = setTimeout(() => fail('did not start within 60 s'), 60_000);
      let first = true;
      eachLine(child.stdout, (line) => {
        if (!first) return options.onLine(line);
        first = false;
        clearTimeout(timer);
        found(line.trim());
      });
      child.on('close', (code) => {
        clearTimeout(timer);
        fail(`ended with exit code ${code}`);
      });
    });
    const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
    });
    const info = await call<proto.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done));
    const pack = new PolicyPack(client, info.getName(), info.getVersion(), () => {
      client.close();
      child.kill('SIGKILL');
    });
    try {
      await pack.configure(info, options);
    } catch (error) {
      pack.stop();
      throw error;
    }
    return pack;
  }

  private async configure(info: proto.AnalyzerInfo, options: PackOptions): Promise<void> {
    const stack = new proto.AnalyzerStackConfigureRequest()
      .setStack(options.stack)
      .setProject(options.project)
      .setOrganization('organization');
    await call((done) => this.client.configureStack(stack, done));
    const request = new proto.ConfigureAnalyzerRequest();
    const given = options.settings ?? {};
    const policies = new Map(info.getPoliciesList().map((policy) => [policy.getName(), policy]));
    for (const name of Object.keys(given)) {
      if (name === 'all' || policies.has(name)) continue;
      throw new LocalError(`The settings name a policy "${name}" that the pack ${this.name} does not have`, {
        hint: `It has ${[...policies.keys()].join(', ')}.`,
      });
    }
    for (const [name, policy] of policies) {
      const schema = fromStruct(policy.getConfigschema()?.getProperties()) as Record<string, Properties>;
      const defaults = Object.entries(schema).flatMap(([key, field]) =>
        field?.default === undefined ? [] : [[key, field.default] as const],
      );
      const initial = info.getInitialconfigMap().get(name);
      const merged: Record<string, unknown> = {
        enforcementLevel: levels[(initial ?? policy).getEnforcementlevel()],
        ...Object.fromEntries(defaults),
        ...fromStruct(initial?.getProperties()),
      };
      for (const layer of [given.all, given[name]]) {
        Object.assign(merged, typeof layer === 'string' ? { enforcementLevel: layer } : layer);
      }
      const missing = (policy.getConfigschema()?.getRequiredList() ?? []).filter(
        (key) => merged[key] === undefined,
      );
      const { enforcementLevel, ...properties } = merged;
      const level = levels.indexOf(enforcementLevel as Level);
      if (missing.length || level < 0) {
        throw new LocalError(
          level < 0
            ? `Policy ${name}: "${enforcementLevel}" is not an enforcement level`
            : `Policy ${name} needs ${missing.join(', ')}`,
          { hint: `Correct the settings of the pack ${this.name}; levels are ${levels.join(', ')}.` },
        );
      }
      this.remediates ||= enforcementLevel === 'remediate';
      request
        .getPolicyconfigMap()
        .set(
          name,
          new proto.PolicyConfig()
            .setEnforcementlevel(level as proto.EnforcementLevel)
            .setProperties(toStruct(properties as Properties)),
        );
    }
    await call((done) => this.client.configure(request, done));
  }

  /** Lets the pack correct the inputs. Returns them corrected, with the names of the policies that did. */
  async remediate(resource: Judged): Promise<{ properties: Properties; by: string[] }> {
    if (!this.remediates) return { properties: resource.properties, by: [] };
    const response = await call<proto.RemediateResponse>((done) =>
      this.client.remediate(resourceRequest(resource), done),
    );
    const applied = response.getRemediationsList().filter((item) => item.getProperties());
    const last = applied.at(-1)?.getProperties();
    return {
      properties: last ? fromStruct(last) : resource.properties,
      by: applied.map((item) => item.getPolicyname()),
    };
  }

  async analyze(resource: Judged): Promise<Violation[]> {
    const response = await call<proto.AnalyzeResponse>((done) =>
      this.client.analyze(resourceRequest(resource), done),
    );
    return violationsOf(response, resource.urn);
  }

  async analyzeStack(resources: Judged[], stackUrn: string): Promise<Violation[]> {
    const response = await call<proto.AnalyzeResponse>((done) =>
      this.client.analyzeStack(stackRequest(resources), done),
    );
    return violationsOf(response, stackUrn);
  }
}

const call = <T>(start: (done: (error: Error | null, response: T) => void) => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    start((error, response) => {
      if (!error) return resolve(response);
      reject(
        new LocalError(`A policy pack failed: ${(error as { details?: string }).details ?? error.message}`, {
          hint: 'This is a mistake in the pack, not in the program: correct the policy it names.',
          cause: error,
        }),
      );
    });
  });

/** Settings of packs, as the Pulumi CLI's --policy-pack-config takes them. */
export const readSettings = (file: string): Record<string, unknown> => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new LocalError(`The policy settings ${file} cannot be read: ${(cause as Error).message}`, {
      hint: 'The file must be JSON: {"<policy>": "mandatory" | {…}}.',
      cause,
    });
  }
};
