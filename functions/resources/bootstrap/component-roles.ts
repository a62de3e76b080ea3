/**
 * Roles for the parts of the cluster: nodes, the scheduler, and the programs that pods bring.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
 */
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { appsGroups, eventRules, read, readWrite, rule } from '../../kube/policy-rules.ts';
import { clusterRole } from './user-roles.ts';

const asksWhoMay: readonly PolicyRule[] = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
];

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
  rule(['get'], '', 'endpoints persistentvolumeclaims persistentvolumes serviceaccounts'),
  rule(['get', 'patch', 'update'], '', 'persistentvolumeclaims/status'),
  rule(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  rule(['get'], 'storage.k8s.io', 'volumeattachments'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'storage.k8s.io', 'csinodes'),
  rule(read, 'storage.k8s.io', 'csidrivers'),
  rule(read, 'node.k8s.io', 'runtimeclasses'),
  rule(['get'], 'resource.k8s.io', 'resourceclaims'),
  rule(['deletecollection'], 'resource.k8s.io', 'resourceslices'),
  rule(read, 'certificates.k8s.io', 'clustertrustbundles'),
  rule([...read, 'create'], 'certificates.k8s.io', 'podcertificaterequests'),
];

const scheduler: readonly PolicyRule[] = [
  ...eventRules,
  rule(['create'], 'coordination.k8s.io', 'leases'),
  { ...rule([...read, 'update'], 'coordination.k8s.io', 'leases'), resourceNames: ['kube-scheduler'] },
  rule(readWrite, 'coordination.k8s.io', 'leasecandidates'),
  rule(read, '', 'namespaces nodes persistentvolumeclaims persistentvolumes replicationcontrollers services'),
  rule([...read, 'delete'], '', 'pods'),
  rule(['create'], '', 'bindings pods/binding'),
  rule(['patch', 'update'], '', 'pods/status'),
  rule(['update'], '', 'pods/finalizers'),
  rule(read, appsGroups, 'replicasets'),
  rule(read, 'apps', 'statefulsets'),
  rule(read, 'policy', 'poddisruptionbudgets'),
  rule(read, 'storage.k8s.io', 'csidrivers csinodes csistoragecapacities volumeattachments'),
  rule(read, 'resource.k8s.io', 'deviceclasses devicetaintrules resourceslices'),
  rule([...read, 'create', 'delete', 'patch', 'update'], 'resource.k8s.io', 'resourceclaims'),
  rule([...read, 'patch', 'update'], 'resource.k8s.io', 'resourceclaims/status'),
  rule(['patch', 'update'], 'resource.k8s.io', 'resourceclaims/binding'),
  ...asksWhoMay,
];

/** What the scheduler needs beyond its own role to bind volumes. */
const volumeScheduler: readonly PolicyRule[] = [
  rule([...read, 'patch', 'update'], '', 'persistentvolumeclaims persistentvolumes'),
  rule(read, 'storage.k8s.io', 'storageclasses'),
];

const controllerManager: readonly PolicyRule[] = [
  ...eventRules,
  rule(['create'], 'coordination.k8s.io', 'leases'),
  { ...rule(['get', 'update'], 'coordination.k8s.io', 'leases'), resourceNames: ['kube-controller-manager'] },
  rule(['create', 'get', 'update'], '', 'secrets serviceaccounts'),
  rule(['delete'], '', 'secrets'),
  rule(['get'], '', 'configmaps namespaces'),
  ...asksWhoMay,
  rule(['list', 'watch'], '*', '*'),
  rule(['create'], '', 'serviceaccounts/token'),
];

/** For programs that serve a node's API to others. */
const kubeletAdmin: readonly PolicyRule[] = [
  rule([...read, 'proxy'], '', 'nodes'),
  rule(['*'], '', 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
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
  clusterRole('system:node-problem-detector', [rule(['get'], '', 'nodes'), rule(['patch'], '', 'nodes/status'), ...eventRules]),
  clusterRole('system:node-proxier', [
    rule(['list', 'watch'], '', 'endpoints services'),
    rule(read, '', 'nodes'),
    rule(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
    rule(['list', 'watch'], 'networking.k8s.io', 'servicecidrs'),
    ...eventRules,
  ]),
  clusterRole('system:kube-dns', [rule(['list', 'watch'], '', 'endpoints services')]),
  clusterRole('system:kube-scheduler', scheduler),
  clusterRole('system:volume-scheduler', volumeScheduler),
  clusterRole('system:kubelet-api-admin', kubeletAdmin),
  clusterRole('system:kube-aggregator', [rule(read, '', 'endpoints services')]),
  clusterRole('system:heapster', [rule(read, '', 'events namespaces nodes pods'), rule(read, 'extensions', 'deployments')]),
  clusterRole('system:persistent-volume-provisioner', [
    rule([...read, 'create', 'delete'], '', 'persistentvolumes'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule(['watch'], '', 'events'),
    ...eventRules,
  ]),
  clusterRole('system:kube-controller-manager', controllerManager),
];
