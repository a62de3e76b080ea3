/** Grants each controller's ServiceAccount what the controller declares. Source: bootstrappolicy/{controller,namespace}_policy.go. */
import type { ControllerRole } from '../../kube/controller-role.ts';
import type { PolicyRule, Role, RoleBinding } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { binding } from './bindings.ts';
import { bootstrapLabels, clusterRole } from './user-roles.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const roleName = (controller: string): string => `system:controller:${controller}`;
const accountOf = (controller: string) => ({ kind: 'ServiceAccount', name: controller, namespace: 'kube-system' });

export const grantsOf = ({ name, rules, namespaced = [] }: ControllerRole): readonly KubeObject[] => [
  ...(rules === undefined ? [] : [clusterRole(roleName(name), rules), binding(roleName(name), [accountOf(name)])]),
  ...namespaced.flatMap((grant) => grantIn(grant.namespace, name, grant.rules)),
];

function grantIn(namespace: string, controller: string, rules: readonly PolicyRule[]): readonly [Role, RoleBinding] {
  const name = roleName(controller);
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
  const metadata = { namespace, name, labels: { ...bootstrapLabels }, annotations };
  const apiVersion = `${apiGroup}/v1`;
  return [
    { apiVersion, kind: 'Role', metadata, rules: [...rules] },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { ...metadata },
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: [accountOf(controller)],
    },
  ];
}
