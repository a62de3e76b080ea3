/** The cluster that is judged: two real nodes in a directory of their own, or one that is there already. */
import { cpSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { readRecord } from '../../infra/local/hosts/record.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { serveImages, type Registry } from './registry.ts';

export interface JudgedCluster {
  readonly kubeconfig: string;
  /** Ends what was made, and keeps its logs. A cluster that was there before stays. */
  remove(): Promise<void>;
}

export interface JudgedClusterOptions {
  readonly kubeconfig: string | undefined;
  /** The archive that both nodes import. */
  readonly images: string | undefined;
  readonly reports: string;
  readonly note: (text: string) => void;
}

/** Both nodes import half a gigabyte of images. */
const startMsMax = 900_000;

const mirrored = 'registry.k8s.io';

/** The nodes pull the suite's images from this machine. containerd reads its `hosts.toml` at each pull. */
async function mirrorImages(images: string, directory: string): Promise<Registry> {
  const { hosts, node } = dataDirectory(directory);
  const fabric = readRecord(hosts);
  if (fabric === undefined) throw new Error(`no fabric is recorded in ${hosts}`);
  const registry = await serveImages(images, fabric.gateway);
  for (const { name } of fabric.hosts) {
    const folder = join(node(name).root, 'containerd/certs.d', mirrored);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'hosts.toml'), `[host."http://${fabric.gateway}:${registry.port}"]\n  capabilities = ["pull", "resolve"]\n`);
  }
  return registry;
}

async function mirrorOf(images: string, cluster: TestCluster): Promise<Registry> {
  try {
    return await mirrorImages(images, cluster.directory);
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

export async function judgedCluster({ kubeconfig, images, reports, note }: JudgedClusterOptions): Promise<JudgedCluster> {
  if (kubeconfig !== undefined) return { kubeconfig: resolve(kubeconfig), remove: () => Promise.resolve() };
  const able = await canRunContainers();
  if (!able.ok) throw new Error(`two real nodes cannot run here: ${able.why}; ${able.cure}`);
  note('Starting two nodes');
  const cluster = await startCluster({ nodes: 2, runtime: 'containerd', images: images === undefined ? [] : [images], startMsMax });
  const registry = images === undefined ? undefined : await mirrorOf(images, cluster);
  return {
    kubeconfig: join(cluster.directory, 'kubeconfig'),
    async remove() {
      registry?.close();
      for (const file of globSync(['*.log', 'nodes/*/agent.log'], { cwd: cluster.directory })) {
        mkdirSync(join(reports, 'cluster', dirname(file)), { recursive: true });
        cpSync(join(cluster.directory, file), join(reports, 'cluster', file));
      }
      note('Removing the nodes');
      await cluster.remove();
    },
  };
}
