import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import type { Goal, Resource } from './plan';
import { type Properties, toStruct } from './values';

export type Level = 'advisory' | 'mandatory' | 'disabled' | 'remediate';
export interface Violation {
  policy: string;
  pack: string;
  packVersion: string;
  level: Level;
  severity?: 'low' | 'medium' | 'high' | 'critical';
  message: string;
  description: string;
  urn: string;
  /** The rule could not be judged because a value is not known before `up`; it is judged again then. */
  notChecked: boolean;
}

/** What the packs see of a resource. */
export type Judged = Pick<
  Goal,
  'urn' | 'type' | 'name' | 'protect' | 'ignoreChanges' | 'deleteBeforeReplace' | 'aliases'
> &
  Pick<
    Resource,
    'parent' | 'dependencies' | 'propertyDependencies' | 'additionalSecretOutputs' | 'provider'
  > & {
    properties: Properties;
  };

/** In the order of their numbers in the protocol. */
export const levels: Level[] = ['advisory', 'mandatory', 'disabled', 'remediate'];
const severities = [undefined, 'low', 'medium', 'high', 'critical'] as const;

const optionsOf = (resource: Judged) =>
  new proto.AnalyzerResourceOptions()
    .setProtect(!!resource.protect)
    .setIgnorechangesList(resource.ignoreChanges)
    .setDeletebeforereplace(!!resource.deleteBeforeReplace)
    .setDeletebeforereplacedefined(resource.deleteBeforeReplace !== undefined)
    .setAdditionalsecretoutputsList(resource.additionalSecretOutputs ?? [])
    .setAliasesList(resource.aliases)
    .setCustomtimeouts(new proto.AnalyzerResourceOptions.CustomTimeouts())
    .setParent(resource.parent ?? '');

const providerOf = (resource: Judged) => {
  if (!resource.provider) return undefined;
  const urn = resource.provider.replace(/::[^:]*$/, '');
  const [, , type = '', name = ''] = urn.split('::');
  return new proto.AnalyzerProviderResource()
    .setUrn(urn)
    .setType(type)
    .setName(name)
    .setProperties(toStruct({}));
};

export const resourceRequest = (resource: Judged) =>
  new proto.AnalyzeRequest()
    .setType(resource.type)
    .setProperties(toStruct(resource.properties))
    .setUrn(resource.urn)
    .setName(resource.name)
    .setOptions(optionsOf(resource))
    .setProvider(providerOf(resource));

export const stackRequest = (resources: Judged[]) =>
  new proto.AnalyzeStackRequest().setResourcesList(
    resources.map((resource) => {
      const item = new proto.AnalyzerResource()
        .setType(resource.type)
        .setProperties(toStruct(resource.properties))
        .setUrn(resource.urn)
        .setName(resource.name)
        .setOptions(optionsOf(resource))
        .setProvider(providerOf(resource))
        .setParent(resource.parent ?? '')
        .setDependenciesList(resource.dependencies ?? []);
      for (const [key, urns] of Object.entries(resource.propertyDependencies ?? {})) {
        item
          .getPropertydependenciesMap()
          .set(key, new proto.AnalyzerPropertyDependencies().setUrnsList(urns));
      }
      return item;
    }),
  );

/** What a pack found. A finding that names no resource is about `urn`. */
export const violationsOf = (response: proto.AnalyzeResponse, urn: string): Violation[] =>
  response.getDiagnosticsList().map((found) => ({
    policy: found.getPolicyname(),
    pack: found.getPolicypackname(),
    packVersion: found.getPolicypackversion(),
    level: levels[found.getEnforcementlevel()] ?? 'mandatory',
    severity: severities[found.getSeverity()],
    message: found.getMessage(),
    description: found.getDescription(),
    urn: found.getUrn() || urn,
    notChecked: /^can't run policy .* during preview/.test(found.getMessage()),
  }));
