/**
 * Records in `metadata.managedFields` who manages which fields, and applies configurations by it.
 * Source: apimachinery, pkg/util/managedfields/internal/{fieldmanager,skipnonapplied,structuredmerge}.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { ManagedFieldsEntry } from '../../kube/generated/types.ts';
import { emptyObject } from '../../kube/managed-fields/empty-object.ts';
import { type FieldSet, fieldSet, matching, recursiveDifference } from '../../kube/managed-fields/field-set.ts';
import { entriesOf, type Manager, type Managers, managersOf, sentManagers } from '../../kube/managed-fields/managers.ts';
import { mergeType } from '../../kube/managed-fields/merge-type.ts';
import { MergeError } from '../../kube/managed-fields/merge-walk.ts';
import {
  type Applied,
  applied,
  type Apply,
  type ManagedWrite,
  managersAfterUpdate,
  type Typed,
} from '../../kube/managed-fields/updater.ts';
import { validateTyped } from '../../kube/managed-fields/validation.ts';
import { isJsonObject, type JsonObject, type KubeObject } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import { badRequest, plainError } from '../../kube/status-error.ts';
import { configurationText, kindText, textAt } from './apply-text.ts';
import { timestamp } from '../../kube/time.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';
import type { AppliedObject, FieldApply, FieldManagers, FieldWrite } from '../ports.ts';
import { isCustom } from './object-metadata.ts';
import { fromStored, toStored } from './served-form.ts';

const none: Managers = new Map();

export const recordedFieldManagers: FieldManagers = { record, apply };

function record(next: KubeObject, current: KubeObject | undefined, write: FieldWrite): void {
  const before = managersBefore(next, current, write);
  delete next.metadata.managedFields;
  // Objects that had no managers before get some with their first apply.
  if (before.size === 0 && current !== undefined) return;
  const { served } = write;
  const live = current === undefined ? emptyObject(served.schema) : jsonOf(withoutManagers(fromStored(served, current)));
  try {
    const managed = managedWrite(write);
    const change = { live, next: jsonOf(fromStored(served, next)) };
    if (managed.isCustom) validateTyped(change.next, managed.type, { allowsDuplicates: true });
    const managers = managersAfterUpdate(managed, change, before);
    setEntries(next, entriesOf(managers));
  } catch (error) {
    // The value does not fit its schema, and its validation, which follows, refuses it; or it does not fit that of another
    // version, by which some manager's fields are known.
    if (!(error instanceof MergeError)) throw error;
    setEntries(next, current?.metadata.managedFields);
  }
}

function setEntries({ metadata }: KubeObject, entries: readonly ManagedFieldsEntry[] | undefined): void {
  if (entries === undefined) delete metadata.managedFields;
  else metadata.managedFields = [...entries];
}

/** Clients may send the managers along with the object, and empty them; a subresource keeps those of the object. */
function managersBefore(next: KubeObject, current: KubeObject | undefined, { subresource, definition }: FieldWrite): Managers {
  const known = current?.metadata.managedFields;
  const sent = next.metadata.managedFields;
  const live = managersOf(known) ?? none;
  if (subresource !== '' || sent === undefined || deepEqual(sent, known)) return live;
  if (isReset(sent, definition)) return none;
  const managers = sentManagers(sent);
  if (managers === undefined || managers.size === 0) return live;
  // Without a version of the kind there is no schema to read the fields by.
  const isUnknown = ({ apiVersion }: Manager): boolean => !versionsOf(definition).some(({ type }) => apiVersionOf(type) === apiVersion);
  return isCustom(definition) && [...managers.values()].some(isUnknown) ? live : managers;
}

/** Upstream takes an empty list of a custom resource for none. */
const isReset = (entries: readonly ManagedFieldsEntry[], definition: AnyDefinition): boolean =>
  entries.length === 0 ? !isCustom(definition) : entries.length === 1 && entries.every((entry) => Object.keys(entry).length === 0);

/** The stored object is JSON already; the types do not show it. */
const jsonOf = (object: KubeObject): JsonObject => object as KubeObject & JsonObject;

function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _managers, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function managedWrite({ manager, subresource, definition, served, nowMs }: FieldWrite): ManagedWrite {
  const apiVersion = apiVersionOf(served.type);
  return {
    manager,
    subresource,
    apiVersion,
    time: timestamp(nowMs),
    type: mergeType(served.schema.node),
    convert: (object, version) => converted(definition, object, version),
    kept: keptFields(definition, subresource),
    isCustom: isCustom(definition),
  };
}

function versionsOf({ type, schema, isServed = true, otherVersions = [] }: AnyDefinition): readonly ServedVersion[] {
  return isServed ? [{ type, schema }, ...otherVersions] : otherVersions;
}

function converted(definition: AnyDefinition, object: JsonObject, apiVersion: string): Typed | undefined {
  const versions = versionsOf(definition);
  const find = (version: string): ServedVersion | undefined => versions.find(({ type }) => apiVersionOf(type) === version);
  const from = find(typeof object['apiVersion'] === 'string' ? object['apiVersion'] : '');
  const to = find(apiVersion);
  if (to === undefined) return undefined;
  const type = mergeType(to.schema.node);
  if (from === to || from === undefined) return { object, type };
  // Neither pruned nor filled in: what apply has removed would come back as a default.
  if (isCustom(definition) && definition.isConvertedByWebhook !== true) {
    validateTyped(object, type, { allowsDuplicates: true });
    return { object: { ...object, apiVersion }, type };
  }
  const stored = toStored(from, { ...object, metadata: isJsonObject(object['metadata']) ? object['metadata'] : {} });
  return { object: { ...jsonOf(fromStored(to, stored)), apiVersion }, type };
}

/** The fields that an endpoint can set. */
function keptFields(definition: AnyDefinition, subresource: string): (fields: FieldSet) => FieldSet {
  const only = definition.resetFields?.only?.[subresource];
  if (only !== undefined) {
    const pattern = fieldSet(only.map(pathOf));
    return (fields) => matching(fields, pattern);
  }
  const reset = fieldSet(resetFieldsOf(definition, subresource).map(pathOf));
  return (fields) => recursiveDifference(fields, reset);
}

const pathOf = (text: string): string[] => text.split('.').map((name) => (name === '*' ? name : `f:${name}`));

function resetFieldsOf({ hasStatus, resetFields = {} }: AnyDefinition, subresource: string): readonly string[] {
  if (subresource === 'status') return resetFields.status ?? ['spec'];
  if (subresource !== '') return resetFields.others?.[subresource] ?? [];
  return resetFields.main ?? (hasStatus === true ? ['status'] : []);
}

function apply(configuration: JsonObject, current: KubeObject | undefined, write: FieldApply): AppliedObject {
  checkKind(configuration, write);
  const { served } = write;
  const managed = managedWrite(write);
  const sent = isJsonObject(configuration['metadata']) ? configuration['metadata'] : {};
  if (sent['managedFields'] !== undefined && sent['managedFields'] !== null) throw badRequest('metadata.managedFields must be nil');
  const kind = { apiVersion: managed.apiVersion, kind: served.type.kind };
  const empty: JsonObject = { ...emptyObject(served.schema), ...kind };
  const live = current === undefined ? empty : jsonOf(withoutManagers(current));
  checkTyped(configuration, write);
  const before = managersOf(current?.metadata.managedFields) ?? none;
  const { object, isChanged, managers } = appliedOrRefused(managed, { live, empty, applied: configuration, force: write.force }, before);
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const { managedFields: _sent, ...rest } = metadata;
  const entries = entriesOf(managers);
  // Entries are JSON; the type of their sets does not show it.
  const recorded: JsonObject = entries === undefined ? rest : { ...rest, managedFields: entries as unknown[] as JsonObject[] };
  return { object: { ...object, metadata: recorded }, isChanged };
}

/** The live object may not fit the version by which another manager's fields are known. */
function appliedOrRefused(managed: ManagedWrite, change: Apply, before: Managers): Applied {
  try {
    return applied(managed, change, before);
  } catch (error) {
    if (error instanceof MergeError) throw plainError(error.message);
    throw error;
  }
}

function checkKind(configuration: JsonObject, { served }: FieldWrite): void {
  const [apiVersion, kind] = [textAt(configuration, 'apiVersion'), textAt(configuration, 'kind')];
  if (apiVersion === apiVersionOf(served.type) && kind === served.type.kind) return;
  throw badRequest(`invalid object type: ${kindText(apiVersion, kind)}`);
}

function checkTyped(configuration: JsonObject, { served }: FieldWrite): void {
  try {
    validateTyped(configuration, mergeType(served.schema.node), { allowsDuplicates: false });
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw plainError(`failed to create typed patch object (${configurationText(configuration)}): ${error.message}`);
  }
}
