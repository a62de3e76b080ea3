/**
 * Roles for people. `admin`, `edit` and `view` are sums: what carries their label belongs to them.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
 */
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { eventGroups, read, readWrite, rule, urls, write } from '../../kube/policy-rules.ts';

export const bootstrapLabels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const aggregateTo = (name: string): string => `rbac.authorization.k8s.io/aggregate-to-${name}`;

export function clusterRole(name: string, rules: readonly PolicyRule[], labels: Record<string, string> = {}): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: {
      name,
      labels: { ...bootstrapLabels, ...labels },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    },
    rules: [...rules],
  };
}

/** Already added up, as the controller would: in the order of the parts' names. */
const sum = (name: string, rules: readonly PolicyRule[], labels: Record<string, string> = {}): ClusterRole => ({
  ...clusterRole(name, rules, labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateTo(name)]: 'true' } }] },
});

const seen: readonly PolicyRule[] = [
  rule(
    read,
    '',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  rule(
    read,
    '',
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  rule(read, '', 'namespaces'),
  rule(read, eventGroups, 'events'),
  rule(read, 'discovery.k8s.io', 'endpointslices'),
  rule(
    read,
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ),
  rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  rule(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  // Nothing serves the group any more; it stays in upstream's roles.
  rule(
    read,
    'extensions',
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ),
  rule(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

const edited: readonly PolicyRule[] = [
  rule(read, '', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule(['impersonate'], '', 'serviceaccounts'),
  rule(write, '', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule(['create'], '', 'pods/eviction serviceaccounts/token'),
  rule(
    write,
    '',
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  rule(
    write,
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
  ),
  rule(write, 'autoscaling', 'horizontalpodautoscalers'),
  rule(write, 'batch', 'cronjobs jobs'),
  rule(write, 'networking.k8s.io', 'ingresses networkpolicies'),
  rule(write, 'policy', 'poddisruptionbudgets'),
  rule(write, eventGroups, 'events'),
  rule(
    write,
    'extensions',
    'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
  ),
  rule(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
  rule(readWrite, 'coordination.k8s.io', 'leases'),
];

const administered: readonly PolicyRule[] = [
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule(readWrite, 'rbac.authorization.k8s.io', 'rolebindings roles'),
];

const selfService: readonly PolicyRule[] = [
  rule(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
  rule(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
];

export const userRoles: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [rule(['*'], '*', '*'), urls(['*'], '*')]),
  sum('admin', [...edited, ...seen, ...administered]),
  sum('edit', [...edited, ...seen], { [aggregateTo('admin')]: 'true' }),
  sum('view', seen, { [aggregateTo('edit')]: 'true' }),
  clusterRole('system:aggregate-to-admin', administered, { [aggregateTo('admin')]: 'true' }),
  clusterRole('system:aggregate-to-edit', edited, { [aggregateTo('edit')]: 'true' }),
  clusterRole('system:aggregate-to-view', seen, { [aggregateTo('view')]: 'true' }),
  clusterRole('system:basic-user', selfService),
  clusterRole('system:discovery', [
    urls(['get'], '/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'),
  ]),
  clusterRole('system:public-info-viewer', [urls(['get'], '/healthz', '/livez', '/readyz', '/version', '/version/')]),
  clusterRole('system:service-account-issuer-discovery', [
    urls(['get'], '/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/'),
  ]),
  clusterRole('system:monitoring', [
    urls(
      ['get'],
      '/flagz',
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
      '/statusz',
    ),
    rule(['get'], '', 'nodes/metrics'),
  ]),
  clusterRole('system:auth-delegator', [
    rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
    rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
];
