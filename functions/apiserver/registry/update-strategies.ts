/** What each endpoint of an object lets its client change. */
import type { FieldError } from '../../kube/field-error.ts';
import { dnsSubdomainErrors, pathSegmentErrors } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { AnyDefinition, ObjectSubresource, WriteContext } from '../../resources/definition.ts';
import { declaredLast } from '../../resources/declared-errors.ts';
import { validateNamePrefix } from '../../resources/metadata-validation.ts';
import type { ServedKind } from './resource-index.ts';
import { bumpGeneration, isCustom, metadataErrors } from './object-metadata.ts';

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
    if (definition.countsDropped === true) bumpGeneration(next, current, definition);
    definition.prepareForUpdate?.(next, current, context);
    if (definition.countsDropped !== true) bumpGeneration(next, current, definition);
  },
  validate(next, current, { definition, served }) {
    const own = definition.validate?.(next, current, served.type) ?? [];
    const change = definition.validateUpdate?.(next, current) ?? [];
    const coded = definition.checksChangeFirst === true ? [...change, ...own] : [...own, ...change];
    return declaredLast([...prefixErrors(next, definition), ...coded], definition.declared);
  },
};

/** Most kinds check the whole metadata again, as that of a new object: names stay, but a prefix of names may change. */
function prefixErrors(next: KubeObject, definition: AnyDefinition): FieldError[] {
  const { metadata } = next;
  const { rechecksName, validateName = dnsSubdomainErrors } = definition;
  if (rechecksName === false || isCustom(definition)) return [];
  const checked = pathMessages(metadata);
  return validateNamePrefix(metadata, (prefix) => validateName(prefix, next)).filter(({ message }) => !checked.has(message));
}

/** Every update checks these already. */
const pathMessages = ({ generateName = '' }: KubeObject['metadata']): ReadonlySet<string> =>
  new Set(validateNamePrefix({ generateName }, pathSegmentErrors).map(({ message }) => message));

/** The `/status` endpoint: everything but status and what `keepStatusMetadata` leaves of the metadata stays as it is. */
export const statusStrategy: UpdateStrategy = {
  prepare(next, current, definition, context) {
    for (const field of Object.keys({ ...current, ...next })) {
      if (field !== 'metadata' && field !== 'status') keepField(next, current, field);
    }
    keepStatusMetadata(next, current, definition);
    definition.prepareForStatusUpdate?.(next, current, context);
  },
  validate: (next, current, { definition, served }) => definition.validateStatusUpdate?.(next, current, served.type) ?? [],
};

/** Keeps owners; of a custom object all metadata but its managers; and nothing of a CustomResourceDefinition. */
function keepStatusMetadata(next: KubeObject, { metadata }: KubeObject, definition: AnyDefinition): void {
  const { managedFields } = next.metadata;
  if (isCustom(definition)) next.metadata = { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) };
  else if (definition.checksMetadataTwice === true) return;
  else if (metadata.ownerReferences === undefined) delete next.metadata.ownerReferences;
  else next.metadata.ownerReferences = metadata.ownerReferences;
}

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
