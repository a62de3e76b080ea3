/** Where a cluster on this machine keeps what must outlive its process. Losing the directory loses the cluster. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface DataDirectory {
  readonly root: string;
  readonly store: string;
  /** The past: what the store has forgotten. */
  readonly archive: string;
  readonly pki: string;
  /** The programs that a machine fetches when it joins. */
  readonly programs: string;
  readonly kubeconfig: string;
  /** What `up` made besides files: processes, namespaces; so that `down` finds it even after a crash. */
  readonly hosts: string;
  /** What pods keep on claims of the default class. */
  readonly volumes: string;
  readonly controlPlaneRecord: string;
  readonly controlPlaneLog: string;
  node(name: string): NodeDirectory;
}

export interface NodeDirectory {
  readonly root: string;
  readonly config: string;
  readonly token: string;
  readonly log: string;
  readonly record: string;
}

export function dataDirectory(root: string): DataDirectory {
  return {
    root,
    store: join(root, 'store'),
    archive: join(root, 'archive'),
    pki: join(root, 'pki'),
    programs: join(root, 'programs'),
    kubeconfig: join(root, 'kubeconfig'),
    hosts: join(root, 'hosts'),
    volumes: join(root, 'volumes'),
    controlPlaneRecord: join(root, 'control-plane.json'),
    controlPlaneLog: join(root, 'control-plane.log'),
    node: (name) => {
      const directory = join(root, 'nodes', name);
      return {
        root: directory,
        config: join(directory, 'agent.json'),
        token: join(directory, 'token'),
        log: join(directory, 'agent.log'),
        record: join(directory, 'agent.pid.json'),
      };
    },
  };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The file's text, or undefined when there is none. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whole or not at all, and only for its owner's eyes: most of what is kept here is secret. */
export function writePrivately(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.draft`;
  // On the disk before it has its name: after a power cut the file is the old one or the new one, never an empty one.
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, file);
}
