/** Which objects a list or watch is about: label and field selectors, on objects and on what they were before a change. */
import { matchesFields, parseFieldSelector } from '../../kube/fields.ts';
import { matchesLabels, parseLabelSelector } from '../../kube/labels.ts';
import { type KubeObject, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { Key, Stored } from '../../kube/view.ts';
import { isCustom } from './object-metadata.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';
import { fromStored } from './served-form.ts';
import type { Change } from '../../store/store.ts';

export interface Selection {
  /** Nothing is left out: the rest of a list can be counted without reading it. */
  readonly isEverything: boolean;
  /** Whether an object of this key may be selected, as far as its name shows. */
  concerns(key: Key): boolean;
  selects(stored: Pick<Stored, 'object'>): boolean;
  /** `matchedBefore` must see the object before the change. */
  readonly looksBack: boolean;
  /** Whether the object was selected before this change. */
  matchedBefore(change: Change, before?: KubeObject): boolean;
}

type Selectors = Readonly<Record<'labelSelector' | 'fieldSelector', string>>;

export function selectionOf(definition: AnyDefinition, selectors: Selectors, served?: ServedVersion): Selection {
  const labelRequirements = parsed(() => parseLabelSelector(selectors.labelSelector));
  const fieldRequirements = parsed(() => parseFieldSelector(selectors.fieldSelector)).map((requirement) => {
    const field = storedField(requirement.field, served);
    checkField(field, definition, served);
    return { ...requirement, field };
  });
  const selects = (labels: Readonly<Record<string, string>>, fields: () => Readonly<Record<string, string>>): boolean =>
    (labelRequirements.length === 0 || matchesLabels(labelRequirements, labels)) &&
    (fieldRequirements.length === 0 || matchesFields(fieldRequirements, fields()));
  const ofName = fieldRequirements.filter(({ field }) => ownFields.has(field));
  const isEverything = labelRequirements.length === 0 && fieldRequirements.length === 0;
  const matches = (object: KubeObject): boolean => selects(labelsOf(object), () => fieldsOf(definition, served, object));
  const looksBack = served?.ownFields !== undefined && fieldRequirements.length > 0;
  return {
    isEverything,
    concerns: ({ namespace, name }) => matchesFields(ofName, { 'metadata.name': name, 'metadata.namespace': namespace }),
    looksBack,
    // The object is not even made where nothing is asked of it.
    selects: (stored) => isEverything || matches(stored.object),
    matchedBefore(change, before) {
      if (change.type === 'added') return false;
      if (isEverything) return true;
      if (looksBack) return matches(before ?? change.object);
      const { previous, object } = change;
      // A change without an earlier object left the labels and fields alone.
      if (previous === undefined) return matches(object);
      return selects(previous.labels, () => ({ ...previous.fields, ...nameFields(object) }));
    },
  };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error) throw badRequest(error.message);
    throw error;
  }
}

const ownFields: ReadonlySet<string> = new Set(['metadata.name', 'metadata.namespace']);

/** What the stored form calls a field. */
function storedField(field: string, served: ServedVersion | undefined): string {
  if (served?.fieldNames === undefined || ownFields.has(field)) return field;
  const stored = served.fieldNames.get(field);
  if (stored === undefined) throw badRequest(`field label not supported: ${field}`);
  return stored;
}

function checkField(field: string, definition: AnyDefinition, served: ServedVersion | undefined): void {
  const { type, readsFieldSelectors = false } = definition;
  const selectableFields = served?.ownFields === undefined ? definition.selectableFields : served.ownFields.names;
  // Kinds that read selectors themselves know no namespace that their objects do not have.
  const readsItself = readsFieldSelectors || (!type.namespaced && (isCustom(definition) || (selectableFields?.length ?? 0) > 0));
  if (field === 'metadata.name' || (ownFields.has(field) && !readsItself)) return;
  if (!isCustom(definition) && (selectableFields === undefined || selectableFields.length === 0)) {
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  if (selectableFields?.includes(field) === true) return;
  const shown = served?.type ?? type;
  const of = readsFieldSelectors ? ` for ${apiVersionOf(shown)}, Kind=${shown.kind}` : '';
  throw badRequest(definition.fieldProblem?.(field) ?? `field label not supported${of}: ${field}`);
}

const nameFields = (object: KubeObject): Readonly<Record<string, string>> => ({
  'metadata.name': nameOf(object),
  'metadata.namespace': namespaceOf(object),
});

/** The selectable fields of an object, its name and namespace among them. */
const fieldsOf = (definition: AnyDefinition, served: ServedVersion | undefined, object: KubeObject): Readonly<Record<string, string>> => ({
  ...(served?.ownFields === undefined ? definition.fields?.(object) : served.ownFields.of(fromStored(served, object))),
  ...nameFields(object),
});
