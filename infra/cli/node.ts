/** `hibernetes node stop|start NAME`: a node becomes unresponsive, and comes back. */
import { createLog } from '../../functions/world.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { openFabric, restartNode, stopNode } from '../local/real-nodes.ts';
import { CliError } from './cli-error.ts';
import { print, type OutputChoice } from './output.ts';

type Act = typeof stopNode;

export interface NodeChoice extends OutputChoice {
  readonly dataDir: string;
}

async function onNode(name: string, { dataDir, ...choice }: NodeChoice, act: Act): Promise<void> {
  const directory = dataDirectory(dataDir);
  const record = clusterRecord(directory);
  if (record === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  if (record.runtime !== 'containerd')
    throw new CliError('Simulated nodes have no containerd to stop.', 'hibernetes up --runtime containerd makes real ones.');
  const fabric = await openFabric(directory, record.id, createLog('warn'));
  if (!(await act(directory, fabric, name))) {
    throw new CliError(
      `There is no node ${name}.`,
      `There are ${fabric
        .hosts()
        .map((host) => host.name)
        .join(', ')}.`,
    );
  }
  print(choice, { node: name, runs: act !== stopNode }, () => '');
}

export const stopOneNode = (name: string, choice: NodeChoice): Promise<void> => onNode(name, choice, stopNode);
export const startOneNode = (name: string, choice: NodeChoice): Promise<void> => onNode(name, choice, restartNode);
