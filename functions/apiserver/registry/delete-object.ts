/**
 * Deletes one object: at once, or after its grace period, or after its finalizers.
 * Source: apiserver, pkg/registry/rest/delete.go and pkg/registry/generic/registry/store.go.
 */
import { copy } from '../../kube/copy.ts';
import type { Status } from '../../kube/generated/types.ts';
import { isTerminating, type KubeObject, uidOf } from '../../kube/object.ts';
import { conflict, notFound, StatusError } from '../../kube/status-error.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import type { Key, View } from '../../kube/view.ts';
import type { AnyDefinition, CompanionWrite, WriteContext, ServedVersion } from '../../resources/definition.ts';
import type { Decision } from '../../store/store.ts';
import { type DeleteOptions, deleteOptionsObject } from '../http/delete-options.ts';
import { type ResourceRequest, type Server, writeContext } from '../server.ts';
import { admissionAttemptsMax, admissionOf } from './admission.ts';
import { commit, fromStore } from './commit.ts';
import { type CommitRules, commitRules } from './commit-rules.ts';
import { foregroundFinalizer, orphanFinalizer } from './object-metadata.ts';
import { keyOf } from './resource-index.ts';

export interface Deleted {
  /** False: the object is still there, with a deletionTimestamp. */
  readonly gone: boolean;
  readonly object: KubeObject;
}

export async function deleteObject(server: Server, request: ResourceRequest, name: string, options: DeleteOptions): Promise<Deleted> {
  for (let attempt = 1; attempt <= admissionAttemptsMax; attempt += 1) {
    const deleted = await deleteAdmitted(server, request, name, options);
    if (deleted !== moved) return deleted;
  }
  throw new StatusError(504, 'Timeout', 'Timeout: the rules of admission changed faster than the deletion could be admitted');
}

const moved = Symbol('the rules of admission changed while they were applied');

async function deleteAdmitted(
  server: Server,
  request: ResourceRequest,
  name: string,
  options: DeleteOptions,
): Promise<Deleted | typeof moved> {
  const { definition, info } = request;
  const key = keyOf(definition, info.namespace, name);
  // For deletecollection, admission sees the client's request, which names no object.
  const shownName = info.verb === 'deletecollection' ? '' : name;
  const asked = { operation: 'DELETE', name: shownName, dryRun: options.dryRun, options: deleteOptionsObject(options) } as const;
  const admission = await admissionOf(server, request, asked);
  if (admission.isAsked) {
    const current = (await fromStore(() => server.store.fresh())).get(key)?.object;
    await admission.review(current, { options: deleteOptionsObject(settledOptions(options, request, current)) });
  }
  const deletion: Deletion = { key, definition, served: request.served, options, context: writeContext(server, request.user) };
  const rules = commitRules(definition, 'delete', admission.committing);
  const decide = (view: View): Decision<Deleted | typeof moved> =>
    admission.isCurrent(view) ? decideDeletion(view, deletion, [], rules) : { outcome: 'answer', answer: moved };
  return commit(server, { keys: [key], lists: [...rules.lists, ...admission.lists], decide });
}

/** The options as plug-ins see them: with the grace period that the object gets. For a collection, as the client sent them. */
function settledOptions(options: DeleteOptions, { definition, info }: ResourceRequest, current: KubeObject | undefined): DeleteOptions {
  if (current === undefined || isTerminating(current) || info.verb === 'deletecollection') return options;
  const gracePeriodSeconds = definition.graceSeconds?.(current, options.gracePeriodSeconds) ?? options.gracePeriodSeconds;
  return { ...options, gracePeriodSeconds };
}

export interface Deletion {
  readonly key: Key;
  readonly definition: AnyDefinition;
  readonly served: ServedVersion;
  readonly options: DeleteOptions;
  readonly context: WriteContext;
  /** The object as the deletion finds it, where that differs from what is stored. */
  readonly object?: KubeObject;
}

/** `earlier` are writes that are committed with the deletion, or not at all. */
export function decideDeletion(
  view: View,
  deletion: Deletion,
  earlier: readonly CompanionWrite[],
  rules: CommitRules = commitRules(deletion.definition, 'delete', []),
): Decision<Deleted> {
  const { key, definition, options, context } = deletion;
  const current = view.get(key)?.object;
  if (current === undefined) throw notFound(deletion.served.type, key.name);
  checkPreconditions(current, deletion);
  const next = terminated(copy(deletion.object ?? current), deletion);
  const isGone = !isHeld(next, definition) && (next.metadata.deletionGracePeriodSeconds ?? 0) === 0;
  const change = { operation: 'delete', subresource: '', key, next, current } as const;
  const writes = rules.apply(change, view, context, earlier);
  // What goes at once is last seen as it was: only a kind whose objects end gracefully marks them.
  const last = isGone && !isTerminating(current) && definition.graceSeconds === undefined ? copy(current) : next;
  if (options.dryRun) return { outcome: 'answer', answer: { gone: isGone, object: last } };
  return {
    outcome: 'write',
    writes: [...writes, { type: isGone ? 'delete' : 'update', key, object: last }],
    answer: (stored) => ({ gone: isGone, object: stored.at(-1)?.object ?? last }),
  };
}

/** Whether something still keeps a terminating object. */
export const isHeld = (object: KubeObject, definition: AnyDefinition): boolean =>
  (object.metadata.finalizers ?? []).length > 0 || definition.isHeld?.(object) === true;

function checkPreconditions(current: KubeObject, deletion: Deletion): void {
  const { key, definition, options } = deletion;
  const { uid, resourceVersion } = options.preconditions;
  const { preconditionFailed } = definition;
  if (preconditionFailed !== undefined) {
    checkOwnPreconditions(current, deletion, preconditionFailed);
    return;
  }
  const { group, kind } = definition.type;
  // Upstream puts the kind where the resource belongs.
  const type = { group, resource: kind };
  if (uid !== undefined && uid !== uidOf(current)) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${uidOf(current)}). The object might have been deleted and then recreated`;
    throw conflict(type, key.name, why);
  }
  const version = current.metadata.resourceVersion ?? '';
  if (resourceVersion !== undefined && resourceVersion !== version) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`;
    throw conflict(type, key.name, why);
  }
}

/** As upstream's own storage of some kinds does. */
function checkOwnPreconditions(current: KubeObject, { key, definition, options }: Deletion, failed: string): void {
  const { uid, resourceVersion } = options.preconditions;
  const refuse = (field: string, wanted: string, actual: string): never => {
    throw conflict(definition.type, key.name, `${failed}: ${field} in precondition: ${wanted}, ${field} in object meta: ${actual}`);
  };
  if (uid !== undefined && uid !== uidOf(current)) refuse('UID', uid, uidOf(current));
  const version = current.metadata.resourceVersion ?? '';
  if (resourceVersion !== undefined && resourceVersion !== version) refuse('ResourceVersion', resourceVersion, version);
}

/** The object with everything set that its deletion sets: finalizers, time and grace. Changes in place. */
function terminated(object: KubeObject, deletion: Deletion): KubeObject {
  const { definition, options, context } = deletion;
  const { metadata } = object;
  if (definition.isOnlyMarked === true && !isTerminating(object)) {
    metadata.deletionTimestamp = timestamp(context.nowMs);
    definition.prepareForTermination?.(object, context);
    return object;
  }
  const finalizers = collectorFinalizers(object, deletion);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;

  if (isTerminating(object)) {
    shortenGrace(object, options.gracePeriodSeconds);
    return object;
  }
  const requested = options.gracePeriodSeconds;
  const grace = definition.graceSeconds?.(object, requested) ?? 0;
  const graceSeconds = grace < 0 ? 1 : grace;
  metadata.deletionTimestamp = timestamp(context.nowMs + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
  definition.prepareForTermination?.(object, context);
  return object;
}

/** A second deletion may only make the wait shorter. */
function shortenGrace({ metadata }: KubeObject, requested: number | undefined): void {
  const graceSeconds = metadata.deletionGracePeriodSeconds;
  if (graceSeconds === undefined || requested === undefined) return;
  const seconds = requested < 0 ? 1 : requested;
  if (seconds >= graceSeconds) return;
  const askedMs = parseTime(metadata.deletionTimestamp ?? '') - graceSeconds * 1000;
  metadata.deletionTimestamp = timestamp(askedMs + seconds * 1000);
  metadata.deletionGracePeriodSeconds = seconds;
}

/** The finalizers, with those of the garbage collector as the policy wants them. Source: store.go, deletionFinalizersForGarbageCollection. */
function collectorFinalizers({ metadata }: KubeObject, { definition, options }: Deletion): string[] {
  const finalizers = metadata.finalizers ?? [];
  if (definition.hasDependents === false) return finalizers;
  const policy = options.propagationPolicy ?? inheritedPolicy(finalizers) ?? definition.defaultPropagation ?? 'Background';
  const others = finalizers.filter((name) => name !== orphanFinalizer && name !== foregroundFinalizer);
  switch (policy) {
    case 'Orphan':
      return [...others, orphanFinalizer];
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Background':
      return others;
    default:
      return policy satisfies never;
  }
}

function inheritedPolicy(finalizers: readonly string[]): 'Orphan' | 'Foreground' | undefined {
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : undefined;
}

/** What a client gets for a deletion that is over. */
export function deletedStatus({ type }: ServedVersion, object: KubeObject): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.resource,
      uid: uidOf(object),
    },
  };
}
