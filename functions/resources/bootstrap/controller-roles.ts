/** Grants each controller's ServiceAccount what the controller declares. Source: bootstrappolicy/{controller,namespace}_policy.go. */
import type { ControllerRole } from '../../kube/controller-role.ts';
import type { PolicyRule, RbacSubject, Role, RoleBinding } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { read, rule } from '../../kube/policy-rules.ts';
import { binding } from './bindings.ts';
import { bootstrapLabels, clusterRole } from './user-roles.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const roleName = (controller: string): string => `system:controller:${controller}`;
const accountOf = (controller: string): RbacSubject => ({ kind: 'ServiceAccount', name: controller, namespace: 'kube-system' });

export const grantsOf = ({ name, rules, namespaced = [] }: ControllerRole): readonly KubeObject[] => [
  ...(rules === undefined ? [] : [clusterRole(roleName(name), rules), binding(roleName(name), [accountOf(name)])]),
  ...namespaced.flatMap(({ namespace, rules: granted }) =>
    grantIn({ namespace, name: roleName(name), subjects: [accountOf(name)] }, granted),
  ),
];

interface Grant {
  readonly namespace: string;
  readonly name: string;
  readonly subjects: readonly RbacSubject[];
}

function grantIn({ namespace, name, subjects }: Grant, rules: readonly PolicyRule[]): readonly [Role, RoleBinding] {
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
  const metadata = { namespace, name, labels: { ...bootstrapLabels }, annotations };
  const apiVersion = `${apiGroup}/v1`;
  return [
    { apiVersion, kind: 'Role', metadata, rules: [...rules] },
    { apiVersion, kind: 'RoleBinding', metadata: { ...metadata }, roleRef: { apiGroup, kind: 'Role', name }, subjects: [...subjects] },
  ];
}

/** For the lease by which the copies of a program agree on one. */
const leaderLocking = (program: string, others: readonly string[] = []): readonly [Role, RoleBinding] => {
  const user: RbacSubject = { apiGroup, kind: 'User', name: `system:${program}` };
  return grantIn(
    { namespace: 'kube-system', name: `system::leader-locking-${program}`, subjects: [user, ...[program, ...others].map(accountOf)] },
    [rule([...read, 'create', 'update'], 'coordination.k8s.io', 'leasecandidates leases')],
  );
};

export const leaderLockingRoles: readonly (Role | RoleBinding)[] = [
  ...leaderLocking('kube-controller-manager', ['leader-election-controller']),
  ...leaderLocking('kube-scheduler'),
];
