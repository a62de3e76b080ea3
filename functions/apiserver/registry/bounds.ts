/**
 * Bounds on what stands outside an object's compressed body: its key, and what selectors read of it. Upstream bounds
 * these only by the size of the whole object.
 */
import { type FieldError, invalidObject, tooLong } from '../../kube/field-error.ts';
import { type KubeObject, labelsOf } from '../../kube/object.ts';
import type { Key } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';

/** Resource, namespace and name together: a table's keys are at most 1,024 bytes, and more stands in them. */
export const keyBytesMax = 768;
/** Labels together with selectable fields. */
export const selectableBytesMax = 32 * 1024;

const bytesOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

export function checkBounds(definition: AnyDefinition, key: Key, object: KubeObject): void {
  const errors: FieldError[] = [];
  const rest = bytesOf([key.resource, key.namespace]);
  if (rest + Buffer.byteLength(key.name) > keyBytesMax) errors.push(tooLong('metadata.name', keyBytesMax - rest));
  const labels = bytesOf(Object.entries(labelsOf(object)).flat());
  if (labels > selectableBytesMax) errors.push(tooLong('metadata.labels', selectableBytesMax));
  for (const [field, value] of Object.entries(definition.fields?.(object) ?? {})) {
    if (labels + Buffer.byteLength(value) > selectableBytesMax) errors.push(tooLong(field, selectableBytesMax));
  }
  if (errors.length > 0) throw invalidObject(definition.type, key.name, errors);
}
