/** How pods are connected and reach those of other nodes. The cluster's maker chose one of these: see `podNetworkOf`. */
import type { Node } from '../../functions/kube/generated/types.ts';
import type { Routes } from './routes.ts';

export interface PodNetwork {
  /** Makes the node's network what these nodes ask for. Call it again whenever one of them changes. */
  configure(self: Node, nodes: readonly Node[]): Promise<void>;
  /** Whether pods can be connected. */
  ready(): boolean;
}

export interface Peers {
  /** The node's own range of pods. */
  readonly range: string;
  /** The node's own address. */
  readonly address: string;
  /** The largest packet of the link that has this address. */
  readonly mtu: number;
  readonly routes: Routes;
}

/** How packets get from node to node. */
export interface BackEnd {
  /** The bytes that the network adds to each packet. */
  readonly overheadBytes: number;
  /** Whether nodes must be on one segment, each other's direct neighbours. */
  readonly needsNeighbours: boolean;
  /** Makes these the ways to the other nodes' pods, and no other. */
  connect(peers: Peers): Promise<void>;
}
