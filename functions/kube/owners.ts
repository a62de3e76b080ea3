/** Owner references. Source: apimachinery, pkg/apis/meta/v1/controller_ref.go. */
import type { OwnerReference } from './generated/types.ts';
import type { KubeObject } from './object.ts';
import { nameOf, uidOf } from './object.ts';
import type { ResourceType } from './resource-type.ts';
import { apiVersionOf } from './resource-type.ts';

/** The one owner that manages the object, if any. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((reference) => reference.controller === true);

/** Whether `owner`, and no namesake of it, manages the object. */
export const isControlledBy = (object: KubeObject, owner: KubeObject): boolean => controllerOf(object)?.uid === uidOf(owner);

/** The reference with which `owner` manages what it makes. */
export const controllerReference = (type: ResourceType, owner: KubeObject): OwnerReference => ({
  apiVersion: apiVersionOf(type),
  kind: type.kind,
  name: nameOf(owner),
  uid: uidOf(owner),
  controller: true,
  blockOwnerDeletion: true,
});
