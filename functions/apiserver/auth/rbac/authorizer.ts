/** RBAC over what the store holds. The policy is rebuilt only when one of its objects has changed. */
import type { KubeObject } from '../../../kube/object.ts';
import { clusterRoleBindings, clusterRoles, groupResource, roleBindings, roles } from '../../../kube/resource-type.ts';
import type { ResourceType } from '../../../kube/resource-type.ts';
import type { Store } from '../../../store/store.ts';
import type { Authorizer } from '../../ports.ts';
import { createPolicy, policyResources } from './policy.ts';
import type { Policy } from './policy.ts';

export interface RbacAuthorizer extends Authorizer {
  rulesOf: Policy['rulesOf'];
}

export function createRbacAuthorizer(store: Pick<Store, 'view' | 'onApplied'>): RbacAuthorizer {
  let policy: Policy | undefined;
  store.onApplied((_revision, changes) => {
    if (changes.some(({ key }) => policyResources.has(key.resource))) policy = undefined;
  });

  function current(): Policy {
    const view = store.view();
    const all = <T extends KubeObject>(type: ResourceType<T>): readonly T[] =>
      view.list(groupResource(type)).map(({ object }) => object as T);
    policy ??= createPolicy({
      roles: all(roles),
      roleBindings: all(roleBindings),
      clusterRoles: all(clusterRoles),
      clusterRoleBindings: all(clusterRoleBindings),
    });
    return policy;
  }

  return {
    authorize: async (user, info) => current().decide(user, info),
    rulesOf: (user, namespace) => current().rulesOf(user, namespace),
  };
}
