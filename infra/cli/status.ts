/** `hibernetes status`: what runs, and where. */
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { runningProcess } from '../local/process-record.ts';
import { nodeNamesOf } from '../local/stop-cluster.ts';
import { CliError } from './cli-error.ts';

export function status({ dataDir }: { dataDir: string }): void {
  const directory = dataDirectory(dataDir);
  const record = clusterRecord(directory);
  if (record === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  const controlPlane = runningProcess(directory.controlPlaneRecord);
  const lines = [
    `data directory  ${directory.root}`,
    `kubeconfig      ${directory.kubeconfig}`,
    `control plane   ${controlPlane === undefined ? 'stopped' : `running, process ${controlPlane.pid}, https://${record.host}:${record.port}`}`,
    ...(record.runtime === 'simulated' ? [`nodes           ${record.nodes}, simulated inside the control plane`] : []),
    ...nodeNamesOf(directory).map((name) => {
      const agent = runningProcess(directory.node(name).record);
      return `node            ${name}: agent ${agent === undefined ? 'stopped' : `running, process ${agent.pid}`}`;
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (controlPlane === undefined) process.exitCode = 1;
}
