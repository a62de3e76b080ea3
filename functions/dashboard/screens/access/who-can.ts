/** Which subjects the roles and bindings let do something, and by which binding. Pure. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../../kube/object.ts';
import { allows, type Asked } from '../../api/rules.ts';

export interface Policy {
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
}

export interface Holder {
  /** `User`, `Group`, `ServiceAccount`. */
  readonly kind: string;
  readonly name: string;
  /** `ClusterRoleBinding admin`. */
  readonly by: string;
}

/** In a namespace; '': anywhere, which only ClusterRoleBindings grant. */
export function whoCan(policy: Policy, asked: Asked, namespace: string): readonly Holder[] {
  const lets = (rules: Role['rules']): boolean => allows({ resourceRules: rules ?? [], incomplete: false }, asked);
  const clusterRoles = new Set(policy.clusterRoles.filter(({ rules }) => lets(rules)).map((role) => nameOf(role)));
  const roles = new Set(policy.roles.filter((role) => namespaceOf(role) === namespace && lets(role.rules)).map((role) => nameOf(role)));
  const holders = (kind: string, { subjects = [], metadata }: RoleBinding | ClusterRoleBinding): Holder[] =>
    subjects.map((subject) => ({
      kind: subject.kind,
      name: subject.namespace === undefined ? subject.name : `${subject.namespace}/${subject.name}`,
      by: `${kind} ${metadata.name ?? ''}`,
    }));
  return [
    ...policy.clusterRoleBindings
      .filter(({ roleRef }) => clusterRoles.has(roleRef.name))
      .flatMap((binding) => holders('ClusterRoleBinding', binding)),
    ...policy.roleBindings
      .filter((binding) => namespaceOf(binding) === namespace)
      .filter(({ roleRef }) => (roleRef.kind === 'ClusterRole' ? clusterRoles : roles).has(roleRef.name))
      .flatMap((binding) => holders('RoleBinding', binding)),
  ];
}
