/**
 * What becomes a key. The commit point refuses keys that no object can have and texts that tables cannot hold outside a
 * body; a key from an older log or another table may have no room in a table. It gets a digest in its place there.
 */
import { hash } from 'node:crypto';
import type { Key } from '../kube/view.ts';

/** Separates the parts of keys, in memory or in a table. */
const separators = ['/', '\u0000'];

/** A key that the API would not let through is a defect of the caller, and concerns the caller alone. */
export function checkKey(key: Key): void {
  const { resource, namespace, name } = key;
  for (const part of [resource, namespace, name]) {
    if (!part.isWellFormed()) throw new TypeError(`a part of the key ${shown(key)} is no well-formed text`);
  }
  if (separators.some((each) => resource.includes(each) || namespace.includes(each)) || name.includes('/'))
    throw new TypeError(`a part of the key ${shown(key)} holds what separates parts`);
}

const shownMax = 200;

const shown = (key: Key): string => keyText(key).slice(0, shownMax);

/** What stands for a key where it does not fit; no resource begins so. */
export const digestMark = '!';

/** The parts as JSON, which keeps ill-formed texts apart. */
export const keyText = ({ resource, namespace, name }: Key): string => JSON.stringify([resource, namespace, name]);

export const keyDigest = (key: Key): string => digestMark + hash('sha256', keyText(key));

/** Whether each part can be read back from a table's key: well-formed, and without what separates parts. */
export function isPlainKey({ resource, namespace, name }: Key): boolean {
  return [resource, namespace, name].every((part) => part.isWellFormed() && !part.includes('/'));
}
