/** How one of several clusters is, in lines for `hibernetes status`. Also of one whose API does not answer. */
import type { ClusterIdentity } from '../../functions/cloud/clusters.ts';
import { askHealth } from './ask-health.ts';
import { CliError } from './cli-error.ts';
import { healthLines, type ClusterHealth } from './cluster-health.ts';
import type { ClusterHome } from './cluster-home.ts';

export interface StateLines {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

export interface ClusterState extends StateLines {
  readonly name: string;
  readonly server: string;
  /** Left out where its API does not answer. */
  readonly health?: ClusterHealth;
}

export async function clusterState(home: ClusterHome, cluster: ClusterIdentity): Promise<ClusterState> {
  const { name } = cluster;
  const server = home.serverOf(name);
  const head = `cluster         ${name}, ${server}`;
  try {
    const health = await home.withApi(cluster, askHealth);
    const isWell = health.api === 'healthy' && health.nodes.every(({ isReady }) => isReady);
    return { name, server, isWell, health, lines: [head, ...healthLines(health)] };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { name, server, isWell: false, lines: [head, `API             ${error.message}`] };
  }
}
