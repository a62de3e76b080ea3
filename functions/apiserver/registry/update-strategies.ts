/** What each endpoint of an object lets its client change. */
import type { FieldError } from '../../kube/field-error.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { AnyDefinition, ObjectSubresource, WriteContext } from '../../resources/definition.ts';
import type { ServedKind } from './resource-index.ts';
import { bumpGeneration, metadataErrors } from './object-metadata.ts';

/** What an endpoint keeps of the current object and checks of the next one. Both functions work in place. */
export interface UpdateStrategy {
  /** The kind is asked for warnings. */
  readonly hasWarnings?: boolean;
  /** Makes `next` what it would be if its client had changed only what this endpoint lets it change. */
  prepare(next: KubeObject, current: KubeObject, definition: AnyDefinition, context: WriteContext): void;
  validate(next: KubeObject, current: KubeObject, kind: ServedKind): readonly FieldError[];
}

/** The main endpoint: `status` stays as it is. */
export const mainStrategy: UpdateStrategy = {
  hasWarnings: true,
  prepare(next, current, definition, context) {
    if (definition.hasStatus === true) keepField(next, current, 'status');
    definition.prepareForUpdate?.(next, current, context);
    bumpGeneration(next, current, definition);
  },
  validate: (next, current, { definition, served }) => [
    ...(definition.validate?.(next, current, served.type) ?? []),
    ...(definition.validateUpdate?.(next, current) ?? []),
  ],
};

/** The `/status` endpoint: everything but status, labels, annotations and finalizers stays as it is. */
export const statusStrategy: UpdateStrategy = {
  prepare(next, current, definition, context) {
    for (const field of Object.keys({ ...current, ...next })) {
      if (field !== 'metadata' && field !== 'status') keepField(next, current, field);
    }
    const { ownerReferences } = current.metadata;
    if (ownerReferences === undefined) delete next.metadata.ownerReferences;
    else next.metadata.ownerReferences = ownerReferences;
    definition.prepareForStatusUpdate?.(next, current, context);
  },
  validate: (next, current, { definition, served }) => definition.validateStatusUpdate?.(next, current, served.type) ?? [],
};

/** A subresource that knows by itself what it may change: binding, finalize. */
export const subresourceStrategy = ({
  keepsGeneration = false,
}: Pick<ObjectSubresource<KubeObject>, 'keepsGeneration'>): UpdateStrategy => ({
  prepare(next, current, definition) {
    if (!keepsGeneration) bumpGeneration(next, current, definition);
  },
  validate: (next, _current, { definition }) => metadataErrors(next, definition),
});

/** `field` of `next` becomes what it is in `current`, absent included. */
function keepField(next: KubeObject, current: KubeObject, field: string): void {
  const source: Readonly<Record<string, unknown>> = { ...current };
  if (source[field] === undefined) Reflect.deleteProperty(next, field);
  else Reflect.set(next, field, source[field]);
}
