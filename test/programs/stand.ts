/** Two real nodes for one program, with its images on both. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { startCluster } from '../support/cluster-process.ts';
import { insideNode } from '../support/inside-node.ts';
import { imageFiles } from '../support/real-nodes.ts';
import { programsOf, type ProgramFiles } from './program-files.ts';
import { helmModule, helmVersion } from './helm.ts';
import { programImages } from './images.ts';
import type { Program, Stand } from './program.ts';

const startMsMax = 900_000;
const helmMsMax = 600_000;

export interface ReadyStand extends Stand {
  /** Ends the cluster. */
  close(): Promise<void>;
}

export async function startStand(program: Program, files: ProgramFiles, cache: string): Promise<ReadyStand> {
  const { source, versions } = program;
  const programs = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const version of versions) {
    directories.set(version, await files.directory(source, version));
    for (const name of programsOf(source)) programs.set(`${name}@${version}`, await files.program(name, source, version));
  }
  const images = [...(await imageFiles()), ...(await programImages(program, files, cache))];
  const cluster = await startCluster({ nodes: 2, runtime: 'containerd', images, flags: program.flags ?? [], startMsMax });
  const { kubectl } = cluster;
  const kubeconfig = join(cluster.directory, 'kubeconfig');
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-programs-'));
  return {
    kubectl,
    kubeconfig,
    directory,
    sourceDirectory: (version) => known(directories, version),
    program: (name, version) => known(programs, `${name}@${version}`),
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
    async close() {
      rmSync(directory, { recursive: true, force: true });
      await cluster.remove();
    },
  };
}

function known(map: ReadonlyMap<string, string>, key: string): string {
  const found = map.get(key);
  if (found === undefined) throw new Error(`the recipe does not name ${key}`);
  return found;
}
