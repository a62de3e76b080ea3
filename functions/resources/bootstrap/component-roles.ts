/**
 * Roles for the parts of the cluster: nodes, the scheduler, and the programs that pods bring.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{policy,controller_policy}.go.
 */
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { eventRules, read, rule, urls } from '../../kube/policy-rules.ts';
import { clusterRole } from './user-roles.ts';

const node: readonly PolicyRule[] = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(read, '', 'services'),
  rule(['create', 'get', 'list', 'watch'], '', 'nodes'),
  rule(['patch', 'update'], '', 'nodes nodes/status'),
  ...eventRules,
  rule([...read, 'create', 'delete'], '', 'pods'),
  rule(['patch', 'update'], '', 'pods/status'),
  rule(['create'], '', 'pods/eviction serviceaccounts/token'),
  rule(read, '', 'configmaps secrets'),
  rule(['get'], '', 'endpoints persistentvolumeclaims persistentvolumes'),
  rule(read, 'discovery.k8s.io', 'endpointslices'),
  rule(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  rule(['get'], 'storage.k8s.io', 'volumeattachments'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'storage.k8s.io', 'csinodes'),
  rule(read, 'storage.k8s.io', 'csidrivers'),
  rule(read, 'node.k8s.io', 'runtimeclasses'),
  rule(read, 'certificates.k8s.io', 'clustertrustbundles'),
];

const scheduler: readonly PolicyRule[] = [
  ...eventRules,
  rule(['create', 'get', 'list', 'update', 'watch'], 'coordination.k8s.io', 'leases'),
  rule(read, '', 'namespaces nodes persistentvolumeclaims persistentvolumes replicationcontrollers services'),
  rule([...read, 'delete'], '', 'pods'),
  rule(['create'], '', 'bindings pods/binding'),
  rule(['patch', 'update'], '', 'pods/status'),
  rule(read, 'apps', 'replicasets statefulsets'),
  rule(read, 'policy', 'poddisruptionbudgets'),
  rule(['patch', 'update'], '', 'persistentvolumeclaims persistentvolumes'),
  rule(read, 'storage.k8s.io', 'csidrivers csinodes csistoragecapacities storageclasses volumeattachments'),
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
];

const controllerManager: readonly PolicyRule[] = [
  ...eventRules,
  rule(['create', 'get', 'list', 'update', 'watch'], 'coordination.k8s.io', 'leases'),
  rule(['create', 'get', 'update'], '', 'endpoints secrets serviceaccounts'),
  rule(['delete'], '', 'secrets'),
  rule(['get'], '', 'configmaps namespaces'),
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  rule(['list', 'watch'], '*', '*'),
  rule(['create'], '', 'serviceaccounts/token'),
];

export const componentRoles: readonly ClusterRole[] = [
  clusterRole('system:node', node),
  clusterRole('system:cluster-trust-bundle-discovery', [rule(read, 'certificates.k8s.io', 'clustertrustbundles')]),
  clusterRole('system:node-bootstrapper', [rule(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests')]),
  ...['nodeclient', 'selfnodeclient'].map((subresource) =>
    clusterRole(`system:certificates.k8s.io:certificatesigningrequests:${subresource}`, [
      rule(['create'], 'certificates.k8s.io', `certificatesigningrequests/${subresource}`),
    ]),
  ),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map((signer) =>
    clusterRole(`system:certificates.k8s.io:${signer}-approver`, [
      { ...rule(['approve'], 'certificates.k8s.io', 'signers'), resourceNames: [`kubernetes.io/${signer}`] },
    ]),
  ),
  // Ours: what upstream does by signing a certificate request.
  clusterRole('hibernetes:node-joiner', [rule(['create'], 'agent.hibernetes.dev', 'nodes/token')]),
  clusterRole('hibernetes:join-script', [urls(['get'], '/join.sh')]),
  clusterRole('hibernetes:join-files', [urls(['get'], '/join/*')]),
  clusterRole('system:node-problem-detector', [rule(['get'], '', 'nodes'), rule(['patch'], '', 'nodes/status'), ...eventRules]),
  clusterRole('system:node-proxier', [
    rule(['list', 'watch'], '', 'endpoints nodes services'),
    rule(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
    ...eventRules,
  ]),
  clusterRole('system:kube-dns', [rule(['list', 'watch'], '', 'endpoints services')]),
  clusterRole('system:kube-scheduler', scheduler),
  clusterRole('system:kube-controller-manager', controllerManager),
];
