/**
 * The conversation between an agent and the apiserver: one POST carries the heartbeat and what happened on the node
 * out, and what the node should do in. The agent only ever dials out.
 *
 *   POST /apis/agent.hibernetes.dev/v1/nodes/{name}/poll      NodePollRequest → NodePollResponse
 *   POST /apis/agent.hibernetes.dev/v1/nodes/{name}/token     {} → NodeCredential: the node's next one, or its first
 *   DELETE /apis/agent.hibernetes.dev/v1/nodes/{name}/token   the node leaves: its Node is deleted → Status
 *   POST /apis/agent.hibernetes.dev/v1/relays/{id}            the body of a relayed `stream` (a container's log)
 *   GET  /apis/agent.hibernetes.dev/v1/relays/{id}            Upgrade: hibernetes-relay, the bytes of a relayed `upgrade`
 * or `tunnel`
 *   POST /apis/agent.hibernetes.dev/v1/relays/{id}/chunks?number=N   a chunk of a relay by `mailbox`, see
 * `relay-chunk.ts` → RelayGrant
 *   GET  /apis/agent.hibernetes.dev/v1/relays/{id}/chunks     → RelayGrant
 *
 *   POST /apis/agent.hibernetes.dev/v1/nodes/{name}/listen    ListenRequest → records of `tunnel/records.ts`: tunnels by
 * mail, and their entries
 *   POST /apis/agent.hibernetes.dev/v1/relays/{id}/entries?caller=C&number=N   an entry of a tunnel by mail, from the node
 *   POST /apis/agent.hibernetes.dev/v1/tunnels/{id}/entries?node=A&number=N    the same, from its caller
 *   GET  /apis/agent.hibernetes.dev/v1/tunnels/{id}/entries?node=A&after=N     → records: the node's entries, for the caller
 *
 * An answer may get lost: the agent repeats `since` and `pods` until an answer arrived, and nothing is harmed by twice.
 */
import type { NodeNetworks } from '../kube/cluster-networks.ts';
import type { NodeStatus, PodStatus, TokenRequest } from '../kube/generated/types.ts';
import type { KubeObject, ObjectName } from '../kube/object.ts';

export const agentGroup = 'agent.hibernetes.dev';
export const pollPath = (nodeName: string): string => `/apis/${agentGroup}/v1/nodes/${nodeName}/poll`;
export const tokenPath = (nodeName: string): string => `/apis/${agentGroup}/v1/nodes/${nodeName}/token`;
export const relayPath = (id: string): string => `/apis/${agentGroup}/v1/relays/${id}`;
export const listenPath = (nodeName: string): string => `/apis/${agentGroup}/v1/nodes/${nodeName}/listen`;
export const entriesPath = (end: 'relays' | 'tunnels', id: string): string => `/apis/${agentGroup}/v1/${end}/${id}/entries`;
export const chunksPath = (id: string): string => `${relayPath(id)}/chunks`;
/** The value of `Upgrade:` with which an agent fetches a relayed connection. */
export const relayProtocol = 'hibernetes-relay';
/** Header of a relayed stream that could not be opened: the HTTP code; the body is then a Status. */
export const relayStatusHeader = 'x-hibernetes-status';

export interface NodeCredential extends TokenRequest {
  /** A node that joins learns here what its cluster's networks are. */
  readonly networks: NodeNetworks;
}

export interface NodePollRequest {
  /** `revision` of the last answer that was taken in. Left out: send everything. */
  readonly since?: string;
  /** The server may hold the answer this long while there is no news. 0: answer at once. */
  readonly waitSeconds: number;
  /** The node's status, when it differs from what was last acknowledged. */
  readonly status?: NodeStatus;
  /** Pods whose status changed. */
  readonly pods?: readonly PodReport[];
}

export interface PodReport extends ObjectName {
  readonly uid: string;
  readonly status: PodStatus;
  /** Nothing of the pod runs any more and its deletion was asked for: the object may go. */
  readonly finished?: boolean;
}

export interface NodePollResponse {
  readonly revision: string;
  /** True: `objects` is all there is; forget the rest. False: `objects` and `gone` are what changed since. */
  readonly snapshot: boolean;
  /**
   * Whole objects with apiVersion and kind: pods of this node, and what they name (ConfigMaps, Secrets, classes, claims).
   * All Services, EndpointSlices, Nodes and ClusterTrustBundles of the cluster; the NetworkPolicies that select this
   * node's pods, and a
   * `PolicyPeer` (`policy-peers.ts`) for each pod that their rules select.
   */
  readonly objects: readonly KubeObject[];
  readonly gone: readonly GoneObject[];
  /** With a snapshot: objects that the store cannot read. The node keeps what it has of each. */
  readonly unreadable?: readonly UnreadableName[];
  /** Connections that clients wait for. Repeated until fetched: know them by id. */
  readonly relays: readonly RelayRequest[];
  /** When to ask again if nothing happens on the node. 0: at once, since the server holds the request. */
  readonly pollAfterSeconds: number;
  /**
   * True: the reports of the request are not written yet. A webhook, for example, waits for a connection through this
   * node. Nothing but `relays` counts; send the same again.
   */
  readonly unfinished?: boolean;
  /** The cluster gave the node up meanwhile: send the whole status again with the next poll. */
  readonly wantsStatus?: boolean;
  /**
   * True: a webhook or another API server runs here, whose callers must not wait for a poll. The agent listens for
   * tunnels all the time.
   */
  readonly listens?: boolean;
}

export interface GoneObject extends ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly uid: string;
}

export interface UnreadableName extends ObjectName {
  readonly kind: string;
}

/** What a client waits for: something of a container, or a stream of bytes to a port. */
export type RelayRequest = ContainerRelay | TunnelRelay | MailedRelay;

export interface ContainerRelay {
  readonly id: string;
  readonly transport: 'stream' | 'upgrade' | 'mailbox';
  /** `log`, `exec`, `attach`, `portforward`. */
  readonly subresource: string;
  readonly pod: ObjectName & { readonly uid: string };
  /** The query of the client's request: `container=c&follow=true`. */
  readonly query: string;
  /** For `upgrade`: the client's request, to be replayed to the runtime's streaming server. */
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** The agent connects first and dials back when it has; a failure comes back as the Status of a `stream`. */
export interface TunnelRelay {
  readonly id: string;
  readonly transport: 'tunnel';
  readonly target: TunnelTarget;
}

/** Goes by mail, through the table. What is wanted, and the key, are added when the node gets it: neither is announced. */
export interface MailedRelay {
  readonly id: string;
  readonly transport: 'mail';
  /** Part of the mailboxes' names. */
  readonly caller: string;
  readonly request?: TunnelledRequest;
  /** Base64. */
  readonly key?: string;
}

export type TunnelledRequest = ContainerRelay | TunnelRelay;

/** A port that the node reaches, or what the node itself answers: `/healthz`, `/metrics`, `/pods`. */
export type TunnelTarget = { readonly to: 'port'; readonly host: string; readonly port: number } | { readonly to: 'node' };

/** What an agent has open when it begins to listen. */
export interface ListenRequest {
  readonly tunnels: readonly OpenTunnel[];
}

export interface OpenTunnel {
  readonly id: string;
  readonly caller: string;
  /** The number of the last entry that came. */
  readonly after: number;
}

/** How a relay by `mailbox` may go on. */
export interface RelayGrant {
  /** Chunks up to this number are taken; a later one was not. */
  readonly upTo: number;
  /** False: no client reads any more. */
  readonly isOpen: boolean;
}
