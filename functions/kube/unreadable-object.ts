/**
 * An object whose stored bytes are damaged. Its place in the store is known, its content is not. Reading the content throws
 * this error. All other objects stay readable.
 */
import type { KubeObject } from './object.ts';
import type { Key, Stored } from './view.ts';

export class UnreadableObject extends Error {
  override name = 'UnreadableObject';
  readonly key: Key;
  readonly revision: number;

  constructor({ key, revision }: Pick<Stored, 'key' | 'revision'>, cause: Error) {
    super(cause.message, { cause });
    this.key = key;
    this.revision = revision;
  }
}

/** Why the object cannot be read; undefined where it can. */
export function damageOf(stored: Pick<Stored, 'object'>): UnreadableObject | undefined {
  try {
    void stored.object;
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableObject) return error;
    throw error;
  }
}

/** The object; undefined where there is none, and where it cannot be read. */
export const readObject = (stored: Pick<Stored, 'object'> | undefined): KubeObject | undefined =>
  stored === undefined || damageOf(stored) !== undefined ? undefined : stored.object;

/** Those that can be read. */
export const readable = <S extends Pick<Stored, 'object'>>(list: readonly S[]): readonly S[] =>
  list.some((stored) => damageOf(stored) !== undefined) ? list.filter((stored) => damageOf(stored) === undefined) : list;
