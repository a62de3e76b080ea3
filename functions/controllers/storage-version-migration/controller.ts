/**
 * Writes the objects of a resource again, so that all are stored in the version that its definition names now. It then
 * removes the older versions from the definition's status. One migration of a resource runs at a time, the oldest first.
 * Source: pkg/controller/storageversionmigrator/{migrationrunner,resourceversion,storageversionmigrator}.go.
 */
import { conditionOf, withCondition } from '../../kube/conditions.ts';
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { setCondition } from '../../kube/custom-resource-names.ts';
import type { CustomResourceDefinition, StorageVersionMigration } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf, namespaceOf } from '../../kube/object.ts';
import { apiVersionOf, customResourceDefinitions, type ResourceType, storageVersionMigrations } from '../../kube/resource-type.ts';
import { isConflict, isNotFound, StatusError } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { storageVersionMigratorRole } from './role.ts';
import { storageVersionMigrationWatches } from './watches.ts';

/** How many objects one reconcile writes, and how soon the next one follows. */
const objectsMax = 200;
const nextSeconds = 1;
/** How long a resource may be missing: its definition may come. */
const missingSecondsMax = 60;
const missingAgainSeconds = 5;
/** Codes of errors after which a later try may succeed. */
const retriedCodes: ReadonlySet<number> = new Set([429, 500, 503, 504]);

export const createStorageVersionMigrationController = (resourceTypes: ResourceTypes): Controller => ({
  name: 'storage-version-migration',
  actsAs: userNameOf(storageVersionMigratorRole),
  watches: storageVersionMigrationWatches,
  all: (cache) => namesOf(cache.list(storageVersionMigrations)),
  async reconcile(request, context, note) {
    const migration = context.cache.get(storageVersionMigrations, request);
    if (migration === undefined) return settled;
    if (isDone(migration)) return settled;
    const rival = runningRival(migration, context);
    if (rival !== undefined) return again(missingAgainSeconds);
    const type = resourceTypes().find(({ group, resource }) => isWanted(migration, group, resource));
    return type === undefined ? missing(migration, context) : migrate({ migration, type, context, note });
  },
});

const isWanted = ({ spec }: StorageVersionMigration, group: string, resource: string): boolean =>
  (spec?.resource?.group ?? '') === group && spec?.resource?.resource === resource;

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean => conditionOf(status?.conditions, type)?.status === 'True';
const isDone = (migration: StorageVersionMigration): boolean => isTrue(migration, 'Succeeded') || isTrue(migration, 'Failed');

function runningRival(migration: StorageVersionMigration, { cache }: ReconcileContext): StorageVersionMigration | undefined {
  if (isTrue(migration, 'Running')) return undefined;
  const { group, resource } = migration.spec?.resource ?? { group: '', resource: '' };
  const others = cache.list(storageVersionMigrations).filter((other) => isWanted(other, group, resource) && !isDone(other));
  const isFirst = (other: StorageVersionMigration): boolean =>
    isTrue(other, 'Running') || (other.metadata.creationTimestamp ?? '') < (migration.metadata.creationTimestamp ?? '');
  return others.find((other) => nameOf(other) !== nameOf(migration) && isFirst(other));
}

async function missing(migration: StorageVersionMigration, context: ReconcileContext): Promise<ReconcileResult> {
  const since = Date.parse(migration.metadata.creationTimestamp ?? '');
  if (context.clock.now() - since < missingSecondsMax * 1000) return again(missingAgainSeconds);
  await finish({ migration, context }, 'Failed', 'migration encountered unhandled error: unable to obtain GVR from discovery');
  return settled;
}

interface Migration {
  readonly migration: StorageVersionMigration;
  readonly type: ResourceType;
  readonly context: ReconcileContext;
  /** `written`: the revision of the object that was written last. */
  readonly note: Note | undefined;
}

async function migrate({ migration, type, context, note }: Migration): Promise<ReconcileResult> {
  const { cache } = context;
  const limit = migration.status?.resourceVersion ?? '';
  if (limit === '') return begin(migration, context);
  const revisionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0);
  const written = note?.['written'] ?? 0;
  const objects = cache.list(type);
  const left = objects.filter((one) => revisionOf(one) > written && revisionOf(one) <= Number(limit));
  const page = left.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, objectsMax);
  for (const object of page) {
    const problem = await writtenAnew(object, type, context);
    if (problem === undefined) continue;
    if (retriedCodes.has(problem.code)) throw problem;
    await finish({ migration, context }, 'Failed', `migration encountered unhandled error: ${problem.message}`);
    return settled;
  }
  const last = page.at(-1);
  if (left.length > page.length && last !== undefined) return again(nextSeconds, { written: revisionOf(last) });
  await finish({ migration, context, count: objects.length }, 'Succeeded', 'Migration completed');
  return settled;
}

/** Objects that are written from here on are in the new version by themselves. */
async function begin(migration: StorageVersionMigration, context: ReconcileContext): Promise<ReconcileResult> {
  const { cache, client, clock } = context;
  const crd = cache.get(customResourceDefinitions, definitionOf(migration));
  if (crd !== undefined) {
    const running = {
      type: 'StorageMigrating',
      status: 'True',
      reason: 'MigrationRunning',
      message: `Migration ${nameOf(migration)} is running`,
    };
    await setMigrating(crd, running, context);
  }
  const next = copy(migration);
  next.status = {
    ...next.status,
    resourceVersion: String(cache.revision),
    conditions: withCondition(next.status?.conditions, runningCondition('The migration is running'), timestamp(clock.now())),
  };
  await client.update(storageVersionMigrations, next, 'status');
  return settled;
}

type Condition = NonNullable<NonNullable<StorageVersionMigration['status']>['conditions']>[number];

const runningCondition = (message: string): Condition => ({
  type: 'Running',
  status: 'True',
  reason: 'MigrationRunning',
  message,
  lastTransitionTime: '',
});

/** An empty change: the server stores the object in the version of today. Undefined where it went well. */
async function writtenAnew(object: KubeObject, type: ResourceType, { client }: ReconcileContext): Promise<StatusError | undefined> {
  const at = { namespace: namespaceOf(object), name: nameOf(object) };
  const { resourceVersion = '' } = object.metadata;
  try {
    await client.patch(type, at, { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { resourceVersion } });
    return undefined;
  } catch (error) {
    // Another client wrote or deleted the object: either will do.
    if (isConflict(error) || isNotFound(error)) return undefined;
    if (error instanceof StatusError) return error;
    throw error;
  }
}

interface Finished {
  readonly migration: StorageVersionMigration;
  readonly context: ReconcileContext;
  readonly count?: number;
}

async function finish({ migration, context, count = 0 }: Finished, type: 'Succeeded' | 'Failed', message: string): Promise<void> {
  const { cache, client, clock } = context;
  const crd = cache.get(customResourceDefinitions, definitionOf(migration));
  if (crd !== undefined && conditionOf(crd.status?.conditions, 'StorageMigrating') !== undefined)
    await finishDefinition(crd, type, context);
  const next = copy(migration);
  const now = timestamp(clock.now());
  const reached = count > 0 ? `The migration is running, ${count} objects verified migrated` : 'The migration is running';
  const running = type === 'Succeeded' ? withCondition(next.status?.conditions, runningCondition(reached), now) : next.status?.conditions;
  const done: Condition = { type, status: 'True', reason: `StorageVersionMigration${type}`, message, lastTransitionTime: now };
  next.status = { ...next.status, conditions: withCondition(running, done, now) };
  await client.update(storageVersionMigrations, next, 'status');
}

const definitionOf = ({ spec }: StorageVersionMigration): { readonly namespace: string; readonly name: string } => ({
  namespace: '',
  name: `${spec?.resource?.resource ?? ''}.${spec?.resource?.group ?? ''}`,
});

/** The stored versions shrink only where the definition did not change meanwhile. */
async function finishDefinition(crd: CustomResourceDefinition, type: 'Succeeded' | 'Failed', context: ReconcileContext): Promise<void> {
  const isSame = conditionOf(crd.status?.conditions, 'StorageMigrating')?.observedGeneration === crd.metadata.generation;
  const stored = type === 'Succeeded' && isSame ? crd.spec.versions.filter(({ storage }) => storage).map(({ name }) => name) : undefined;
  const outcome = isSame
    ? ' and the stored versions have been updated'
    : ' but the stored versions have not been updated due to a generation mismatch';
  const message = type === 'Succeeded' ? `The migration has succeeded${outcome}` : 'The migration has failed';
  await setMigrating(crd, { type: 'StorageMigrating', status: 'False', reason: `Migration${type}`, message }, context, stored);
}

type DefinitionCondition = Parameters<typeof setCondition>[1];

async function setMigrating(
  crd: CustomResourceDefinition,
  condition: DefinitionCondition,
  { client, clock }: ReconcileContext,
  storedVersions = crd.status?.storedVersions,
): Promise<void> {
  const next = copy(crd);
  setCondition(next, { ...condition, observedGeneration: crd.metadata.generation ?? 1 }, clock.now());
  const { resourceVersion = '' } = crd.metadata;
  const status = { conditions: next.status?.conditions ?? [], storedVersions: storedVersions ?? [] };
  const at = { namespace: '', name: nameOf(crd) };
  await client.patch(customResourceDefinitions, at, { metadata: { resourceVersion }, status }, { subresource: 'status' });
}
