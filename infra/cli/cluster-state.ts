/** How one of several clusters is, in lines for `hibernetes status`. Also of one whose API does not answer. */
import type { ClusterIdentity } from '../../functions/cloud/clusters.ts';
import { askHealth } from './ask-health.ts';
import { CliError } from './cli-error.ts';
import { healthLines } from './cluster-health.ts';
import type { ClusterHome } from './cluster-home.ts';

export interface Said {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

export async function clusterState(home: ClusterHome, cluster: ClusterIdentity): Promise<Said> {
  const head = `cluster         ${cluster.name}, ${home.serverOf(cluster.name)}`;
  try {
    const health = await home.withApi(cluster, askHealth);
    return { isWell: health.api === 'healthy' && health.nodes.every(({ isReady }) => isReady), lines: [head, ...healthLines(health)] };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { isWell: false, lines: [head, `API             ${error.message}`] };
  }
}
