/**
 * The cluster keys of a data directory: a file for its owner's eyes, the newest key first. A running control plane reads
 * it again when it has changed, so that `hibernetes keys rotate` needs no restart.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterKey, clusterKeyOf, type KeyRing, newClusterKey } from '../../functions/store/seal.ts';
import { readIfThere, writePrivately } from './data-directory.ts';

const fileIn = (pkiDirectory: string): string => join(pkiDirectory, 'cluster-keys.json');

interface KeyFile {
  /** Base64 of each. */
  readonly keys: readonly string[];
}

function parsed(text: string, file: string): readonly ClusterKey[] {
  if (text === '') return [];
  const { keys } = JSON.parse(text) as KeyFile;
  if (keys.length === 0) throw new Error(`${file} holds no key`);
  return keys.map((key) => clusterKeyOf(Buffer.from(key, 'base64')));
}

function write(file: string, keys: readonly ClusterKey[]): void {
  const content: KeyFile = { keys: keys.map(({ bytes }) => Buffer.from(bytes).toString('base64')) };
  writePrivately(file, `${JSON.stringify(content)}\n`);
}

/** The first key is made when something is to be sealed. */
export function fileKeyRing(pkiDirectory: string): KeyRing {
  const file = fileIn(pkiDirectory);
  let keys: readonly ClusterKey[] = [];
  let changedMs: number | undefined;
  const newest = (): readonly ClusterKey[] => {
    const nowMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (nowMs !== changedMs) keys = parsed(readIfThere(file) ?? '', file);
    changedMs = nowMs;
    return keys;
  };
  const made = (): ClusterKey => {
    const first = newClusterKey();
    write(file, [first]);
    return first;
  };
  return {
    current: () => newest()[0] ?? made(),
    find: (id) => keys.find((key) => key.id === id) ?? newest().find((key) => key.id === id),
  };
}

/** From now on, what is written is sealed with a new key; what was sealed before still opens. Answers with all keys' ids. */
export function rotateKeys(pkiDirectory: string): readonly string[] {
  const file = fileIn(pkiDirectory);
  const keys = [newClusterKey(), ...parsed(readIfThere(file) ?? '', file)];
  write(file, keys);
  return keys.map(({ id }) => id);
}
