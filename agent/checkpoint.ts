/**
 * The last desired state on disk, so that a node that restarts without its apiserver keeps its pods running. Written
 * beside and renamed over: a torn write leaves the older one.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KubeObject } from '../functions/kube/object.ts';

export interface Checkpoint {
  readonly objects: readonly KubeObject[];
}

export interface CheckpointFile {
  /** Undefined: there is none, or it cannot be read as one. */
  load(): Promise<Checkpoint | undefined>;
  save(checkpoint: Checkpoint): Promise<void>;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function parse(text: string): Checkpoint | undefined {
  const value: unknown = JSON.parse(text);
  const isOne = typeof value === 'object' && value !== null && 'objects' in value && Array.isArray(value.objects);
  return isOne ? { objects: value.objects as KubeObject[] } : undefined;
}

export function checkpointFile(path: string): CheckpointFile {
  return {
    async load() {
      try {
        return parse(await readFile(path, 'utf8'));
      } catch (error) {
        if (isMissing(error) || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    async save(checkpoint) {
      await mkdir(dirname(path), { recursive: true });
      // It holds Secrets.
      await writeFile(`${path}.new`, JSON.stringify(checkpoint), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}
