import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { EngineService } from '@pulumi/pulumi/proto/engine_grpc_pb';
import * as engine from '@pulumi/pulumi/proto/engine_pb';
import { ResourceMonitorService } from '@pulumi/pulumi/proto/resource_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/resource_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { LocalError } from '../errors';
import type { Deployment } from './deployment';
import type { Goal } from './plan';
import { fromStruct, normalise, type Properties, toStruct, unknown } from './values';

// Transforms, hooks and parameterised packages are not served: the SDK itself then says so. Without resource references
// and alias specs the SDK sends plain ids and URNs, which is all that is needed here.
const features = new Set(['secrets', 'outputValues']);

class Unsupported extends LocalError {}

const unsupported = (what: string): never => {
  throw new Unsupported(`${what} is not supported by the built-in engine`, {
    hint: 'Build what the program needs from its inputs and outputs, or use the Pulumi CLI.',
  });
};

type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;

/** Serves one pass of the program: Pulumi's ResourceMonitor and Engine on a loopback port. */
export class Monitor {
  private readonly server = new Server({ 'grpc.max_receive_message_length': -1 });
  private readonly defaults = new Map<string, Promise<string>>();
  private current: Promise<Deployment> = Promise.reject(new Error('no program is running'));
  address = '';
  /** Ends the program: left alone after a refused call, the SDK takes a minute to print its own rejected promises. */
  stopProgram: () => void = () => {};

  constructor(
    private readonly project: string,
    private readonly stack: string,
  ) {
    this.current.catch(() => {});
  }

  async listen(): Promise<void> {
    this.server.addService(ResourceMonitorService, {
      supportsFeature: this.serve((request: proto.SupportsFeatureRequest) =>
        new proto.SupportsFeatureResponse().setHassupport(features.has(request.getId())),
      ),
      registerResource: this.serve((request: proto.RegisterResourceRequest) => this.register(request)),
      registerResourceOutputs: this.serve(async (request: proto.RegisterResourceOutputsRequest) => {
        const outputs = normalise(fromStruct(request.getOutputs())) as Properties;
        (await this.current).registerOutputs(request.getUrn(), outputs);
        return new Empty();
      }),
      // The deletes happen once the program has ended, so there is nothing to wait for.
      signalAndWaitForShutdown: this.serve(() => new Empty()),
      invoke: this.serve((request: proto.ResourceInvokeRequest) =>
        unsupported(`The function ${request.getTok()}`),
      ),
      call: this.serve((request: proto.ResourceCallRequest) => unsupported(`The method ${request.getTok()}`)),
      readResource: this.serve((request: proto.ReadResourceRequest) =>
        unsupported(`Reading an existing ${request.getType()} (.get)`),
      ),
      registerStackTransform: this.serve(() => unsupported('A stack transform')),
      registerPackage: this.serve(() => unsupported('A parameterised package')),
    });
    this.server.addService(EngineService, {
      log: this.serve(async (request: engine.LogRequest) => {
        const severity = (['debug', 'info', 'warning', 'error'] as const)[request.getSeverity()];
        if (severity && severity !== 'debug' && !request.getEphemeral()) {
          (await this.current).log(severity, request.getMessage(), request.getUrn() || undefined);
        }
        return new Empty();
      }),
      setRootResource: this.serve(() => new engine.SetRootResourceResponse()),
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
  }

  /** Directs what comes in from now on to a pass; calls wait until it is ready. */
  attach(deployment: Promise<Deployment>): void {
    deployment.catch(() => {});
    this.current = deployment;
    this.defaults.clear();
  }

  close(): void {
    this.server.forceShutdown();
  }

  private serve<Request, Response>(handler: Handler<Request, Response>) {
    return async (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => {
      try {
        done(null, await handler(call.request));
      } catch (error) {
        if (error instanceof Unsupported) {
          (await this.current).fail(`${error.message} — ${error.hint}`);
          this.stopProgram();
        }
        const hint = error instanceof LocalError ? ` — ${error.hint}` : '';
        done({ code: status.UNKNOWN, details: `${(error as Error).message}${hint}` });
      }
    };
  }

  /** The parent's type chain is part of a URN; the stack itself is left out of it. */
  private urn(parent: string, type: string, name: string): string {
    const chain = parent.split('::')[2] ?? '';
    const prefix = chain && chain !== 'pulumi:pulumi:Stack' ? `${chain}$` : '';
    return `urn:pulumi:${this.stack}::${this.project}::${prefix}${type}::${name}`;
  }

  private goal(request: proto.RegisterResourceRequest): Goal {
    const type = request.getType();
    if (request.getRemote()) unsupported(`The remote component ${type}`);
    if (request.getImportid()) unsupported('import');
    if (request.getTransformsList().length || request.getHooks()) unsupported('A transform or hook');
    if (request.getDeletedwith()) unsupported('deletedWith');
    const timeouts = request.getCustomtimeouts();
    const seconds = (text = '') => {
      const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
      const parts = [...text.matchAll(/([\d.]+)(h|m|s)/g)];
      return parts.length
        ? parts.reduce((sum, [, n, unit = 's']) => sum + Number(n) * (units[unit] ?? 1), 0)
        : undefined;
    };
    const name = request.getName();
    const parent = request.getParent() || undefined;
    const propertyDependencies: Record<string, string[]> = {};
    request.getPropertydependenciesMap().forEach((value, key) => {
      const urns = value.getUrnsList();
      if (urns.length) propertyDependencies[key] = [...urns].sort();
    });
    return {
      urn: this.urn(parent ?? '', type, name),
      ...{ type, name, parent, custom: request.getCustom() },
      inputs: normalise(fromStruct(request.getObject())) as Properties,
      ...(request.getProvider() ? { provider: request.getProvider() } : {}),
      dependencies: [...request.getDependenciesList()].sort(),
      propertyDependencies,
      ...(request.getProtect() ? { protect: true } : {}),
      ...(request.getRetainondelete() ? { retainOnDelete: true } : {}),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      ignoreChanges: request.getIgnorechangesList(),
      replaceOnChanges: request.getReplaceonchangesList(),
      ...(request.getDeletebeforereplacedefined()
        ? { deleteBeforeReplace: request.getDeletebeforereplace() }
        : {}),
      aliases: request.getAliasurnsList(),
      customTimeouts: {
        create: seconds(timeouts?.getCreate()),
        update: seconds(timeouts?.getUpdate()),
        delete: seconds(timeouts?.getDelete()),
      },
    };
  }

  private async register(request: proto.RegisterResourceRequest): Promise<proto.RegisterResourceResponse> {
    const goal = this.goal(request);
    if (goal.type === 'pulumi:pulumi:Stack') return this.registerStack(goal);
    const run = await this.current;
    if (goal.custom && !goal.provider && !goal.type.startsWith('pulumi:')) {
      goal.provider = await this.defaultProvider(run, goal.type.split(':')[0] ?? '', request.getVersion());
    }
    const { urn, id, outputs, result } = await run.register(goal);
    return new proto.RegisterResourceResponse()
      .setUrn(urn)
      .setId(id)
      .setObject(toStruct(outputs))
      .setResult({ success: proto.Result.SUCCESS, fail: proto.Result.FAIL, skip: proto.Result.SKIP }[result]);
  }

  /** Answered at once: the program loads its modules only then, and may do so while state and packs are still being opened. */
  private registerStack(goal: Goal): proto.RegisterResourceResponse {
    const { current } = this;
    current
      .then((run) => {
        run.stackUrn = goal.urn;
        return run.register(goal);
      })
      .catch(async (error: Error) => (await current.catch(() => undefined))?.fail(error.message));
    return new proto.RegisterResourceResponse()
      .setUrn(goal.urn)
      .setObject(toStruct({}))
      .setResult(proto.Result.SUCCESS);
  }

  /** The provider a resource gets that names none; it is a resource too, judged and remembered like the others. */
  private defaultProvider(run: Deployment, pkg: string, version: string): Promise<string> {
    const name = version ? `default_${version.replace(/\W/g, '_')}` : 'default';
    const type = `pulumi:providers:${pkg}`;
    let reference = this.defaults.get(`${type}::${name}`);
    if (!reference) {
      const goal: Goal = {
        ...{ urn: this.urn('', type, name), type, name, custom: true, inputs: version ? { version } : {} },
        ...{ ignoreChanges: [], replaceOnChanges: [], aliases: [] },
      };
      reference = run.register(goal).then(({ urn, id }) => `${urn}::${id || unknown}`);
      this.defaults.set(`${type}::${name}`, reference);
    }
    return reference;
  }
}
