/** One host with containerd and an agent, whose apiserver is a test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { startContainerd, type RunningContainerd } from '../../infra/local/hosts/containerd.ts';
import { createFabric, removeFabric } from '../../infra/local/hosts/fabric.ts';
import type { Host } from '../../infra/local/hosts/host.ts';
import { sharedDisk } from '../../infra/local/hosts/shared-disk.ts';
import { buildImages, importImages } from '../../infra/images/build.ts';
import { ownId } from './own-id.ts';
import { scriptedApiserver, type ScriptedApiserver } from './scripted-apiserver.ts';
import { unmountBelow } from './unmount-below.ts';
import { virtualWorld } from './virtual-world.ts';

export interface AgentNode {
  readonly api: ScriptedApiserver;
  readonly host: Host;
  readonly containerd: RunningContainerd;
  readonly rootDirectory: string;
  readonly logFile: string;
  /** Undefined while none runs. */
  agentPid(): number | undefined;
  /** Lines of containerd's own command line, about what belongs to Kubernetes. */
  ctr(...words: string[]): Promise<string[]>;
  startAgent(): void;
  /** Kills the agent, by default with SIGKILL. */
  stopAgent(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const nodeName = 'node-a';

export interface AgentNodeOptions {
  /** Which socket the agent takes for the runtime's. */
  readonly socketFor?: (socket: string) => Promise<string>;
  /** Starts an agent; its configuration's file is the last word. */
  readonly command?: () => readonly string[];
}

const program = join(import.meta.dirname, '../../agent/main.ts');

export async function agentNode(podCidr: string, options: AgentNodeOptions = {}): Promise<AgentNode> {
  const { socketFor = async (socket) => socket, command = () => [process.execPath, program] } = options;
  const id = ownId();
  const { log } = virtualWorld();
  const directory = mkdtempSync(join(tmpdir(), `${id}-`));
  const fabric = await createFabric({ id, directory, log });
  const host = await fabric.addHost(nodeName);
  const containerd = await startContainerd(host, join(directory, 'containerd'));
  await importImages(containerd.socket, await buildImages());
  const api = await scriptedApiserver({ address: fabric.gateway, nodeName, podCidr });
  const rootDirectory = join(directory, 'agent');
  const config: AgentConfig = {
    nodeName,
    server: api.url,
    tokenFile: join(directory, 'token'),
    runtime: 'containerd',
    containerdSocket: await socketFor(containerd.socket),
    rootDirectory,
    nodeIp: host.address,
    clusterDns: '169.254.20.10',
    clusterDomain: 'cluster.local',
    clusterCidr: '10.244.0.0/16',
    cniDirectory: containerd.cniConfDirectory,
    cgroupRoot: host.cgroupParent,
    ...sharedDisk,
  };
  writeFileSync(config.tokenFile, 'secret');
  const configFile = join(directory, 'agent.json');
  writeFileSync(configFile, JSON.stringify(config));
  const logFile = join(directory, 'agent.log');
  let agent: ChildProcess | undefined;
  const stopAgent = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (agent === undefined || agent.exitCode !== null) return;
    const ended = once(agent, 'exit');
    agent.kill(signal);
    await ended;
    agent = undefined;
  };
  return {
    api,
    host,
    containerd,
    rootDirectory,
    logFile,
    agentPid: () => agent?.pid,
    async ctr(...words) {
      const text = await host.run(['ctr', '--address', containerd.socket, '--namespace', 'k8s.io', ...words]);
      return text.split('\n').filter((line) => line !== '');
    },
    startAgent() {
      const output = openSync(logFile, 'a');
      agent = spawn('nsenter', [`--net=${host.netns}`, '--', ...command(), configFile], { stdio: ['ignore', output, output] });
    },
    stopAgent,
    async close() {
      await stopAgent();
      await api.close();
      await removeFabric(directory, log);
      await unmountBelow(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
