/** Roles that hold in one namespace, of those who keep bootstrap tokens. Source: bootstrappolicy/namespace_policy.go. */
import type { PolicyRule, Role, RoleBinding } from '../../kube/generated/types.ts';
import { eventRules, read, rule } from './policy-rules.ts';
import { bootstrapLabels } from './user-roles.ts';

const apiGroup = 'rbac.authorization.k8s.io';

/** The role of a controller, and its binding. */
function granted(namespace: string, controller: string, rules: readonly PolicyRule[]): readonly [Role, RoleBinding] {
  const name = `system:controller:${controller}`;
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
      subjects: [{ kind: 'ServiceAccount', name: controller, namespace: 'kube-system' }],
    },
  ];
}

export const bootstrapTokenRoles: readonly (Role | RoleBinding)[] = [
  ...granted('kube-system', 'bootstrap-signer', [rule(read, '', 'secrets')]),
  ...granted('kube-system', 'token-cleaner', [rule([...read, 'delete'], '', 'secrets'), ...eventRules]),
  ...granted('kube-public', 'bootstrap-signer', [
    rule(read, '', 'configmaps'),
    { ...rule(['update'], '', 'configmaps'), resourceNames: ['cluster-info'] },
    ...eventRules,
  ]),
];
