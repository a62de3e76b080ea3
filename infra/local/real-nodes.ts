/**
 * Nodes with real containers: each a host of its own on the fabric, with its containerd and its agent. Both outlive the
 * control plane; starting what already runs finds it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { nodeCommand } from '../../agent/upgrade/program-files.ts';
import { runCommand } from '../../agent/network/run.ts';
import type { NodeNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Log } from '../../functions/world.ts';
import type { DataDirectory } from './data-directory.ts';
import { writePrivately } from './data-directory.ts';
import { startContainerd, stopContainerd } from './hosts/containerd.ts';
import { sharedDisk } from './hosts/shared-disk.ts';
import { createFabric, type Fabric } from './hosts/fabric.ts';
import type { Host } from './hosts/host.ts';
import { endProcess, type ProcessRecord, recordProcess, runningProcess } from './process-record.ts';

export interface NodeOptions {
  readonly directory: DataDirectory;
  readonly fabric: Fabric;
  readonly name: string;
  /** `https://host:port`, as the node reaches it. */
  readonly server: string;
  readonly caFile: string;
  readonly token: string;
  readonly networks: NodeNetworks;
  /** Archives to import. */
  readonly images: readonly string[];
}

const agentProgram = join(import.meta.dirname, `../../agent/main${extname(import.meta.filename)}`);
/** An archive may hold a dozen images, and the machine may be busy. */
const importTimeoutMs = 600_000;
/** An agent leaves its containers running and has nothing else to finish. */
const agentGraceMs = 5_000;

export const openFabric = (directory: DataDirectory, id: string, log: Log): Promise<Fabric> =>
  createFabric({ id, directory: directory.hosts, log });

async function importImages(socket: string, images: readonly string[]): Promise<void> {
  for (const file of images) {
    await runCommand(['ctr', '--address', socket, '--namespace', 'k8s.io', 'images', 'import', file], { timeoutMs: importTimeoutMs });
  }
}

function startAgent(host: Host, configFile: string, logFile: string): number {
  const log = openSync(logFile, 'a');
  const child = spawn('nsenter', [`--net=${host.netns}`, '--', ...nodeCommand(process.execPath), agentProgram, configFile], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  child.unref();
  if (child.pid === undefined) throw new Error(`the agent of ${host.name} could not be started`);
  return child.pid;
}

interface AgentRecord extends ProcessRecord {
  readonly program: string;
}

const recordAgent = (file: string, pid: number): ProcessRecord => recordProcess(file, pid, { program: agentProgram });

export async function startNode(options: NodeOptions): Promise<void> {
  const { directory, fabric, name } = options;
  const files = directory.node(name);
  mkdirSync(files.root, { recursive: true });
  const host = await fabric.addHost(name);
  const { socket, cniConfDirectory } = await startContainerd(host, join(files.root, 'containerd'));
  await importImages(socket, options.images);
  const running = runningProcess<AgentRecord>(files.record);
  if (running?.program === agentProgram) return;
  // An agent of another version of this program ends: its containers run on, and the next agent adopts them.
  if (running !== undefined) await endProcess(files.record, agentGraceMs);
  const config: AgentConfig = {
    nodeName: name,
    server: options.server,
    caFile: options.caFile,
    tokenFile: files.token,
    runtime: 'containerd',
    containerdSocket: socket,
    rootDirectory: join(files.root, 'agent'),
    staticPodPath: join(files.root, 'manifests'),
    nodeIp: host.address,
    ...options.networks,
    cniDirectory: cniConfDirectory,
    cgroupRoot: host.cgroupParent,
    ...sharedDisk,
  };
  writePrivately(files.token, options.token);
  writePrivately(files.config, `${JSON.stringify(config, undefined, 2)}\n`);
  recordAgent(files.record, startAgent(host, files.config, files.log));
}

function hostNamed(fabric: Fabric, name: string): Host | undefined {
  return fabric.hosts().find((host) => host.name === name);
}

/** Ends the node's agent and containerd, as a power cut would; its containers are left to themselves. False: no such node. */
export async function stopNode(directory: DataDirectory, fabric: Fabric, name: string): Promise<boolean> {
  const host = hostNamed(fabric, name);
  if (host === undefined) return false;
  await endProcess(directory.node(name).record, agentGraceMs);
  await stopContainerd(host);
  return true;
}

/** Starts them again with the configuration that is there. False: no such node. */
export async function restartNode(directory: DataDirectory, fabric: Fabric, name: string): Promise<boolean> {
  const host = hostNamed(fabric, name);
  if (host === undefined) return false;
  const files = directory.node(name);
  await startContainerd(host, join(files.root, 'containerd'));
  if (runningProcess(files.record) === undefined) recordAgent(files.record, startAgent(host, files.config, files.log));
  return true;
}
