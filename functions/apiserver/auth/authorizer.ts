/**
 * May they? Asked in order: masters may everything, nodes what their pods need,
 * and RBAC the rest. A request that one of them allows is allowed; a refusal takes all of them.
 */
import { agentGroup } from '../../kube/node-poll.ts';
import type { Store } from '../../store/store.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes, User } from '../ports.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';
import { authenticatedGroup, mastersGroup } from './groups.ts';
import { createNodeAuthorizer } from './node-authorizer.ts';
import { createRbacAuthorizer } from './rbac/authorizer.ts';
import type { Policy } from './rbac/policy.ts';

/** `rulesOf` is what `kubectl auth can-i --list` shows. */
export type ClusterAuthorizer = Authorizer & Pick<Policy, 'rulesOf' | 'rulesOfRole'>;

export interface AuthorizerOptions {
  readonly store: Pick<Store, 'view'>;
  readonly podsOfNode: PodsOfNode;
}

const allowed = (reason = ''): AuthorizationDecision => ({ allowed: true, reason });

/** A tunnel is open because its caller was allowed to open it, and its mailbox is named by that caller: no other one finds it. */
const isOwnTunnel = ({ groups }: User, { group, resource, subresource }: RequestAttributes): boolean =>
  group === agentGroup && resource === 'tunnels' && subresource === 'entries' && groups.includes(authenticatedGroup);

/** Whose reason it is. Source: apiserver, pkg/authorization/union/union.go. */
const named = (authorizer: string, { reason }: AuthorizationDecision): string => (reason === '' ? '' : `${authorizer}: ${reason}`);

export function createAuthorizer({ store, podsOfNode }: AuthorizerOptions): ClusterAuthorizer {
  const nodes = createNodeAuthorizer({ podsOfNode, view: () => store.view() });
  const rbac = createRbacAuthorizer(store);

  async function authorize(user: User, info: RequestAttributes): Promise<AuthorizationDecision> {
    if (user.groups.includes(mastersGroup) || isOwnTunnel(user, info)) return allowed();
    const asNode = await nodes.authorize(user, info);
    if (asNode.allowed) return allowed();
    const asUser = await rbac.authorize(user, info);
    return asUser.allowed
      ? asUser
      : { allowed: false, reason: [named('node', asNode), named('rbac', asUser)].filter((reason) => reason !== '').join('\n') };
  }

  return { authorize, rulesOf: rbac.rulesOf, rulesOfRole: rbac.rulesOfRole };
}
