/** Two hosts with their networks configured, and "pods" (namespaces that the node's own CNI configuration connects). */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeNetwork } from '../../../agent/network/node-network.ts';
import type { PodNetwork } from '../../../agent/network/pod-network.ts';
import { runCommand, runIn, type Run } from '../../../agent/network/run.ts';
import type { Node } from '../../../functions/kube/generated/types.ts';
import { podNetworkNames } from '../../../functions/kube/pod-network.ts';
import { createFabric, removeFabric } from '../../../infra/local/hosts/fabric.ts';
import type { Host } from '../../../infra/local/hosts/host.ts';
import { cniPluginDirectory } from '../../../infra/local/hosts/programs.ts';
import { ownId } from '../../support/own-id.ts';
import { virtualWorld } from '../../support/virtual-world.ts';

export const clusterCidr = '10.244.0.0/16';

export interface TestPod {
  readonly name: string;
  readonly address: string;
  readonly host: TestHost;
  readonly run: Run;
}

export interface TestHost extends Host {
  readonly node: Node;
  readonly network: PodNetwork;
}

export interface TwoHosts {
  readonly gateway: string;
  readonly hosts: readonly [TestHost, TestHost];
  /** A pod that answers on TCP and UDP port 8080 with its name and the caller's address. */
  pod(host: TestHost, name: string): Promise<TestPod>;
  /** Answers on TCP and UDP, at every address of the host. */
  serve(host: Host, as: { readonly port: number; readonly name: string }): Promise<void>;
  remove(): Promise<void>;
}

const echo = join(import.meta.dirname, 'echo.ts');

/** An answer that comes is waited for as long as a slow machine needs. */
const patienceMsDefault = 20_000;

interface Question {
  readonly protocol?: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly count?: number;
  /** For an answer that does not come. */
  readonly patienceMs?: number;
}

/** The lines that `count` questions get. */
export async function ask(from: Run, to: Question): Promise<string[]> {
  const { protocol = 'tcp', address, port, count = 1, patienceMs = patienceMsDefault } = to;
  const text = await from([process.execPath, echo, 'ask', protocol, address, String(port), String(count), String(patienceMs)]);
  return text.trimEnd().split('\n');
}

export const testNode = (name: string, podCIDR: string, address: string): Node => ({
  metadata: { name },
  spec: { podCIDR, podCIDRs: [podCIDR] },
  status: { addresses: [{ type: 'InternalIP', address }] },
});

/** The networks that this project makes. Another program makes `none`. */
export const backEnds = podNetworkNames.filter((name) => name !== 'none');

/** What leaves a node through a tunnel has the address of the tunnel's end. */
export const hasTunnels = (podNetwork: string): boolean => podNetwork !== 'host-gateway';

/** `podNetwork` as a cluster's maker writes it. */
export async function twoHosts(podNetwork = 'host-gateway'): Promise<TwoHosts> {
  const id = ownId();
  const directory = mkdtempSync(join(tmpdir(), 'two-hosts-'));
  const { log } = virtualWorld();
  const ends: (() => Promise<unknown> | void)[] = [];
  const remove = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
    await removeFabric(directory, log);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const fabric = await createFabric({ id, directory, log });
    const made = [await fabric.addHost('a'), await fabric.addHost('b')] as const;
    const nodes = made.map((host, index) => testNode(host.name, `10.244.${index + 1}.0/24`, host.address));
    const equip = async (host: Host, node: Node): Promise<TestHost> => {
      const state = join(directory, host.name);
      const network = createNodeNetwork({ run: host.run, directory: state, cniConfDir: join(state, 'cni'), clusterCidr, podNetwork, log });
      await network.configure(node, nodes);
      return { ...host, node, network };
    };
    const hosts = [await equip(made[0], nodes[0]!), await equip(made[1], nodes[1]!)] as const;
    const pod = (host: TestHost, name: string): Promise<TestPod> => startPod({ id, directory, host, name, ends });
    const serve: TwoHosts['serve'] = ({ netns }, as) => startServer(netns, as, ends);
    return { gateway: fabric.gateway, hosts, pod, serve, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface PodParts {
  readonly id: string;
  readonly directory: string;
  readonly host: TestHost;
  readonly name: string;
  readonly ends: (() => Promise<unknown> | void)[];
}

async function startPod({ id, directory, host, name, ends }: PodParts): Promise<TestPod> {
  const netns = `hib-${id}-pod-${name}`;
  await runCommand(['ip', 'netns', 'add', netns]);
  ends.push(() => runCommand(['ip', 'netns', 'delete', netns]));
  const { cniVersion, name: network, plugins } = JSON.parse(readFileSync(join(directory, host.name, 'cni/10-pods.conflist'), 'utf8'));
  const plugin = join(cniPluginDirectory() ?? '', plugins[0].type);
  const settings = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: name,
    CNI_NETNS: `/run/netns/${netns}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: cniPluginDirectory(),
  };
  const environment = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  const answer = await host.run(['env', ...environment, plugin], { input: JSON.stringify({ cniVersion, name: network, ...plugins[0] }) });
  const run = runIn(`/run/netns/${netns}`);
  await run(['ip', 'link', 'set', 'lo', 'up']);
  await startServer(`/run/netns/${netns}`, { port: 8080, name }, ends);
  return { name, address: JSON.parse(answer).ips[0].address.split('/')[0], host, run };
}

async function startServer(netns: string, { port, name }: { port: number; name: string }, ends: PodParts['ends']): Promise<void> {
  const server = spawn('nsenter', [`--net=${netns}`, '--', process.execPath, echo, 'serve', String(port), name]);
  ends.push(() => ended(server));
  await new Promise((resolve) => server.stdout.once('data', resolve));
}

const ended = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGKILL');
  });
