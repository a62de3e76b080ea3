/**
 * What `kubectl get` prints: rows of cells, made from the columns of the definition.
 * Source: apiserver, pkg/endpoints/handlers/response.go; apimachinery, pkg/apis/meta/v1/types.go (Table).
 */
import type { KubeObject } from '../kube/object.ts';
import { badRequest } from '../kube/status-error.ts';
import type { ObjectMeta } from '../kube/generated/types.ts';
import type { AnyDefinition, Column } from '../resources/definition.ts';
import type { ServedKind } from './registry/resource-index.ts';
import { fromStored } from './registry/served-form.ts';

/** Annotates the bookmark after everything that was there when a watch began. */
export const initialEventsEnd = 'k8s.io/initial-events-end';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface TableOptions {
  readonly metaVersion: 'v1' | 'v1beta1';
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
  /** A watch describes its columns once, in the first event. */
  readonly hasColumns: boolean;
}

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') ?? '';
  switch (text) {
    case '':
    case 'Metadata':
      return 'Metadata';
    case 'None':
    case 'Object':
      return text;
    default:
      throw badRequest(
        `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
      );
  }
}

/**
 * Columns of built-in kinds read the stored form. Those of custom kinds, and the objects beside the rows, have the
 * version that the client speaks.
 */
export function tableOf(kind: ServedKind, objects: readonly KubeObject[], metadata: object, options: TableOptions): object {
  const { definition, served } = kind;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.metaVersion}`,
    metadata,
    columnDefinitions: options.hasColumns ? columnDefinitions(served.columns ?? definition.columns) : null,
    rows: objects.map((object) => ({
      ...cellsOf(kind, object, options),
      ...rowObject(kind, object, options),
    })),
  };
}

function cellsOf({ definition, served }: ServedKind, object: KubeObject, { nowMs }: TableOptions): { readonly cells: unknown[] } {
  const shown = served.schema.isInline === true ? fromStored(served, object) : object;
  return { cells: (served.columns ?? definition.columns).map((column) => column.value(shown, nowMs)) };
}

const columnDefinitions = (columns: readonly Column[]): object[] =>
  columns
    .filter(({ isUndescribed }) => isUndescribed !== true)
    .map(({ name, type, format = '', description, priority }) => ({
      name,
      type,
      format,
      description,
      priority,
    }));

function rowObject({ definition, served }: ServedKind, object: KubeObject, options: TableOptions): { readonly object: object | null } {
  switch (options.includeObject) {
    case 'None':
      // The mark of the last initial event is not left out.
      return {
        object:
          object.metadata.annotations?.[initialEventsEnd] === undefined ? null : partialMetadata(definition, object, options.metaVersion),
      };
    case 'Object':
      return { object: fromStored(served, object) };
    case 'Metadata':
      return { object: partialMetadata(definition, object, options.metaVersion) };
    default:
      return options.includeObject satisfies never;
  }
}

export const partialMetadata = (
  { fieldAnnotations = [] }: Pick<AnyDefinition, 'fieldAnnotations'>,
  { metadata }: KubeObject,
  metaVersion: 'v1' | 'v1beta1',
): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${metaVersion}`,
  metadata: fieldAnnotations.length === 0 ? metadata : withoutAnnotations(metadata, fieldAnnotations),
});

function withoutAnnotations(metadata: ObjectMeta, names: readonly string[]): ObjectMeta {
  const { annotations = {}, ...rest } = metadata;
  const kept = Object.entries(annotations).filter(([name]) => !names.includes(name));
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}
