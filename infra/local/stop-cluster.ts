/** Ends a cluster's processes and removes what it made outside its data directory. Works after any crash, and twice. */
import { readdirSync } from 'node:fs';
import { createLog } from '../../functions/world.ts';
import { isMissing, type DataDirectory } from './data-directory.ts';
import { removeFabric } from './hosts/fabric.ts';
import { unmountBelow } from './hosts/mounts.ts';
import { endProcess } from './process-record.ts';

/** The control plane removes its nodes itself when it is asked to end; that may take this long. */
const controlPlaneGraceMs = 60_000;
const agentGraceMs = 5_000;

export function nodeNamesOf(directory: DataDirectory): readonly string[] {
  try {
    return readdirSync(`${directory.root}/nodes`).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Ends the agents first, so that none of them repairs what is being removed; then the hosts, and the volumes in memory last. */
export async function removeNodes(directory: DataDirectory): Promise<void> {
  await Promise.all(nodeNamesOf(directory).map((name) => endProcess(directory.node(name).record, agentGraceMs)));
  await removeFabric(directory.hosts, createLog('warn'));
  await unmountBelow(directory.root);
}

export async function stopCluster(directory: DataDirectory): Promise<void> {
  await endProcess(directory.controlPlaneRecord, controlPlaneGraceMs);
  await removeNodes(directory);
}
