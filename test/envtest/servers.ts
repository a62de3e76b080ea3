/**
 * The two clusters that the tests use, each made for one package: as envtest makes its own, without nodes, without
 * controllers, and pods need no service account.
 */
import { join } from 'node:path';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Programs } from '../compare/servers/programs.ts';
import { startUpstream } from '../compare/servers/upstream.ts';
import { startCluster } from '../support/cluster-process.ts';

export interface TestedServer {
  /** The file of the administrator's. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

const disabledPlugins = ['ServiceAccount'];

export async function startUpstreamServer(programs: Programs): Promise<TestedServer> {
  return startUpstream(programs, { serviceCidr: defaultNetworks.serviceCidr, disabledPlugins });
}

export async function startOurServer(): Promise<TestedServer> {
  const without = ['--without', 'kube-controller-manager,kube-scheduler'];
  const flags = [...without, '--disable-admission-plugins', disabledPlugins.join(',')];
  const cluster = await startCluster({ nodes: 0, runtime: 'simulated', flags });
  return { kubeconfig: join(cluster.directory, 'kubeconfig'), stop: () => cluster.remove() };
}
