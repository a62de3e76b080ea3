/** RBAC over what the store holds. The policy is rebuilt only when one of its objects has changed. */
import { derived } from '../../../kube/derived.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { clusterRoleBindings, clusterRoles, groupResource, roleBindings, roles } from '../../../kube/resource-type.ts';
import type { ResourceType } from '../../../kube/resource-type.ts';
import type { View } from '../../../kube/view.ts';
import { readable } from '../../../kube/unreadable-object.ts';
import type { Store } from '../../../store/store.ts';
import type { Authorizer } from '../../ports.ts';
import { createPolicy, policyResources } from './policy.ts';
import type { Policy } from './policy.ts';

export type RbacAuthorizer = Authorizer & Pick<Policy, 'rulesOf' | 'rulesOfRole'>;

export function createRbacAuthorizer(store: Pick<Store, 'view'>): RbacAuthorizer {
  const policyAt = derived([...policyResources], policyOf);
  const current = (): Policy => policyAt(store.view());
  return {
    authorize: async (user, info) => current().decide(user, info),
    rulesOf: (user, namespace) => current().rulesOf(user, namespace),
    rulesOfRole: (ref, namespace) => current().rulesOfRole(ref, namespace),
  };
}

function policyOf(view: View): Policy {
  const all = <T extends KubeObject>(type: ResourceType<T>): readonly T[] =>
    readable(view.list(groupResource(type))).map(({ object }) => object as T);
  return createPolicy({
    roles: all(roles),
    roleBindings: all(roleBindings),
    clusterRoles: all(clusterRoles),
    clusterRoleBindings: all(clusterRoleBindings),
  });
}
