/** `hibernetes status`: what runs here, and the health of the cluster by its API. Exits with 1 when either is not well. */
import { clusterRecord, type ClusterRecord } from '../local/cluster-record.ts';
import { dataDirectory, type DataDirectory } from '../local/data-directory.ts';
import { runningProcess } from '../local/process-record.ts';
import { nodeNamesOf } from '../local/stop-cluster.ts';
import { type ClusterChoice, withApi } from './api-client.ts';
import { askHealth } from './ask-health.ts';
import { CliError } from './cli-error.ts';
import { type ClusterHealth, healthLines } from './cluster-health.ts';
import { clusterState, type StateLines } from './cluster-state.ts';
import { listedClusters } from './cluster.ts';
import { print, type OutputChoice } from './output.ts';
import { localHome } from './local-home.ts';

interface Processes {
  readonly dataDirectory: string;
  readonly kubeconfig: string;
  readonly server: string;
  /** The control plane's process; left out: it does not run. */
  readonly controlPlanePid?: number | undefined;
  readonly simulatedNodes: number;
  readonly agents: readonly { readonly name: string; readonly pid?: number | undefined }[];
}

const processesOf = (directory: DataDirectory, record: ClusterRecord): Processes => ({
  dataDirectory: directory.root,
  kubeconfig: directory.kubeconfig,
  server: `https://${record.host.includes(':') ? `[${record.host}]` : record.host}:${record.port}`,
  controlPlanePid: runningProcess(directory.controlPlaneRecord)?.pid,
  simulatedNodes: record.runtime === 'simulated' ? record.nodes : 0,
  agents: nodeNamesOf(directory).map((name) => ({ name, pid: runningProcess(directory.node(name).record)?.pid })),
});

function processLines({ dataDirectory: root, kubeconfig, server, controlPlanePid, simulatedNodes, agents }: Processes): string[] {
  return [
    `data directory  ${root}`,
    `kubeconfig      ${kubeconfig}`,
    `control plane   ${controlPlanePid === undefined ? 'stopped (hibernetes up resumes it)' : `running, process ${controlPlanePid}, ${server}`}`,
    ...(simulatedNodes === 0 ? [] : [`agents          ${simulatedNodes}, simulated inside the control plane`]),
    ...agents.map(({ name, pid }) => {
      const state = pid === undefined ? `stopped (hibernetes node start ${name})` : `running, process ${pid}`;
      return `agent           ${name}: ${state}`;
    }),
  ];
}

interface Status {
  /** Left out where the cluster is elsewhere. */
  readonly here?: Processes | undefined;
  /** The cluster's health; left out where nothing runs. */
  readonly health?: ClusterHealth;
  readonly others?: readonly StateLines[];
}

const statusLines = ({ here, health, others = [] }: Status): string =>
  [
    ...(here === undefined ? [] : processLines(here)),
    ...(health === undefined ? [] : healthLines(health)),
    ...others.flatMap(({ lines }) => lines),
  ]
    .map((line) => `${line}\n`)
    .join('');

const isWell = ({ health, others = [] }: Status): boolean =>
  health?.api === 'healthy' && health.nodes.every(({ isReady }) => isReady) && others.every((other) => other.isWell);

async function statusOf(choice: ClusterChoice): Promise<Status> {
  // With a kubeconfig the cluster is elsewhere, and no process of it is here.
  if (choice.kubeconfig !== undefined) return { health: await withApi(choice, askHealth) };
  const directory = dataDirectory(choice.dataDir);
  const record = clusterRecord(directory);
  if (record === undefined) throw new CliError(`There is no cluster in ${choice.dataDir}.`, 'hibernetes up makes one.');
  const here = processesOf(directory, record);
  if (here.controlPlanePid === undefined) return { here };
  return { here, health: await withApi(choice, askHealth), others: await otherStates(choice) };
}

export async function status(options: ClusterChoice & OutputChoice): Promise<void> {
  const found = await statusOf(options);
  print(options, found, statusLines);
  if (!isWell(found)) process.exitCode = 1;
}

/** The states of clusters that share the cloud of this one. */
async function otherStates({ dataDir }: ClusterChoice): Promise<readonly StateLines[]> {
  const home = localHome(dataDir);
  if (home === undefined) return [];
  const [, ...others] = await listedClusters(home);
  return Promise.all(others.map((cluster) => clusterState(home, cluster)));
}
