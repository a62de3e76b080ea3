/** The definitions of `written.yaml`, and how a CustomResourceDefinition is made of such a description. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';

export interface CustomKind {
  readonly kind: string;
  /** Namespaced when left out. */
  readonly scope?: string;
  /** The fields of v1 beside its name. */
  readonly version?: JsonObject;
  readonly versions?: readonly JsonObject[];
  /** Objects of the kind, without apiVersion, kind and name. */
  readonly instances: readonly JsonObject[];
}

export const customGroup = 'compare.example.com';

export const writtenKinds = (): readonly CustomKind[] =>
  parseAllDocuments(readFileSync(join(import.meta.dirname, 'written.yaml'), 'utf8'))
    .map((document) => document.toJS() as CustomKind | null)
    .filter((kind) => kind !== null);

export const pluralOf = ({ kind }: CustomKind): string => `${kind.toLowerCase()}s`;

export const versionsOf = ({ version, versions }: CustomKind): readonly JsonObject[] =>
  versions ?? [{ name: 'v1', served: true, storage: true, ...version }];

export function customResourceDefinition(made: CustomKind): JsonObject {
  const plural = pluralOf(made);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${customGroup}` },
    spec: {
      group: customGroup,
      scope: made.scope ?? 'Namespaced',
      names: { plural, kind: made.kind, shortNames: [`${plural}x`], categories: ['compared'] },
      versions: versionsOf(made) as Json[],
    },
  };
}
