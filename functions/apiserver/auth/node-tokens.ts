/**
 * The credentials of nodes that join: short, renewed by the node itself, and ended by deleting the Node they are bound
 * to. A stranger with a bootstrap token becomes a node whose name is free, never one that is there: see
 * infra/decisions, "Nodes join with a token".
 */
import { type ClusterNetworks, nodeNetworks } from '../../kube/cluster-networks.ts';
import type { NodeCredential } from '../../node-protocol/node-poll.ts';
import type { Node } from '../../kube/generated/types.ts';
import { apiVersionOf, nodes } from '../../kube/resource-type.ts';
import { StatusError, isAlreadyExists } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { Client } from '../../client/client.ts';
import type { User } from '../ports.ts';
import { nodeOf } from './groups.ts';
import { nodeAudience } from './tokens.ts';
import type { Tokens } from './tokens.ts';

export interface NodeTokens {
  /** Whether the user may ask at all, the authorizer has decided. */
  issue(nodeName: string, user: User): Promise<NodeCredential>;
  /** The node leaves: its Node goes, and with it every credential that was bound to it. */
  end(nodeName: string): Promise<void>;
}

export interface NodeTokenOptions {
  /** A client that acts as the control plane. */
  readonly client: Pick<Client, 'create' | 'get' | 'delete'>;
  readonly tokens: Tokens;
  readonly networks: ClusterNetworks;
}

/** A machine that was off for longer must join again. */
export const nodeTokenSeconds = 7 * 24 * 3600;

const inUse = (nodeName: string): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `nodes "${nodeName}" already exists and has been in use: delete it first (kubectl delete node ${nodeName}), or join under another name`,
    { details: { name: nodeName, kind: nodes.resource } },
  );

export function createNodeTokens({ client, tokens, networks }: NodeTokenOptions): NodeTokens {
  const get = (name: string): Promise<Node> => client.get(nodes, { namespace: '', name });

  /** Two machines that ask for one name at once both get it, as long as neither has sent a report: a join may be repeated. */
  async function newNode(name: string): Promise<Node> {
    try {
      return await client.create(nodes, { apiVersion: apiVersionOf(nodes), kind: nodes.kind, metadata: { name }, spec: {} });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const known = await get(name);
      if ((known.status?.conditions ?? []).length > 0) throw inUse(name);
      return known;
    }
  }

  return {
    async issue(nodeName, user) {
      const node = nodeOf(user) === nodeName ? await get(nodeName) : await newNode(nodeName);
      const { token, expiresMs } = await tokens.issueNodeToken(nodeName, {
        expirationSeconds: nodeTokenSeconds,
        nodeUid: node.metadata.uid,
      });
      return {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: nodeName },
        spec: { audiences: [nodeAudience], expirationSeconds: nodeTokenSeconds },
        status: { token, expirationTimestamp: timestamp(expiresMs) },
        networks: nodeNetworks(networks),
      };
    },
    async end(nodeName) {
      await client.delete(nodes, { namespace: '', name: nodeName });
    },
  };
}
