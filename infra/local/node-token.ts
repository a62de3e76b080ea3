/**
 * The credential of a node that runs beside its control plane: as short as that of a machine that joined, bound to its
 * Node, and renewed by the agent.
 */
import { nodeTokenSeconds } from '../../functions/apiserver/auth/node-tokens.ts';
import type { Tokens } from '../../functions/apiserver/auth/tokens.ts';
import type { Client } from '../../functions/client/client.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { apiVersionOf, nodes } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists } from '../../functions/kube/status-error.ts';

type NodeClient = Pick<Client, 'create' | 'get'>;

export async function nodeTokenOf(name: string, client: NodeClient, tokens: Pick<Tokens, 'issueNodeToken'>): Promise<string> {
  const { metadata } = await nodeOf(name, client);
  return (await tokens.issueNodeToken(name, { expirationSeconds: nodeTokenSeconds, nodeUid: metadata.uid })).token;
}

async function nodeOf(name: string, client: NodeClient): Promise<Node> {
  try {
    return await client.create(nodes, { apiVersion: apiVersionOf(nodes), kind: nodes.kind, metadata: { name }, spec: {} });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return client.get(nodes, { namespace: '', name });
  }
}
