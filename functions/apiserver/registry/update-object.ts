/**
 * Replaces one object by what a function makes of its current state. The function runs at the commit point, against
 * the newest state, so that a patch never conflicts with another writer.
 * Source: apiserver, pkg/registry/rest/update.go and pkg/registry/generic/registry/store.go.
 */
import { copy } from '../../kube/copy.ts';
import { type FieldError, invalidObject } from '../../kube/field-error.ts';
import { isTerminating, type KubeObject, uidOf } from '../../kube/object.ts';
import { conflict, notFound, StatusError } from '../../kube/status-error.ts';
import type { Key, Stored, View } from '../../kube/view.ts';
import type { AnyDefinition, ObjectSubresource, WriteContext } from '../../resources/definition.ts';
import { validateObjectMetaUpdate } from '../../resources/metadata-validation.ts';
import type { Decision } from '../../store/store.ts';
import { type ResourceRequest, type Server, writeContext } from '../server.ts';
import { admit, attributesOf, isAdmitted } from './admit.ts';
import { commit, fromStore } from './commit.ts';
import { bumpGeneration, keepMetadata, metadataErrors } from './object-metadata.ts';
import { keyOf, storeResource } from './resource-index.ts';

/** What an endpoint keeps of the current object and checks of the next one. Both functions work in place. */
export interface UpdateStrategy {
  /** Makes `next` what it would be if its client had changed only what this endpoint lets it change. */
  prepare(next: KubeObject, current: KubeObject, definition: AnyDefinition, context: WriteContext): void;
  validate(next: KubeObject, current: KubeObject, definition: AnyDefinition): readonly FieldError[];
}

export interface Update {
  readonly name: string;
  readonly dryRun: boolean;
  readonly strategy: UpdateStrategy;
  /** The next object, not frozen; it may come back with a resourceVersion and a uid, which are then preconditions. */
  transform(current: KubeObject): KubeObject;
}

/** How often admission may have looked at a state that was gone when its verdict came. */
const attemptsMax = 100;

interface Candidate {
  /** The revision of the object that `next` was made from. */
  readonly revision: number;
  readonly next: KubeObject;
}

interface Plan {
  readonly server: Server;
  readonly request: ResourceRequest;
  readonly update: Update;
  readonly key: Key;
  readonly context: WriteContext;
}

const moved = Symbol('the object changed while its admission was asked for');

export async function updateObject(server: Server, request: ResourceRequest, update: Update): Promise<KubeObject> {
  const key = keyOf(request.definition, request.info.namespace, update.name);
  const plan: Plan = { server, request, update, key, context: writeContext(server, request.user) };
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const candidate = await admittedCandidate(plan);
    const outcome = await commit<KubeObject | typeof moved>(server, {
      keys: [key],
      lists: request.definition.commit?.lists,
      decide: (view) => decide(plan, candidate, view),
    });
    if (outcome !== moved) return outcome;
  }
  throw new StatusError(504, 'Timeout', 'Timeout: the object changed faster than the update could be admitted');
}

/** Undefined when no plugin wants to see this kind of update: the commit then makes the object itself. */
async function admittedCandidate({ server, request, update, key }: Plan): Promise<Candidate | undefined> {
  const shown = { operation: 'UPDATE' as const, name: key.name, dryRun: update.dryRun };
  if (!isAdmitted(server, attributesOf(request, { ...shown, object: undefined, oldObject: undefined }))) return undefined;
  const view = await fromStore(() => server.store.fresh());
  const current = view.get(key);
  if (current === undefined) return undefined;
  const object = update.transform(current.object);
  const next = await admit(server, attributesOf(request, { ...shown, object, oldObject: current.object }));
  return { revision: current.revision, next: next ?? object };
}

function decide(plan: Plan, candidate: Candidate | undefined, view: View): Decision<KubeObject | typeof moved> {
  const { request, update, key } = plan;
  const current = view.get(key);
  if (current === undefined) throw notFound(request.definition.type, key.name);
  if (candidate !== undefined && candidate.revision !== current.revision) return { outcome: 'answer', answer: moved };
  const next = candidate === undefined ? update.transform(current.object) : copy(candidate.next);
  completeUpdate(plan, next, current, view);
  if (isFinished(next, current.object, request.definition)) return deletion(plan, next);
  if (update.dryRun) return { outcome: 'answer', answer: next };
  return { outcome: 'write', writes: [{ type: 'update', key, object: next }], answer: ([stored]) => stored?.object ?? next };
}

function completeUpdate({ request, update, key, context }: Plan, next: KubeObject, { object: current }: Stored, view: View): void {
  const { definition } = request;
  checkPreconditions(next, current, key, definition);
  keepMetadata(next, current);
  update.strategy.prepare(next, current, definition, context);
  const errors = [
    ...validateObjectMetaUpdate(next.metadata, current.metadata),
    ...update.strategy.validate(next, current, definition),
    ...(definition.commit?.apply(next, current, view, context) ?? []),
  ];
  if (errors.length > 0) throw invalidObject(definition.type, key.name, errors);
}

const modified = 'the object has been modified; please apply your changes to the latest version and try again';

function checkPreconditions(next: KubeObject, current: KubeObject, key: Key, definition: AnyDefinition): void {
  const { type } = definition;
  const uid = uidOf(next);
  if (uid !== '' && uid !== uidOf(current))
    throw conflict(type, key.name, uidMismatch(key, definition, { wanted: uid, actual: uidOf(current) }));
  const version = next.metadata.resourceVersion ?? '';
  if (version !== '' && version !== '0') {
    if (version !== current.metadata.resourceVersion) throw conflict(type, key.name, modified);
  } else if (definition.allowsUnconditionalUpdate === false) {
    const field = 'metadata.resourceVersion';
    throw invalidObject(type, key.name, [
      { type: 'FieldValueInvalid', field, message: 'Invalid value: 0x0: must be specified for an update' },
    ]);
  }
}

function uidMismatch(key: Key, definition: AnyDefinition, { wanted, actual }: { wanted: string; actual: string }): string {
  const path = ['/registry', storeResource(definition), ...(key.namespace === '' ? [] : [key.namespace]), key.name].join('/');
  const detail = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`;
  return `StorageError: invalid object, Code: 4, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
}

/** The last finalizer is gone and no grace is left. Source: store.go, ShouldDeleteDuringUpdate. */
function isFinished(next: KubeObject, current: KubeObject, definition: AnyDefinition): boolean {
  if (!isTerminating(current) || (current.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return (next.metadata.finalizers ?? []).length === 0 && definition.isHeld?.(next) !== true;
}

function deletion({ update, key }: Plan, next: KubeObject): Decision<KubeObject> {
  if (update.dryRun) return { outcome: 'answer', answer: next };
  return { outcome: 'write', writes: [{ type: 'delete', key, object: next }], answer: ([stored]) => stored?.object ?? next };
}

/** The main endpoint: `status` stays as it is. */
export const mainStrategy: UpdateStrategy = {
  prepare(next, current, definition, context) {
    if (definition.hasStatus === true) keepField(next, current, 'status');
    definition.prepareForUpdate?.(next, current, context);
    bumpGeneration(next, current, definition);
  },
  validate: (next, current, definition) => [...(definition.validate?.(next) ?? []), ...(definition.validateUpdate?.(next, current) ?? [])],
};

/** The `/status` endpoint: everything but status, labels, annotations and finalizers stays as it is. */
export const statusStrategy: UpdateStrategy = {
  prepare(next, current, definition, context) {
    for (const field of Object.keys({ ...current, ...next })) {
      if (field !== 'metadata' && field !== 'status') keepField(next, current, field);
    }
    const { ownerReferences } = current.metadata;
    if (ownerReferences === undefined) delete next.metadata.ownerReferences;
    else next.metadata.ownerReferences = ownerReferences;
    definition.prepareForStatusUpdate?.(next, current, context);
  },
  validate: (next, current, definition) => definition.validateStatusUpdate?.(next, current) ?? [],
};

/** A subresource that knows by itself what it may change: binding, finalize. */
export const subresourceStrategy = ({
  keepsGeneration = false,
}: Pick<ObjectSubresource<KubeObject>, 'keepsGeneration'>): UpdateStrategy => ({
  prepare(next, current, definition) {
    if (!keepsGeneration) bumpGeneration(next, current, definition);
  },
  validate: (next, _current, definition) => metadataErrors(next, definition),
});

/** `field` of `next` becomes what it is in `current`, absent included. */
function keepField(next: KubeObject, current: KubeObject, field: string): void {
  const source: Readonly<Record<string, unknown>> = { ...current };
  if (source[field] === undefined) Reflect.deleteProperty(next, field);
  else Reflect.set(next, field, source[field]);
}
