/** Two real nodes for one program, with its images on both. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { startCluster } from '../support/cluster-process.ts';
import { insideNode } from '../support/inside-node.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles } from '../support/real-nodes.ts';
import { programsOf, type ProgramFiles } from './program-files.ts';
import { helmModule, helmVersion } from './helm.ts';
import { programImages } from './images.ts';
import type { Program, Stand } from './program.ts';

const startMsMax = 900_000;
const helmMsMax = 600_000;

type OwnFiles = Pick<Stand, 'sourceDirectory' | 'program'>;

export interface ReadyStand {
  readonly kubectl: Kubectl;
  /** The cluster as the program sees it, or one that it needs. */
  of(program: Program): Stand;
  /** Ends the cluster and its programs. */
  close(): Promise<void>;
}

export async function startStand(program: Program, files: ProgramFiles, cache: string): Promise<ReadyStand> {
  const own = new Map<Program, OwnFiles>();
  const images = [...(await imageFiles())];
  for (const each of [...(program.needs ?? []), program]) {
    own.set(each, await ownFiles(each, files));
    images.push(...(await programImages(each, files, cache)));
  }
  const cluster = await startCluster({ nodes: 2, runtime: 'containerd', images, flags: program.flags ?? [], startMsMax });
  const { kubectl } = cluster;
  const kubeconfig = join(cluster.directory, 'kubeconfig');
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-programs-'));
  const shared: Omit<Stand, keyof OwnFiles> = {
    kubectl,
    kubeconfig,
    directory,
    async apply(manifests) {
      const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: manifests });
      if (code !== 0) throw new Error(`kubectl apply exited ${code}: ${stderr}`);
    },
    async helm(...args) {
      const helm = await files.program('helm', helmModule, helmVersion);
      const homes = ['CACHE', 'CONFIG', 'DATA'].map((home) => `HELM_${home}_HOME=${directory}`);
      return runCommand(['env', `KUBECONFIG=${kubeconfig}`, ...homes, helm, ...args], { timeoutMs: helmMsMax });
    },
    insideNode: (name) => insideNode(cluster.directory, name),
  };
  return {
    kubectl,
    of: (each) => ({ ...shared, ...known(own, each, each.name) }),
    async close() {
      rmSync(directory, { recursive: true, force: true });
      await cluster.remove();
    },
  };
}

/** Builds and fetches all that the program brings. */
async function ownFiles({ source, versions }: Program, files: ProgramFiles): Promise<OwnFiles> {
  const programs = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const version of versions) {
    directories.set(version, await files.directory(source, version));
    for (const name of programsOf(source)) programs.set(`${name}@${version}`, await files.program(name, source, version));
  }
  return {
    sourceDirectory: (version) => known(directories, version, version),
    program: (name, version) => known(programs, `${name}@${version}`, `${name} ${version}`),
  };
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K, name: string): V {
  const found = map.get(key);
  if (found === undefined) throw new Error(`the recipe does not name ${name}`);
  return found;
}
