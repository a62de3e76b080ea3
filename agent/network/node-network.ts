/**
 * The network of one node: how its pods are connected, how they reach the pods of other nodes and the world, and the
 * address at which they find their name server. Everything may be repeated; what is right is left alone.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '../../functions/kube/generated/types.ts';
import type { Log } from '../../functions/world.ts';
import { conflist } from './conflist.ts';
import { masqueradeTable } from './masquerade.ts';
import {
  internalIP,
  podCIDR,
  presentRoutes,
  routeCommands,
  routeProtocol,
  wantedRoutes,
  type ListedRoute,
  type RefusedRoute,
} from './routes.ts';
import { CommandFailed, type Run } from './run.ts';

export interface NodeNetworkOptions {
  /** Runs programs in the node's network. */
  readonly run: Run;
  /** The network's own state: which addresses pods have. */
  readonly directory: string;
  /** Where the runtime looks for CNI configurations. */
  readonly cniConfDir: string;
  /** The range of all pods of all nodes. */
  readonly clusterCidr: string;
  /** The same address on every node; '' for none. */
  readonly dnsAddress?: string;
  readonly log: Log;
}

export interface NodeNetwork {
  /** Makes the node's network what these nodes ask for. Call it again whenever one of them changes. */
  configure(self: Node, nodes: readonly Node[]): Promise<void>;
  /** Whether pods can be connected: not before the node has a range for them. */
  ready(): boolean;
}

/** Link-local: never routed, so every node can have it. */
const dnsAddressDefault = '169.254.20.10';

const mtuDefault = 1500;
export const conflistName = '10-pods.conflist';
export const dnsLink = 'nodelocaldns';

export function createNodeNetwork(options: NodeNetworkOptions): NodeNetwork {
  const { run, directory, cniConfDir, clusterCidr, dnsAddress = dnsAddressDefault, log } = options;
  let prepared = false;
  let masqueraded = '';
  let isReady = false;
  let warned: ReadonlySet<string> = new Set();

  const prepare = async (): Promise<void> => {
    if (prepared) return;
    await run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    // Without it, an answer from a pod behind the same bridge would not pass back through address translation.
    await filterBridges(run);
    if (dnsAddress !== '') await addDnsLink(run, dnsAddress);
    prepared = true;
  };

  const connectPods = async (range: string, address: string | undefined): Promise<void> => {
    if (masqueraded !== range) await run(['nft', '-f', '-'], { input: masqueradeTable(range, clusterCidr) });
    masqueraded = range;
    const mtu = (await linkOf(run, address)).mtu ?? mtuDefault;
    const wrote = writeWhenDifferent(cniConfDir, conflist({ podCIDR: range, ipamDirectory: join(directory, 'ipam'), mtu }));
    if (wrote) log.info('Pods get addresses', { podCIDR: range, mtu });
    isReady = true;
  };

  /** Once for each node and reason. */
  const warnOf = (refused: readonly RefusedRoute[]): void => {
    const now = new Set(refused.map(({ node, why }) => `${node}: ${why}`));
    for (const text of now) if (!warned.has(text)) log.warn('No pods of this node are reached', { node: text });
    warned = now;
  };

  const route = async (self: Node, nodes: readonly Node[]): Promise<void> => {
    const nodeNetwork = networkOf(await linkOf(run, internalIP(self)), internalIP(self));
    const { routes, refused } = wantedRoutes(self, nodes, { clusterCidr, nodeNetwork });
    warnOf(refused);
    const listed: readonly ListedRoute[] = JSON.parse((await run(['ip', '-j', '-4', 'route', 'show', 'proto', routeProtocol])) || '[]');
    for (const command of routeCommands(routes, presentRoutes(listed))) {
      try {
        await run(['ip', '-4', ...command]);
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        // One node that is out of reach must not cost the others their routes; the next call tries again.
        log.warn('A route to another node’s pods could not be set', { command: command.join(' '), error });
      }
    }
  };

  return {
    async configure(self, nodes) {
      await prepare();
      const range = podCIDR(self);
      if (range !== undefined) await connectPods(range, internalIP(self));
      await route(self, nodes);
    },
    ready: () => isReady,
  };
}

const filterBridgedPackets = ['sysctl', '-q', '-w', 'net.bridge.bridge-nf-call-iptables=1'];

/** The setting exists once its module is loaded, and after a start of the machine no other program loads it. */
async function filterBridges(run: Run): Promise<void> {
  try {
    await run(filterBridgedPackets);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    await run(['modprobe', 'br_netfilter']);
    await run(filterBridgedPackets);
  }
}

/** A bridge without ports is the one kind of link that every kernel can make and that is always up. */
async function addDnsLink(run: Run, address: string): Promise<void> {
  const links: readonly { readonly ifname: string }[] = JSON.parse(await run(['ip', '-j', 'link', 'show', 'type', 'bridge']));
  if (!links.some(({ ifname }) => ifname === dnsLink)) await run(['ip', 'link', 'add', dnsLink, 'type', 'bridge']);
  await run(['ip', 'addr', 'replace', `${address}/32`, 'dev', dnsLink]);
  await run(['ip', 'link', 'set', dnsLink, 'up']);
}

interface ListedLink {
  readonly mtu?: number;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** The link that has an address: pods' packets must fit through it, and it leads to the other nodes. */
async function linkOf(run: Run, address: string | undefined): Promise<ListedLink> {
  const links: readonly ListedLink[] = JSON.parse(await run(['ip', '-j', '-4', 'addr', 'show']));
  return links.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === address)) ?? {};
}

function networkOf({ addr_info = [] }: ListedLink, address: string | undefined): string | undefined {
  const prefix = addr_info.find(({ local }) => local === address)?.prefixlen;
  return address === undefined || prefix === undefined ? undefined : `${address}/${prefix}`;
}

/** Renamed into place: the runtime reads the directory whenever something changes there. */
function writeWhenDifferent(directory: string, text: string): boolean {
  const path = join(directory, conflistName);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return true;
}
