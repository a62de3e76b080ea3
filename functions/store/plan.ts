/**
 * Decides a batch of operations against one snapshot, each seeing what the ones before it wrote. Pure: the same batch on
 * the same snapshot gives the same plan. Nothing is committed here.
 */
import { deepEqual } from '../kube/equality.ts';
import { uidOf, type KubeObject } from '../kube/object.ts';
import { damageOf, readObject } from '../kube/unreadable-object.ts';
import type { Key, Stored } from '../kube/view.ts';
import { damagedBody, encodeBody } from './body.ts';
import type { Formats } from './format.ts';
import type { EntryContent } from './log-entry.ts';
import type { Snapshot } from './snapshot.ts';
import { checkKey } from './keys.ts';
import { headBytes, type ChangeFrame } from './entry-codec.ts';
import type { Decision, Operation, Write } from './store.ts';
import { StoreError } from './store.ts';
import { type Decoder, selectable, type SelectableFields, StoredChange, StoredObject } from './stored-object.ts';

export interface PlannedChange {
  readonly content: Extract<EntryContent, { type: 'change' }>;
  readonly change: StoredChange;
  readonly frame: ChangeFrame;
  /** The size of the frame's head. */
  readonly bytes: number;
  /** The object that the key held. */
  readonly before: Stored | undefined;
}

/** How one operation ends. Only `written` is true just by the entry being written; the others need a fresh head. */
export type Ending =
  | { readonly outcome: 'written'; settle(): unknown }
  | { readonly outcome: 'answered'; settle(): unknown }
  | { readonly outcome: 'refused'; readonly error: unknown };

export interface Plan {
  /** One for each operation that found room, in order. */
  readonly endings: readonly Ending[];
  readonly changes: readonly PlannedChange[];
}

export interface PlanLimits {
  readonly entryBytesMax: number;
  readonly headBytesMax: number;
  readonly objectBytesMax: number;
}

interface Step {
  readonly ending: Ending;
  readonly snapshot: Snapshot;
  readonly changes: readonly PlannedChange[];
}

export interface PlannerParts {
  readonly fields: SelectableFields;
  readonly limits: PlanLimits;
  readonly decoder: Decoder;
  readonly formats: Formats;
}

export class Planner {
  readonly #fields: SelectableFields;
  readonly #limits: PlanLimits;
  readonly #decoder: Decoder;
  readonly #formats: Formats;

  constructor({ fields, limits, decoder, formats }: PlannerParts) {
    this.#fields = fields;
    this.#limits = limits;
    this.#decoder = decoder;
    this.#formats = formats;
  }

  /** `writes`: the format of the store at this place of the log. */
  plan(base: Snapshot, operations: readonly Operation<unknown>[], writes: number): Plan {
    const endings: Ending[] = [];
    const changes: PlannedChange[] = [];
    let snapshot = base;
    let bytes = 0;
    for (const operation of operations) {
      const step = this.#step(snapshot, operation, writes);
      const stepBytes = step.changes.reduce((sum, { frame, bytes }) => sum + frame.body.length + bytes, 0);
      if (changes.length > 0 && bytes + stepBytes > this.#limits.entryBytesMax) break;
      endings.push(step.ending);
      changes.push(...step.changes);
      snapshot = step.snapshot;
      bytes += stepBytes;
    }
    return { endings, changes };
  }

  #step(snapshot: Snapshot, operation: Operation<unknown>, writes: number): Step {
    const refused = (error: unknown): Step => ({ ending: { outcome: 'refused', error }, snapshot, changes: [] });
    try {
      const decision = operation.decide(snapshot);
      if (decision.outcome === 'refuse') return refused(decision.error);
      if (decision.outcome === 'write') return this.#write(snapshot, decision, writes);
      const { answer } = decision;
      return { ending: { outcome: 'answered', settle: () => answer }, snapshot, changes: [] };
    } catch (error) {
      // A decision that throws concerns its caller alone; the others in the batch go on.
      return refused(error);
    }
  }

  #write(base: Snapshot, decision: Extract<Decision<unknown>, { outcome: 'write' }>, writes: number): Step {
    let snapshot = base;
    const stored: Stored[] = [];
    const changes: PlannedChange[] = [];
    for (const write of decision.writes) {
      const current = snapshot.get(write.key);
      checkPresence(write, current);
      const known = readObject(current);
      const isSilent = write.type === 'update' && write.isCounted !== true && known !== undefined && isSame(write.object, known);
      if (isSilent && current !== undefined) {
        stored.push(current);
        continue;
      }
      const place = { revision: snapshot.revision + 1, writes };
      const isLost = write.type === 'delete' && write.object === undefined && known === undefined;
      const planned = isLost ? this.#loss(write.key, current, place) : this.#change(write, current, place);
      const { change } = planned.content;
      stored.push(change);
      changes.push(planned);
      snapshot = snapshot.next(change.key, write.type === 'delete' ? undefined : change);
    }
    const settle = (): unknown => decision.answer(stored);
    return { ending: { outcome: changes.length > 0 ? 'written' : 'answered', settle }, snapshot, changes };
  }

  #change(write: Write, current: Stored | undefined, { revision, writes }: Place): PlannedChange {
    const { key } = write;
    const object = stamped((write.type === 'rewrite' ? undefined : write.object) ?? current?.object ?? { metadata: {} }, revision);
    const text = this.#textOf(object);
    const known = readObject(current);
    const before = known === undefined ? undefined : selectable(key.resource, known, this.#fields);
    const after = selectable(key.resource, object, this.#fields);
    const isAltered = before !== undefined && !deepEqual(before, after);
    const previousRevision = current?.revision ?? 0;
    const body = encodeBody(text);
    const envelope = current instanceof StoredObject ? current.envelope : undefined;
    const written = this.#formats.write({ key, body, envelope }, writes);
    const frame: ChangeFrame = {
      type: changeTypes[write.type],
      key,
      uid: uidOf(object),
      previousRevision,
      ...(isAltered ? { previous: before } : {}),
      body: written.body,
    };
    const bytes = headBytes(frame);
    // What the next change will hold of this one counts as well: an object that was written can be changed.
    if (write.type === 'create' || write.type === 'update') this.#checkHead(key, Math.max(bytes, headBytes({ ...frame, previous: after })));
    const format = this.#formats.ofResource(key.resource, writes);
    const held = { ...frame, revision, body, text, format, envelope: written.envelope };
    const change = new StoredChange(held, this.#decoder, this.#fields);
    return { content: { type: 'change', change, previousRevision }, change, frame, bytes, before: current };
  }

  /** The deletion of an object that cannot be read: its last state is as unreadable, for watches and for the past. */
  #loss(key: Key, current: Stored | undefined, { revision }: Place): PlannedChange {
    const damage = current === undefined ? undefined : damageOf(current);
    if (!(current instanceof StoredObject) || damage === undefined)
      throw new Error(`${key.resource} ${key.namespace}/${key.name} can be read`);
    const { body, blob, format } = current;
    const frame: ChangeFrame = { type: 'deleted', key, uid: '', previousRevision: current.revision, body: damagedBody };
    const cause = damage.cause instanceof StoreError ? damage.cause : new StoreError('corrupt', damage.message);
    const held = { ...frame, revision, body, blob, format, damage: cause };
    const change = new StoredChange(held, this.#decoder, this.#fields);
    return {
      content: { type: 'change', change, previousRevision: current.revision },
      change,
      frame,
      bytes: headBytes(frame),
      before: current,
    };
  }

  #checkHead(key: Key, bytes: number): void {
    checkKey(key);
    const { headBytesMax } = this.#limits;
    if (bytes <= headBytesMax) return;
    throw new StoreError('too-large-object', `its name, labels and selectable fields are ${bytes} bytes long, more than ${headBytesMax}`);
  }

  /** From here on the text alone counts: all readers see what JSON carries, and nothing that the caller still holds. */
  #textOf(object: KubeObject): Buffer {
    const text = Buffer.from(JSON.stringify(object));
    if (text.length > this.#limits.objectBytesMax) {
      throw new StoreError('too-large-object', `the object is ${text.length} bytes long, more than ${this.#limits.objectBytesMax}`);
    }
    return text;
  }
}

const stamped = (object: KubeObject, revision: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

interface Place {
  readonly revision: number;
  /** The format there. */
  readonly writes: number;
}

const changeTypes = { create: 'added', update: 'modified', rewrite: 'modified', delete: 'deleted' } as const;

function checkPresence(write: Write, current: Stored | undefined): void {
  if ((write.type === 'create') === (current === undefined)) return;
  const { resource, namespace, name } = write.key;
  const state = current === undefined ? 'absent' : 'present';
  throw new Error(`cannot ${write.type} ${resource} ${namespace}/${name}: it is ${state} in the view that the decision was given`);
}

/** Whether nothing differs but the revision and when fields were last managed. */
function isSame(next: KubeObject, current: KubeObject): boolean {
  return deepEqual(withoutMarks(next), withoutMarks(current));
}

function withoutMarks(object: KubeObject): unknown {
  const { resourceVersion: _revision, managedFields, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, managedFields: managedFields?.map(({ time: _time, ...entry }) => entry) } };
}
