/** Which objects a list or watch is about: label and field selectors, on objects and on what they were before a change. */
import { matchesFields, parseFieldSelector } from '../../kube/fields.ts';
import { matchesLabels, parseLabelSelector } from '../../kube/labels.ts';
import { type KubeObject, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { badRequest } from '../../kube/status-error.ts';
import type { Stored } from '../../kube/view.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';
import type { Change } from '../../store/store.ts';

export interface Selection {
  /** Nothing is left out: the rest of a list can be counted without looking at it. */
  readonly isEverything: boolean;
  selects(stored: Pick<Stored, 'object'>): boolean;
  /** Whether the object was selected before this change. */
  matchedBefore(change: Change): boolean;
}

type Selectors = Readonly<Record<'labelSelector' | 'fieldSelector', string>>;

export function selectionOf(definition: AnyDefinition, selectors: Selectors, served?: ServedVersion): Selection {
  const labelRequirements = parsed(() => parseLabelSelector(selectors.labelSelector));
  const fieldRequirements = parsed(() => parseFieldSelector(selectors.fieldSelector)).map((requirement) => {
    const field = storedField(requirement.field, served);
    checkField(field, definition);
    return { ...requirement, field };
  });
  const selects = (labels: Readonly<Record<string, string>>, fields: () => Readonly<Record<string, string>>): boolean =>
    (labelRequirements.length === 0 || matchesLabels(labelRequirements, labels)) &&
    (fieldRequirements.length === 0 || matchesFields(fieldRequirements, fields()));
  const isEverything = labelRequirements.length === 0 && fieldRequirements.length === 0;
  const matches = (object: KubeObject): boolean => selects(labelsOf(object), () => fieldsOf(definition, object));
  return {
    isEverything,
    // The object is not even made where nothing is asked of it.
    selects: (stored) => isEverything || matches(stored.object),
    matchedBefore(change) {
      if (change.type === 'added') return false;
      if (isEverything) return true;
      const { previous, object } = change;
      // A change that says nothing of what was before left the labels and fields alone.
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

function checkField(field: string, { selectableFields }: AnyDefinition): void {
  if (ownFields.has(field)) return;
  if (selectableFields === undefined) {
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  if (!selectableFields.includes(field)) throw badRequest(`field label not supported: ${field}`);
}

const nameFields = (object: KubeObject): Readonly<Record<string, string>> => ({
  'metadata.name': nameOf(object),
  'metadata.namespace': namespaceOf(object),
});

/** The selectable fields of an object, its name and namespace among them. */
const fieldsOf = (definition: AnyDefinition, object: KubeObject): Readonly<Record<string, string>> => ({
  ...definition.fields?.(object),
  ...nameFields(object),
});
