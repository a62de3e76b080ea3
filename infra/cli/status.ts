/** `hibernetes status`: what runs here, and what the API says of the cluster. Exits with 1 when either is not well. */
import { clusterRecord, type ClusterRecord } from '../local/cluster-record.ts';
import { dataDirectory, type DataDirectory } from '../local/data-directory.ts';
import { runningProcess } from '../local/process-record.ts';
import { nodeNamesOf } from '../local/stop-cluster.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import { askHealth } from './ask-health.ts';
import { CliError } from './cli-error.ts';
import { healthLines } from './cluster-health.ts';
import { clusterState, type Said } from './cluster-state.ts';
import { listedClusters } from './cluster.ts';
import { localHome } from './local-home.ts';

function processLines(directory: DataDirectory, record: ClusterRecord): string[] {
  const controlPlane = runningProcess(directory.controlPlaneRecord);
  const address = `https://${record.host.includes(':') ? `[${record.host}]` : record.host}:${record.port}`;
  return [
    `data directory  ${directory.root}`,
    `kubeconfig      ${directory.kubeconfig}`,
    `control plane   ${controlPlane === undefined ? 'stopped (hibernetes up resumes it)' : `running, process ${controlPlane.pid}, ${address}`}`,
    ...(record.runtime === 'simulated' ? [`agents          ${record.nodes}, simulated inside the control plane`] : []),
    ...nodeNamesOf(directory).map((name) => {
      const agent = runningProcess(directory.node(name).record);
      return `agent           ${name}: ${agent === undefined ? `stopped (hibernetes node start ${name})` : `running, process ${agent.pid}`}`;
    }),
  ];
}

export async function status(choice: ClusterChoice): Promise<void> {
  const directory = dataDirectory(choice.dataDir);
  const record = clusterRecord(directory);
  // With a kubeconfig the cluster is elsewhere, and there are no processes here to tell of.
  const isElsewhere = choice.kubeconfig !== undefined;
  if (!isElsewhere && record === undefined) throw new CliError(`There is no cluster in ${choice.dataDir}.`, 'hibernetes up makes one.');
  const isStopped = !isElsewhere && runningProcess(directory.controlPlaneRecord) === undefined;
  if (!isElsewhere && record !== undefined) process.stdout.write(`${processLines(directory, record).join('\n')}\n`);
  if (isStopped) {
    process.exitCode = 1;
    return;
  }
  const health = await withApi(choice, askHealth);
  process.stdout.write(`${healthLines(health).join('\n')}\n`);
  const others = isElsewhere ? [] : await otherStates(choice);
  process.stdout.write(others.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join(''));
  const isWell = health.api === 'healthy' && health.nodes.every(({ isReady }) => isReady);
  if (!isWell || others.some((other) => !other.isWell)) process.exitCode = 1;
}

/** Of clusters that share its cloud. */
async function otherStates({ dataDir }: ClusterChoice): Promise<readonly Said[]> {
  const home = localHome(dataDir);
  if (home === undefined) return [];
  const [, ...others] = await listedClusters(home);
  return Promise.all(others.map((cluster) => clusterState(home, cluster)));
}
