/**
 * The part of an object's metadata that belongs to the server.
 * Source: apiserver, pkg/registry/rest/{create,update,meta}.go.
 */
import { copy } from '../../kube/copy.ts';
import { deepEqual, semanticallyEqual } from '../../kube/equality.ts';
import type { FieldError } from '../../kube/field-error.ts';
import type { ObjectMeta } from '../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../kube/names.ts';
import { isTerminating, type JsonObject, type KubeObject } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { badRequest } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { validateObjectMeta } from '../../resources/metadata-validation.ts';
import type { World } from '../../world.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** The namespace of the URL counts; the object's may only agree. Source: rest/meta.go, EnsureObjectNamespaceMatchesRequestNamespace. */
export function placeInNamespace({ metadata }: KubeObject, { namespaced }: Pick<ResourceType, 'namespaced'>, namespace: string): void {
  if (!namespaced) {
    delete metadata.namespace;
    return;
  }
  const given = metadata.namespace ?? '';
  if (given !== '' && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}

/** Drops what a client cannot decide about a new object. Changes in place. Source: WipeObjectMetaSystemFields. */
export function dropServerFields(metadata: ObjectMeta): void {
  delete metadata.selfLink;
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
}

/** Sets what only the server may set on a new object. Changes in place. */
export function fillMetadata({ metadata }: KubeObject, definition: AnyDefinition, world: World): void {
  dropServerFields(metadata);
  metadata.uid = world.random.uuid();
  metadata.creationTimestamp = timestamp(world.clock.now());
  if (definition.hasGeneration === true) metadata.generation = 1;
}

/** Takes over from the current object what an update cannot change. Changes `next` in place. */
export function keepMetadata(next: KubeObject, current: KubeObject): void {
  const { metadata } = next;
  metadata.creationTimestamp = current.metadata.creationTimestamp;
  if (metadata.uid === undefined || metadata.uid === '') metadata.uid = current.metadata.uid;
  metadata.resourceVersion = current.metadata.resourceVersion;
  setOrDelete(metadata, 'generation', current.metadata.generation);
  if (isTerminating(current)) metadata.deletionTimestamp = current.metadata.deletionTimestamp;
  const grace = metadata.deletionGracePeriodSeconds ?? current.metadata.deletionGracePeriodSeconds;
  setOrDelete(metadata, 'deletionGracePeriodSeconds', grace);
}

function setOrDelete<Field extends keyof ObjectMeta>(metadata: ObjectMeta, field: Field, value: ObjectMeta[Field]): void {
  if (value === undefined) delete metadata[field];
  else metadata[field] = value;
}

/** Counts a change of what the user asks for; neither metadata nor status counts. Changes `next` in place. */
export function bumpGeneration(next: KubeObject, current: KubeObject, definition: AnyDefinition): void {
  if (definition.hasGeneration !== true) return;
  const generation = current.metadata.generation ?? 1;
  next.metadata.generation = isSameDesire(next, current, definition) ? generation : generation + 1;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

function isSameDesire(next: KubeObject, current: KubeObject, definition: AnyDefinition): boolean {
  const [wanted, before] = [desired(next, definition), desired(current, definition)];
  if (isCustom(definition) || definition.countsEmptyLists === true) return deepEqual(wanted, before);
  if (semanticallyEqual(wanted, before)) return true;
  // An empty map is as good as none, unlike an empty struct: the schema knows which is which.
  if (!semanticallyEqual(wanted, before, isEmpty)) return false;
  const settled = copy(next);
  definition.schema.settle(settled as KubeObject & JsonObject);
  return semanticallyEqual(desired(settled, definition), before);
}

function desired(object: KubeObject, definition: AnyDefinition): object {
  const { metadata, status, apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  // A custom kind without that subresource has an ordinary field of this name.
  const counted = isCustom(definition) && definition.hasStatus !== true ? { ...rest, status } : rest;
  return { ...counted, ...Object.fromEntries((definition.desiredMetadata ?? []).map((field) => [field, metadata[field] ?? {}])) };
}

/** What is wrong with the metadata of an object, its name first. */
export const metadataErrors = (object: KubeObject, definition: AnyDefinition): FieldError[] => {
  const { type, validateName = dnsSubdomainErrors, checksNamePrefix } = definition;
  const { generateName: _prefix, ...withoutPrefix } = object.metadata;
  return validateObjectMeta(checksNamePrefix === false ? withoutPrefix : object.metadata, {
    namespaced: type.namespaced,
    isCustom: allowsBareFinalizers(definition),
    validateName: (name) => validateName(name, object),
  });
};

export const allowsBareFinalizers = (definition: AnyDefinition): boolean =>
  isCustom(definition) || definition.allowsBareFinalizers === true;

/** A kind that a CustomResourceDefinition declares. */
export const isCustom = ({ hasStrategicMerge }: AnyDefinition): boolean => hasStrategicMerge === false;
