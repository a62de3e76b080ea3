/** The JSON text of stored objects, made once however many readers want it. */
import type { KubeObject } from '../kube/object.ts';

const texts = new WeakMap<KubeObject, string>();

/** Only for objects that came from the store: they are frozen, so that the text stays true. */
export function jsonText(object: KubeObject): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  if (Object.isFrozen(object)) texts.set(object, text);
  return text;
}
