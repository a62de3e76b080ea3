/** The manifests of a directory (or one file) as pods. What cannot be read is logged once and left out. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { parseYaml } from '../../functions/kube/yaml-document.ts';
import type { Log } from '../../functions/world.ts';
import { errorCode, orUndefined } from '../files/error-code.ts';
import { fullName, staticPod } from './static-pod.ts';

export interface Manifests {
  read(): Promise<readonly Pod[]>;
}

/** Source: pkg/kubelet/config/common.go (maxConfigLength) */
const fileBytesMax = 10 << 20;

interface ReadFile {
  /** Differs when the file does. */
  readonly version: string;
  readonly pod: Pod | undefined;
}

export interface ManifestsOptions {
  readonly path: string;
  readonly nodeName: string;
  readonly log: Log;
}

export function createManifests({ path, nodeName, log }: ManifestsOptions): Manifests {
  let files: ReadonlyMap<string, ReadFile> = new Map();

  const podOf = async (file: string, size: number): Promise<Pod | undefined> => {
    try {
      if (size > fileBytesMax) throw new Error(`it has ${size} bytes, and ${fileBytesMax} are read at most`);
      return staticPod((await parseYaml(await readFile(file, 'utf8'))).value, { nodeName, path: file });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log.warn('a manifest makes no pod', { file, error: error.message });
      return undefined;
    }
  };

  return {
    async read() {
      const read = new Map<string, ReadFile>();
      for (const file of await filesAt(path)) {
        const found = await orUndefined(stat(file));
        if (found?.isFile() !== true) continue;
        const version = [found.ino, found.size, found.mtimeMs, found.ctimeMs].join();
        const before = files.get(file);
        read.set(file, before?.version === version ? before : { version, pod: await podOf(file, found.size) });
      }
      files = read;
      const pods = [...read.values()].flatMap(({ pod }) => (pod === undefined ? [] : [pod]));
      // The last file's pod counts when two have one name.
      return [...new Map(pods.map((pod) => [fullName(pod), pod])).values()];
    },
  };
}

/** In the order of their names; hidden ones are an administrator's drafts. */
async function filesAt(path: string): Promise<readonly string[]> {
  try {
    const names = await readdir(path);
    return names
      .filter((name) => !name.startsWith('.'))
      .toSorted()
      .map((name) => join(path, name));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    if (errorCode(error) === 'ENOTDIR') return [path];
    throw error;
  }
}
