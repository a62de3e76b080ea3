/**
 * The network of one node: how its pods are connected, and how they reach other nodes' pods and the world. It also gives
 * the address of the pods' name server. Every step may be repeated, and leaves alone what is right already.
 */
import type { Log } from '../../functions/world.ts';
import { podNetworkOf } from '../../functions/kube/pod-network.ts';
import { createGivenNetwork, createOtherNetwork } from './given-network.ts';
import { createHostGateway } from './host-gateway.ts';
import type { PodNetwork } from './pod-network.ts';
import { createRoutedNetwork } from './routed-network.ts';
import { CommandFailed, type Run } from './run.ts';
import { createVxlan } from './vxlan.ts';

export interface NodeNetworkOptions {
  /** Runs programs in the node's network. */
  readonly run: Run;
  /** The network's own state: which addresses pods have. */
  readonly directory: string;
  /** The directory from which the runtime reads CNI configurations. */
  readonly cniConfDir: string;
  /** The range of all pods of all nodes. */
  readonly clusterCidr: string;
  /** The kind of network between pods: see `podNetworkOf`. */
  readonly podNetwork?: string | undefined;
  /** The same address on every node; '' for none. */
  readonly dnsAddress?: string;
  readonly log: Log;
}

/** Link-local: never routed, so every node can have it. */
const dnsAddressDefault = '169.254.20.10';
export const dnsLink = 'nodelocaldns';

function chosenNetwork(options: NodeNetworkOptions): PodNetwork {
  const chosen = podNetworkOf(options.podNetwork);
  switch (chosen.kind) {
    case 'host-gateway':
      return createRoutedNetwork({ ...options, backEnd: createHostGateway(options) });
    case 'vxlan':
      return createRoutedNetwork({ ...options, backEnd: createVxlan(options) });
    case 'conflist':
      return createGivenNetwork({ ...options, template: chosen.template });
    case 'none':
      return createOtherNetwork(options);
  }
}

export function createNodeNetwork(options: NodeNetworkOptions): PodNetwork {
  const { run, dnsAddress = dnsAddressDefault } = options;
  const pods = chosenNetwork(options);
  let prepared = false;

  const prepare = async (): Promise<void> => {
    if (prepared) return;
    await run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
    // Without it, an answer from a pod behind the same bridge would not pass back through address translation.
    await filterBridges(run);
    if (dnsAddress !== '') await addDnsLink(run, dnsAddress);
    prepared = true;
  };

  return {
    async configure(self, nodes) {
      await prepare();
      await pods.configure(self, nodes);
    },
    ready: () => pods.ready(),
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
