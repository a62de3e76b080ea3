/** What every Kubernetes object has, whatever its kind. */
import type { ObjectMeta } from './generated/types.ts';

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion?: string;
  kind?: string;
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** Any value that JSON can carry; what generic code (patches, schema walk, field paths) works on. */
export type Json = null | boolean | number | string | Json[] | { [field: string]: Json };
export type JsonObject = { [field: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A name, and the namespace it lives in; '' for cluster-scoped objects. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export const nameOf = (object: KubeObject): string => object.metadata.name ?? '';
export const namespaceOf = (object: KubeObject): string => object.metadata.namespace ?? '';
export const uidOf = (object: KubeObject): string => object.metadata.uid ?? '';
export const labelsOf = (object: KubeObject): Readonly<Record<string, string>> => object.metadata.labels ?? {};
export const annotationsOf = (object: KubeObject): Readonly<Record<string, string>> => object.metadata.annotations ?? {};
export const isTerminating = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

/** `namespace/name`, or the bare name of a cluster-scoped object: client-go's cache key. */
export function keyText({ namespace, name }: ObjectName): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}
