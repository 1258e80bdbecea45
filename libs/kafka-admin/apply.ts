// Makes topics and grants as they are wanted. Done again it changes nothing; a topic is never removed, a grant that is not wanted is.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ConfigResourceTypes,
  ResourcePatternTypes,
} from 'kafkajs';
import type { WantedGrants, WantedTopic } from './wanted';

type Say = (line: string) => void;

const retention = 'retention.ms';

/** Creates what is missing, adds partitions, sets retention. More partitions than wanted are left: taking some away loses messages. */
export async function applyTopics(admin: Admin, wanted: WantedTopic[], say: Say): Promise<void> {
  const present = new Set(await admin.listTopics());
  const missing = wanted.filter(({ name }) => !present.has(name));
  if (missing.length > 0) {
    await admin.createTopics({
      topics: missing.map(({ name, partitions, retentionMs, replication }) => ({
        ...{ topic: name, numPartitions: partitions, replicationFactor: replication },
        configEntries: [{ name: retention, value: String(retentionMs) }],
      })),
    });
    for (const { name } of missing) say(`created topic ${name}`);
  }
  const kept = wanted.filter(({ name }) => present.has(name));
  if (kept.length === 0) return;
  await raisePartitions(admin, kept, say);
  await setRetention(admin, kept, say);
}

async function raisePartitions(admin: Admin, kept: WantedTopic[], say: Say): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: kept.map(({ name }) => name) });
  const has = new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
  const more = kept.filter(({ name, partitions }) => partitions > (has.get(name) ?? partitions));
  if (more.length === 0) return;
  await admin.createPartitions({
    topicPartitions: more.map(({ name, partitions }) => ({ topic: name, count: partitions })),
  });
  for (const { name, partitions } of more) say(`topic ${name} has ${partitions} partitions now`);
}

async function setRetention(admin: Admin, kept: WantedTopic[], say: Say): Promise<void> {
  const type = ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: kept.map(({ name }) => ({ type, name, configNames: [retention] })),
  });
  const has = new Map(
    resources.map(({ resourceName, configEntries }) => [resourceName, configEntries[0]?.configValue]),
  );
  const other = kept.filter(({ name, retentionMs }) => has.get(name) !== String(retentionMs));
  if (other.length === 0) return;
  await admin.alterConfigs({
    validateOnly: false,
    resources: other.map(({ name, retentionMs }) => ({
      ...{ type, name },
      configEntries: [{ name: retention, value: String(retentionMs) }],
    })),
  });
  for (const { name } of other) say(`topic ${name} has another retention now`);
}

const resourceTypes = { topic: AclResourceTypes.TOPIC, group: AclResourceTypes.GROUP };
const patternTypes = { literal: ResourcePatternTypes.LITERAL, prefix: ResourcePatternTypes.PREFIXED };
const operationTypes = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
};

const principalOf = (user: string) => `User:${user}`;

export const aclsOf = (user: string, wanted: WantedGrants[string]): AclEntry[] =>
  wanted.flatMap(({ resource, operations }) =>
    operations.map((operation) => ({
      principal: principalOf(user),
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
      operation: operationTypes[operation],
      resourceType: resourceTypes[resource.type],
      resourceName: resource.name,
      resourcePatternType: patternTypes[resource.patternType],
    })),
  );

const keyOf = (acl: AclEntry) =>
  [
    ...[acl.principal, acl.host, acl.permissionType, acl.operation],
    ...[acl.resourceType, acl.resourcePatternType, acl.resourceName],
  ].join(' ');

/** What to add to one list of grants and what to take away, so that it is the other. */
export const grantChanges = (has: AclEntry[], wanted: AclEntry[]) => {
  const without = (all: AclEntry[], others: AclEntry[]) => {
    const known = new Set(others.map(keyOf));
    return all.filter((acl) => !known.has(keyOf(acl)));
  };
  return { missing: without(wanted, has), surplus: without(has, wanted) };
};

/** Of the users that are named, and of nobody else. New grants come before old ones go. They are in force when it ends. */
export async function applyGrants(admin: Admin, wanted: WantedGrants, say: Say): Promise<void> {
  const { missing, surplus } = await changesFor(admin, wanted);
  if (missing.length + surplus.length === 0) return;
  if (missing.length > 0) await admin.createAcls({ acl: missing });
  if (surplus.length > 0) await admin.deleteAcls({ filters: surplus });
  await inForce(admin, wanted);
  say(`grants: ${missing.length} given, ${surplus.length} taken away`);
}

async function changesFor(admin: Admin, wanted: WantedGrants) {
  const has: AclEntry[] = [];
  for (const user of Object.keys(wanted)) has.push(...(await grantsOf(admin, user)));
  return grantChanges(
    has,
    Object.entries(wanted).flatMap(([user, acls]) => aclsOf(user, acls)),
  );
}

/** The controller says yes before brokers have heard of it, and whoever waits for us would be refused. */
async function inForce(admin: Admin, wanted: WantedGrants): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const { missing, surplus } = await changesFor(admin, wanted);
    if (missing.length + surplus.length === 0) return;
    if (Date.now() > deadline)
      throw new Error('The broker took the grants in, and does not show them after 30 s. Run the Job again.');
  }
}

async function grantsOf(admin: Admin, user: string): Promise<AclEntry[]> {
  const { resources } = await admin.describeAcls({
    principal: principalOf(user),
    permissionType: AclPermissionTypes.ANY,
    operation: AclOperationTypes.ANY,
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
  });
  return resources.flatMap(({ acls, resourceType, resourceName, resourcePatternType }) =>
    acls.map((acl) => ({ ...acl, resourceType, resourceName, resourcePatternType })),
  );
}
