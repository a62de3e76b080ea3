/**
 * What a write does to the managers of an object's fields, and what an apply does to the object.
 * Source: structured-merge-diff, merge/update.go; apimachinery, pkg/util/managedfields/internal.
 */
import { deepEqual } from '../equality.ts';
import { type JsonObject, isJsonObject } from '../object.ts';
import { compare, type Comparison } from './compare.ts';
import { type Conflicts, conflictError } from './conflict.ts';
import { difference, type FieldSet, fieldSet, intersection, isEmpty, noFields, union } from './field-set.ts';
import { allowedByLastApplied, withLastApplied } from './last-applied.ts';
import { capped, type ManagedOperation, type Manager, managerId, type Managers, type ManagedSet, withFields } from './managers.ts';
import type { MergeType } from './merge-type.ts';
import { merged } from './merge-values.ts';
import { fieldElement } from './path-element.ts';
import { fieldsOf, reconciled, without, withNamedFields } from './typed-value.ts';

export interface Typed {
  readonly object: JsonObject;
  readonly type: MergeType;
}

/** One write of an object, as its managers see it. */
export interface ManagedWrite {
  readonly manager: string;
  readonly subresource: string;
  /** The version of the objects that are written and compared. */
  readonly apiVersion: string;
  readonly time: string;
  readonly type: MergeType;
  /** The object in another version; undefined where the kind has no such version any more. */
  convert(object: JsonObject, apiVersion: string): Typed | undefined;
  /** The fields of a set that this endpoint can change. */
  kept(fields: FieldSet): FieldSet;
  /** The schema may have changed since fields were recorded, and only the version of the write resets fields. */
  readonly isCustom: boolean;
}

const typeMeta = ['apiVersion', 'kind'].map((name) => [fieldElement(name)]);
const serverMeta = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
].map((name) => ['f:metadata', fieldElement(name)]);
/** Fields that no manager owns. */
const unmanaged = fieldSet([...typeMeta, ['f:metadata'], ...serverMeta]);

const managerOf = ({ manager, subresource, apiVersion }: ManagedWrite, operation: ManagedOperation): Manager => ({
  manager: manager === '' ? 'unknown' : manager,
  operation,
  apiVersion,
  subresource,
});

/** The managers after `live` became `next` by an ordinary write. */
export function managersAfterUpdate(write: ManagedWrite, { live, next }: Change, before: Managers): Managers {
  const { managers, comparison } = changed(write, { live, next }, reconciledManagers(write, live, before), undefined);
  const taken = difference(write.kept(union(comparison.modified, comparison.added)), unmanaged);
  if (isEmpty(taken)) return capped(managers);
  const manager = managerOf(write, 'Update');
  const id = managerId(manager);
  const own = managers.get(id)?.fields ?? noFields;
  return capped(new Map([...managers, [id, { ...manager, time: write.time, fields: union(taken, own) }]]));
}

export interface Change {
  readonly live: JsonObject;
  readonly next: JsonObject;
}

interface Changed {
  readonly managers: Managers;
  readonly comparison: Comparison;
  readonly conflicts: Conflicts;
}

/** Takes from each manager but `workflow` what the change removes, and what it sets: the latter are conflicts. */
function changed(write: ManagedWrite, { live, next }: Change, before: Managers, workflow: string | undefined): Changed {
  const filtered = ({ removed, modified, added }: Comparison): Comparison => ({
    removed: write.kept(removed),
    modified: write.kept(modified),
    added: write.kept(added),
  });
  const comparison = filtered(compare(live, next, write.type));
  const byVersion = new Map<string, Comparison | undefined>([[write.apiVersion, comparison]]);
  const comparisonIn = (apiVersion: string): Comparison | undefined => {
    if (!byVersion.has(apiVersion)) {
      const [a, b] = [write.convert(live, apiVersion), write.convert(next, apiVersion)];
      const other = a === undefined || b === undefined ? undefined : compare(a.object, b.object, a.type);
      byVersion.set(apiVersion, other === undefined || write.isCustom ? other : filtered(other));
    }
    return byVersion.get(apiVersion);
  };
  const managers = new Map<string, ManagedSet>();
  const conflicts = new Map<string, { readonly set: ManagedSet; readonly fields: FieldSet }>();
  for (const [id, set] of before) {
    const difference = id === workflow ? comparison : comparisonIn(set.apiVersion);
    if (difference === undefined) continue;
    const fields = id === workflow ? noFields : intersection(set.fields, union(difference.modified, difference.added));
    if (!isEmpty(fields)) conflicts.set(id, { set, fields });
    const rest = id === workflow ? set : withoutLost(set, fields, difference.removed);
    if (!isEmpty(rest.fields)) managers.set(id, rest);
  }
  return { managers, comparison, conflicts };
}

function withoutLost(set: ManagedSet, taken: FieldSet, removed: FieldSet): ManagedSet {
  const lost = union(taken, intersection(set.fields, removed));
  return isEmpty(lost) ? set : withFields(set, difference(set.fields, lost));
}

/** Source: structured-merge-diff, merge/update.go, reconcileManagedFieldsWithSchemaChanges. */
function reconciledManagers(write: ManagedWrite, live: JsonObject, managers: Managers): Managers {
  if (!write.isCustom) return managers;
  const result = new Map<string, ManagedSet>();
  for (const [id, set] of managers) {
    const typed = set.apiVersion === write.apiVersion ? write : write.convert(live, set.apiVersion);
    if (typed === undefined) continue;
    const fields = reconciled(set.fields, typed.type);
    result.set(id, fields === set.fields ? set : withFields(set, fields));
  }
  return result;
}

export interface Applied {
  /** The live object where the apply changes nothing. */
  readonly object: JsonObject;
  readonly isChanged: boolean;
  readonly managers: Managers;
}

export interface Apply {
  readonly live: JsonObject;
  /** What fields have before any manager sets them: what the first apply compares a live object without managers with. */
  readonly empty: JsonObject;
  readonly applied: JsonObject;
  readonly force: boolean;
}

const beforeFirstApply = 'before-first-apply';
/** Its applies take over from its client-side applies. */
const kubectl = 'kubectl';

/** Throws a StatusError for conflicts, and a MergeError where a value does not fit its schema. */
export function applied(write: ManagedWrite, apply: Apply, before: Managers): Applied {
  const known =
    before.size > 0
      ? before
      : managersAfterUpdate({ ...write, manager: beforeFirstApply }, { live: apply.empty, next: apply.live }, before);
  const outcome = attempt(write, apply, known);
  const { conflicts, object, managers } = outcome;
  if (conflicts.size === 0 || apply.force) return finished(write, apply, { object, managers });
  const refused = write.manager === kubectl ? withoutAllowed(conflicts, allowedByLastApplied(write, apply.live)) : conflicts;
  if (refused.size > 0) throw conflictError(refused);
  return finished(write, apply, { object, managers });
}

/** Source: apimachinery, pkg/util/managedfields/internal/lastappliedmanager.go, conflictsDifference. */
function withoutAllowed(conflicts: Conflicts, allowed: FieldSet | undefined): Conflicts {
  if (allowed === undefined) return conflicts;
  const rest = [...conflicts].map(([id, { set, fields }]) => [id, { set, fields: difference(fields, allowed) }] as const);
  return new Map(rest.filter(([, { fields }]) => !isEmpty(fields)));
}

function finished(
  write: ManagedWrite,
  { live, applied: configuration }: Apply,
  { object, managers }: Pick<Attempt, 'object' | 'managers'>,
): Applied {
  const id = managerId(managerOf(write, 'Apply'));
  const own = managers.get(id);
  const timed =
    object === undefined || own === undefined
      ? managers
      : new Map([...managers, [id, { ...withFields(own, own.fields), time: write.time }]]);
  const result = object ?? live;
  return {
    object: write.manager === kubectl ? withLastApplied(result, configuration) : result,
    isChanged: object !== undefined,
    managers: timed,
  };
}

interface Attempt {
  /** Undefined where nothing changes. */
  readonly object: JsonObject | undefined;
  readonly managers: Managers;
  readonly conflicts: Conflicts;
}

function attempt(write: ManagedWrite, { live, applied: configuration }: Apply, before: Managers): Attempt {
  const known = reconciledManagers(write, live, before);
  const manager = managerOf(write, 'Apply');
  const id = managerId(manager);
  const last = known.get(id);
  const fields = write.kept(fieldsOf(configuration, write.type));
  const own =
    last !== undefined && last.apiVersion === write.apiVersion && deepEqual(last.fields, fields)
      ? last
      : { ...manager, time: last?.time, fields };
  const managers = new Map([...known, [id, own]]);
  const whole = asObject(merged(live, configuration, write.type));
  const next = last === undefined || isEmpty(last.fields) ? whole : pruned(write, whole, managers, last);
  const outcome = changed(write, { live, next }, managers, id);
  const after = new Map(outcome.managers);
  const managed = difference(own.fields, unmanaged);
  if (isEmpty(managed)) after.delete(id);
  else if (!deepEqual(managed, own.fields))
    after.set(
      id,
      last !== undefined && deepEqual(managed, last.fields) && last.apiVersion === write.apiVersion ? last : withFields(own, managed),
    );
  return { object: deepEqual(live, next) ? undefined : next, managers: after, conflicts: outcome.conflicts };
}

const asObject = (value: unknown): JsonObject => (isJsonObject(value as JsonObject) ? (value as JsonObject) : {});

/** Without what the manager applied last time and not this time, unless others manage it. */
function pruned(write: ManagedWrite, whole: JsonObject, managers: Managers, last: ManagedSet): JsonObject {
  const inLast = write.convert(whole, last.apiVersion);
  if (inLast === undefined) return whole;
  const { object, type } = inLast;
  const lastFields = withNamedFields(last.fields, type);
  const removed = asObject(without(object, lastFields, type));
  const owned = withOwned(write, { object, type }, removed, { managers, version: last.apiVersion });
  const dangling = withDangling({ object, type }, owned, lastFields);
  return write.convert(dangling, write.apiVersion)?.object ?? whole;
}

interface Owners {
  readonly managers: Managers;
  readonly version: string;
}

/** Gives back what a manager owns, version by version: first in the version that it was pruned in. */
function withOwned(write: ManagedWrite, whole: Typed, removed: JsonObject, { managers, version }: Owners): JsonObject {
  const byVersion = new Map<string, FieldSet>();
  for (const set of managers.values()) byVersion.set(set.apiVersion, union(byVersion.get(set.apiVersion) ?? noFields, set.fields));
  const versions = [...byVersion.keys()].toSorted((a, b) => Number(b === version) - Number(a === version));
  let [wholeNow, now] = [whole.object, removed];
  for (const each of versions) {
    const [a, b] = [write.convert(wholeNow, each), write.convert(now, each)];
    if (a === undefined || b === undefined) continue;
    const all = withNamedFields(fieldsOf(a.object, a.type), a.type);
    const left = withNamedFields(fieldsOf(b.object, a.type), a.type);
    const managed = withNamedFields(byVersion.get(each) ?? noFields, a.type);
    wholeNow = a.object;
    now = asObject(without(a.object, difference(all, union(left, managed)), a.type));
  }
  return write.convert(now, version)?.object ?? now;
}

/** Gives back what was removed though the manager had not applied it. */
function withDangling({ object, type }: Typed, owned: JsonObject, lastFields: FieldSet): JsonObject {
  const left = withNamedFields(fieldsOf(owned, type), type);
  const all = withNamedFields(fieldsOf(object, type), type);
  return asObject(without(object, intersection(difference(all, left), lastFields), type));
}
