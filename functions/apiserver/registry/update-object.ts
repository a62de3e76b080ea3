/**
 * Replaces one object by what a function makes of its current state. Where no admission plug-in has to be asked, the
 * function runs at the commit point, against the newest state. So a patch never conflicts with another writer.
 * Source: apiserver, pkg/registry/rest/update.go and pkg/registry/generic/registry/store.go.
 */
import { copy } from '../../kube/copy.ts';
import { invalidObject } from '../../kube/field-error.ts';
import { isTerminating, type KubeObject, uidOf } from '../../kube/object.ts';
import { conflict, isAlreadyExists, isNotFound, notFound, plainError, StatusError } from '../../kube/status-error.ts';
import type { Key, Stored, View } from '../../kube/view.ts';
import type { AnyDefinition, CompanionWrite } from '../../resources/definition.ts';
import { validateChangedMeta, validateObjectMetaUpdate } from '../../resources/metadata-validation.ts';
import type { Decision } from '../../store/store.ts';
import type { DeleteOptions } from '../http/delete-options.ts';
import { uint64Problem, writeOptionsObject } from '../http/request-options.ts';
import { type Admission, admissionOf } from './admission.ts';
import { checkBounds } from './bounds.ts';
import { commit, fromStore } from './commit.ts';
import { type CommitRules, commitRules, publish } from './commit-rules.ts';
import { createObject } from './create-object.ts';
import { decideDeletion, isHeld } from './delete-object.ts';
import { recordFields, settleFields } from './managed-fields.ts';
import { allowsBareFinalizers, isCustom, keepMetadata, placeInNamespace } from './object-metadata.ts';
import { kindOf, typeErrors } from './object-type.ts';
import { keyOf, registryRoot, storageKeyOf } from './resource-index.ts';
import { asCurrent, committed } from './served-form.ts';
import type { UpdateStrategy } from './update-strategies.ts';
import type { WriteRequest } from './write-request.ts';

/** What is to become of the current object. */
export type Wanted =
  /** The object is not frozen; it may come with a resourceVersion and a uid, which are then preconditions. */
  | { readonly outcome: 'update'; readonly object: KubeObject; readonly writes?: readonly CompanionWrite[] }
  | {
      readonly outcome: 'delete';
      readonly options: DeleteOptions;
      readonly object?: KubeObject;
      readonly writes?: readonly CompanionWrite[];
    };

/** What admission sees instead of the object: the body of a subresource that stands for a part of it. */
export interface Projection {
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  of(object: KubeObject): KubeObject;
  /** The object with that part replaced. */
  into(object: KubeObject, part: KubeObject): KubeObject;
}

export interface Update {
  readonly strategy: UpdateStrategy;
  /** In the stored form. Called at least once for each state of the object that the update meets. */
  transform(current: KubeObject, view: View): Wanted;
  readonly projection?: Projection;
  /** Resources whose objects `transform` lists. */
  readonly lists?: readonly string[];
  /** Admission was asked before, about the body that asks for the change. */
  readonly isAdmitted?: boolean;
  /** What to create where there is nothing; a 404 without it. */
  createMissing?(): KubeObject | Promise<KubeObject>;
}

export interface Updated {
  readonly object: KubeObject;
  readonly isNew: boolean;
}

/** How often admission may have been asked about a state that was gone when its answer came. */
const attemptsMax = 100;
/** How often an object may come and go while it is written. */
const createAttemptsMax = 5;

interface Candidate {
  /** The revision of the object that `next` was made from. */
  readonly revision: number;
  readonly next: KubeObject;
  readonly writes: readonly CompanionWrite[];
}

interface Plan {
  readonly write: WriteRequest;
  readonly update: Update;
  readonly key: Key;
  readonly admission: Admission;
  readonly rules: CommitRules;
}

const moved = Symbol('the object changed while its admission was asked for');

export async function updateObject(write: WriteRequest, update: Update): Promise<Updated> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { object: await updateExisting(write, update), isNew: false };
    } catch (error) {
      if (!isNotFound(error) || update.createMissing === undefined) throw error;
    }
    try {
      return { object: await createObject(write, await update.createMissing(), 'update'), isNew: true };
    } catch (error) {
      if (!isAlreadyExists(error) || attempt === createAttemptsMax) throw error;
    }
  }
}

async function updateExisting(write: WriteRequest, update: Update): Promise<KubeObject> {
  const { server, request } = write;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const plan = await planOf(write, update);
    await plan.admission.load();
    const { key, admission, rules } = plan;
    const candidate = admission.isAsked && update.isAdmitted !== true ? await admittedCandidate(plan) : undefined;
    let before: KubeObject | undefined;
    const decide = (view: View): Decision<KubeObject | typeof moved> => {
      if (!admission.isCurrent(view)) return { outcome: 'answer', answer: moved };
      before = view.get(key)?.object;
      return decideUpdate(plan, candidate, view);
    };
    const operation = { keys: [key], lists: [...rules.lists, ...admission.lists, ...(update.lists ?? [])], decide };
    try {
      const outcome = await commit<KubeObject | typeof moved>(server, operation);
      if (outcome === moved) continue;
      if (update.strategy.hasWarnings === true) warn(write, outcome, before);
      return outcome;
    } finally {
      publish(rules, request);
    }
  }
  throw new StatusError(504, 'Timeout', 'Timeout: the object changed faster than the update could be admitted');
}

async function planOf(write: WriteRequest, update: Update): Promise<Plan> {
  const { server, request, options } = write;
  const { definition, info } = request;
  const key = keyOf(definition, info.namespace, info.name);
  const kind = update.projection?.kind;
  const asked = {
    operation: 'UPDATE',
    name: key.name,
    dryRun: options.dryRun,
    options: writeOptionsObject(options, 'UpdateOptions'),
  } as const;
  const admission = await admissionOf(server, request, kind === undefined ? asked : { ...asked, kind });
  return { write, update, key, admission, rules: commitRules(definition, 'update', admission.committing) };
}

function warn({ request }: WriteRequest, object: KubeObject, before: KubeObject | undefined): void {
  for (const warning of request.definition.warnings?.(object, before) ?? []) request.warnings.add(warning);
}

/** The next object as the plug-ins leave it, of the newest state. Undefined where there is nothing to update. */
async function admittedCandidate(plan: Plan): Promise<Candidate | undefined> {
  const { write, key, admission, update } = plan;
  const view = await fromStore(() => write.server.store.fresh());
  const current = view.get(key);
  if (current === undefined) return undefined;
  const before = asCurrent(write.request.served, current.object);
  const wanted = update.transform(before, view);
  if (wanted.outcome === 'delete') return undefined;
  const { projection } = update;
  const shown = (object: KubeObject): KubeObject => projection?.of(object) ?? object;
  recordFields(write, wanted.object, before);
  const mutated = await admission.mutate(shown(wanted.object), shown(before));
  const next = projection === undefined ? mutated : projection.into(wanted.object, mutated);
  // Admission may have moved it.
  placeInNamespace(next, write.request.definition.type, key.namespace);
  complete(plan, next, before);
  await admission.validate(shown(next), shown(before));
  return { revision: current.revision, next, writes: wanted.writes ?? [] };
}

function decideUpdate(plan: Plan, candidate: Candidate | undefined, view: View): Decision<KubeObject | typeof moved> {
  const { write, update, key, rules } = plan;
  const { request, context, options } = write;
  const found = view.get(key);
  if (found === undefined) throw notFound(request.served.type, key.name);
  const { revision, type } = found;
  const current = { revision, isAsCreated: type === 'added', object: asCurrent(request.served, found.object) };
  if (candidate !== undefined && candidate.revision !== current.revision) return { outcome: 'answer', answer: moved };
  if (candidate !== undefined) {
    const { next, writes } = candidate;
    return conclude(plan, { next: rules.changesObject ? copy(next) : next, current, writes }, view);
  }
  const wanted = update.transform(current.object, view);
  if (wanted.outcome === 'delete') {
    const { options: asked, object, writes = [] } = wanted;
    const dryRun = asked.dryRun || options.dryRun;
    const deletion = {
      key,
      definition: request.definition,
      served: request.served,
      options: { ...asked, dryRun },
      context,
      ...(object !== undefined && { object }),
    };
    return objectOf(decideDeletion(view, deletion, writes));
  }
  recordFields(write, wanted.object, current.object);
  complete(plan, wanted.object, current.object);
  return conclude(plan, { next: wanted.object, current, writes: wanted.writes ?? [] }, view);
}

/** What the server and the kind decide about the next object, and whether it is valid then. Changes `next` in place. */
function complete({ write, update, key }: Plan, next: KubeObject, current: KubeObject): void {
  const { definition } = write.request;
  checkPreconditions(next, current, key, write);
  keepMetadata(next, current);
  update.strategy.prepare(next, current, definition, write.context);
  const metadata = validateObjectMetaUpdate(next.metadata, current.metadata, {
    namespaced: definition.type.namespaced,
    isCustom: allowsBareFinalizers(definition),
  });
  const custom = isCustom(definition) || definition.checksMetadataTwice === true;
  const ofType = typeErrors(next, write.request);
  // Upstream checks changes of the metadata of custom objects and of their definitions twice and names what it finds twice.
  const again = custom && metadata.length > 0 ? validateChangedMeta(next.metadata, current.metadata) : [];
  const own = ofType.length > 0 ? ofType : [...again, ...update.strategy.validate(next, current, write.request)];
  const errors = [...metadata, ...own];
  if (errors.length > 0) throw invalidObject(kindOf(next, definition), key.name, errors, custom || definition.repeatsCauses === true);
  settleFields(write, next);
  definition.completeValid?.(next);
  checkBounds(definition, key, next);
}

interface Conclusion {
  readonly next: KubeObject;
  readonly current: Pick<Stored, 'object'> & { readonly isAsCreated: boolean };
  readonly writes: readonly CompanionWrite[];
}

function conclude(plan: Plan, { next, current, writes }: Conclusion, view: View): Decision<KubeObject> {
  const { write, key, rules } = plan;
  const { request, options, context } = write;
  const change = { operation: 'update', subresource: request.info.subresource, key, next, current: current.object } as const;
  // A dry run shows the one that was sent: only what is stored has none.
  if (!options.dryRun) delete next.metadata.selfLink;
  const companions = rules.apply(change, view, context, writes);
  const made = committed(request.served, next);
  if (options.dryRun) return { outcome: 'answer', answer: made };
  const type = isFinished(next, current.object, request.definition) ? 'delete' : 'update';
  const isCounted = current.isAsCreated && request.definition.isFilledAsRead?.(current.object) === true;
  return {
    outcome: 'write',
    writes: [...companions, { type, key, object: made, ...(isCounted ? { isCounted } : {}) }],
    // An object that goes with its last finalizer is answered as it was written before.
    answer: (stored) => (type === 'delete' ? made : (stored.at(-1)?.object ?? made)),
  };
}

function objectOf(decision: ReturnType<typeof decideDeletion>): Decision<KubeObject> {
  switch (decision.outcome) {
    case 'write':
      return { ...decision, answer: (stored) => decision.answer(stored).object };
    case 'answer':
      return { outcome: 'answer', answer: decision.answer.object };
    case 'refuse':
      return decision;
    default:
      return decision satisfies never;
  }
}

const modified = 'the object has been modified; please apply your changes to the latest version and try again';

function checkPreconditions(next: KubeObject, current: KubeObject, key: Key, { request, options }: WriteRequest): void {
  const { definition, info } = request;
  const { type } = request.served;
  const uid = uidOf(next);
  // A patch that changes the uid is invalid, as one of any other fixed field.
  if (uid !== '' && uid !== uidOf(current) && info.verb !== 'patch')
    throw conflict(type, key.name, uidMismatch(key, definition, { wanted: uid, actual: uidOf(current), dryRun: options.dryRun }));
  const version = next.metadata.resourceVersion ?? '';
  const problem = version === '' ? undefined : uint64Problem(version);
  if (problem !== undefined) throw plainError(problem);
  if (version !== '' && Number(version) !== 0) {
    if (version !== current.metadata.resourceVersion) throw conflict(type, key.name, modified);
  } else if (definition.allowsUnconditionalUpdate === false) {
    const field = 'metadata.resourceVersion';
    // Upstream puts the resource where the kind belongs.
    throw invalidObject({ group: type.group, kind: type.resource }, key.name, [
      { type: 'FieldValueInvalid', field, message: 'Invalid value: 0: must be specified for an update' },
    ]);
  }
}

interface Mismatch {
  readonly wanted: string;
  readonly actual: string;
  /** Upstream's dry run leaves out how its keys begin. */
  readonly dryRun: boolean;
}

function uidMismatch(key: Key, definition: AnyDefinition, { wanted, actual, dryRun }: Mismatch): string {
  const path = storageKeyOf(definition, key);
  const detail = `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`;
  return `StorageError: invalid object, Code: 4, Key: ${dryRun ? '' : registryRoot}${path}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
}

/** The last finalizer is gone and no grace is left. Source: store.go, ShouldDeleteDuringUpdate. */
function isFinished(next: KubeObject, current: KubeObject, definition: AnyDefinition): boolean {
  if (!isTerminating(current) || (current.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return !isHeld(next, definition);
}
