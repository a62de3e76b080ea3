/**
 * May they? Asked in order: masters may everything, nodes what their pods need,
 * and RBAC the rest. Whoever is allowed by one is allowed; nobody is refused by one alone.
 */
import type { Store } from '../../store/store.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes, User } from '../ports.ts';
import type { PodsOfNode } from '../nodes/pods-of-node.ts';
import { mastersGroup } from './groups.ts';
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

export function createAuthorizer({ store, podsOfNode }: AuthorizerOptions): ClusterAuthorizer {
  const nodes = createNodeAuthorizer({ podsOfNode, view: () => store.view() });
  const rbac = createRbacAuthorizer(store);

  async function authorize(user: User, info: RequestAttributes): Promise<AuthorizationDecision> {
    if (user.groups.includes(mastersGroup)) return allowed();
    const asNode = await nodes.authorize(user, info);
    if (asNode.allowed) return allowed();
    const asUser = await rbac.authorize(user, info);
    return asUser.allowed
      ? asUser
      : { allowed: false, reason: [asNode.reason, asUser.reason].filter((reason) => reason !== '').join(', ') };
  }

  return { authorize, rulesOf: rbac.rulesOf, rulesOfRole: rbac.rulesOfRole };
}
