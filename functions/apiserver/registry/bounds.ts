/**
 * Bounds on what stands outside an object's compressed body, as errors of the field: its key, and the labels that selectors
 * read. Upstream bounds these only by the size of the whole object. The store has bounds of its own for the rest.
 */
import { type FieldError, invalidObject, tooLong } from '../../kube/field-error.ts';
import { type KubeObject, labelsOf } from '../../kube/object.ts';
import type { Key } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';

/** Resource, namespace and name together: a table's keys are at most 1,024 bytes, and more stands in them. */
const keyBytesMax = 768;
const labelsBytesMax = 32 * 1024;
/** No character of a text is longer in UTF-8. */
const characterBytesMax = 3;

/** Most texts are far from the bound, so that they need not be measured. */
function isLonger(texts: readonly string[], bytesMax: number): boolean {
  let length = 0;
  for (const text of texts) length += text.length;
  if (length * characterBytesMax <= bytesMax) return false;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > bytesMax;
}

export function checkBounds({ type }: AnyDefinition, { resource, namespace, name }: Key, object: KubeObject): void {
  const errors: FieldError[] = [];
  if (isLonger([resource, namespace, name], keyBytesMax)) {
    errors.push(tooLong('metadata.name', keyBytesMax - Buffer.byteLength(resource + namespace)));
  }
  const labels = labelsOf(object);
  if (isLonger(Object.keys(labels).concat(Object.values(labels)), labelsBytesMax)) errors.push(tooLong('metadata.labels', labelsBytesMax));
  if (errors.length > 0) throw invalidObject(type, name, errors);
}
