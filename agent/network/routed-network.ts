/** Our own network of pods: a bridge on each node, and a back-end that leads to those of other nodes. */
import { join } from 'node:path';
import type { Node } from '../../functions/kube/generated/types.ts';
import type { Log } from '../../functions/world.ts';
import { writeConflist } from './cni-directory.ts';
import { conflist } from './conflist.ts';
import { linkOf, networkOf } from './links.ts';
import { masqueradeTable } from './masquerade.ts';
import type { BackEnd, PodNetwork } from './pod-network.ts';
import { internalIP, podCIDR, wantedRoutes, type RefusedRoute } from './routes.ts';
import type { Run } from './run.ts';

export interface RoutedNetworkOptions {
  readonly run: Run;
  readonly directory: string;
  readonly cniConfDir: string;
  readonly clusterCidr: string;
  readonly backEnd: BackEnd;
  readonly log: Log;
}

const mtuDefault = 1500;

export function createRoutedNetwork(options: RoutedNetworkOptions): PodNetwork {
  const { run, directory, cniConfDir, clusterCidr, backEnd, log } = options;
  let masqueraded = '';
  let isReady = false;
  let warned: ReadonlySet<string> = new Set();

  const connectPods = async (range: string, linkMtu: number): Promise<void> => {
    if (masqueraded !== range) await run(['nft', '-f', '-'], { input: masqueradeTable(range, clusterCidr) });
    masqueraded = range;
    const mtu = linkMtu - backEnd.overheadBytes;
    const wrote = writeConflist(cniConfDir, conflist({ podCIDR: range, ipamDirectory: join(directory, 'ipam'), mtu }));
    if (wrote) log.info('Pods get addresses', { podCIDR: range, mtu });
    isReady = true;
  };

  /** Once for each node and reason. */
  const warnOf = (refused: readonly RefusedRoute[]): void => {
    const now = new Set(refused.map(({ node, why }) => `${node}: ${why}`));
    for (const text of now) if (!warned.has(text)) log.warn('No pods of this node are reached', { node: text });
    warned = now;
  };

  return {
    async configure(self: Node, nodes: readonly Node[]) {
      const [range, address] = [podCIDR(self), internalIP(self)];
      const link = await linkOf(run, address);
      const mtu = link.mtu ?? mtuDefault;
      if (range !== undefined) await connectPods(range, mtu);
      const nodeNetwork = backEnd.needsNeighbours ? networkOf(link, address) : 'any';
      const { routes, refused } = wantedRoutes(self, nodes, { clusterCidr, nodeNetwork });
      warnOf(refused);
      if (range !== undefined && address !== undefined) await backEnd.connect({ range, address, mtu, routes });
    },
    ready: () => isReady,
  };
}
