/**
 * Roles for the parts of the cluster: nodes, the scheduler, controllers, and the programs that pods bring.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{policy,controller_policy}.go.
 */
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { eventRules, read, rule, urls } from './policy-rules.ts';
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

/** One identity for each controller, `system:serviceaccount:kube-system:<name>`. */
export const controllers: Readonly<Record<string, readonly PolicyRule[]>> = {
  'deployment-controller': [
    rule([...read, 'patch', 'update'], 'apps', 'deployments'),
    rule(['update'], 'apps', 'deployments/finalizers deployments/status'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'replicasets'),
    rule([...read, 'update'], '', 'pods'),
    ...eventRules,
  ],
  'daemon-set-controller': [
    rule(read, 'apps', 'daemonsets'),
    rule(['update'], 'apps', 'daemonsets/finalizers daemonsets/status'),
    rule(['list', 'watch'], '', 'nodes'),
    rule(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    rule(['create'], '', 'pods/binding'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'controllerrevisions'),
    ...eventRules,
  ],
  'statefulset-controller': [
    rule(read, 'apps', 'statefulsets'),
    rule(['update'], 'apps', 'statefulsets/finalizers statefulsets/status'),
    rule([...read, 'create', 'delete', 'patch', 'update'], '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'controllerrevisions'),
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
  'replicaset-controller': [
    rule([...read, 'patch', 'update'], 'apps', 'replicasets'),
    rule(['update'], 'apps', 'replicasets/finalizers replicasets/status'),
    rule([...read, 'create', 'delete', 'patch'], '', 'pods'),
    ...eventRules,
  ],
  'replication-controller': [
    rule([...read, 'patch', 'update'], '', 'replicationcontrollers'),
    rule(['update'], '', 'replicationcontrollers/finalizers replicationcontrollers/status'),
    rule([...read, 'create', 'delete', 'patch'], '', 'pods'),
    ...eventRules,
  ],
  'job-controller': [
    rule([...read, 'patch', 'update'], 'batch', 'jobs'),
    rule(['update'], 'batch', 'jobs/finalizers jobs/status'),
    rule([...read, 'create', 'delete', 'patch'], '', 'pods'),
    ...eventRules,
  ],
  'ttl-after-finished-controller': [rule([...read, 'delete'], 'batch', 'jobs'), ...eventRules],
  'cronjob-controller': [
    rule([...read, 'update'], 'batch', 'cronjobs'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'batch', 'jobs'),
    rule(['update'], 'batch', 'cronjobs/finalizers cronjobs/status'),
    rule(['delete', 'list', 'watch'], '', 'pods'),
    ...eventRules,
  ],
  'disruption-controller': [
    rule(read, 'apps', 'deployments replicasets statefulsets'),
    rule(read, '', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(['update'], 'policy', 'poddisruptionbudgets/status'),
    rule(['patch', 'update'], '', 'pods/status'),
    rule(['get'], '*', '*/scale'),
    ...eventRules,
  ],
  'resourcequota-controller': [rule(['list', 'watch'], '*', '*'), rule(['update'], '', 'resourcequotas/status'), ...eventRules],
  'horizontal-pod-autoscaler': [
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule(['update'], 'autoscaling', 'horizontalpodautoscalers/status'),
    rule(['get', 'update'], '*', '*/scale'),
    rule(['list', 'watch'], '', 'pods'),
    rule(['list', 'watch'], 'metrics.k8s.io', 'pods'),
    rule(read, 'custom.metrics.k8s.io', '*'),
    rule(read, 'external.metrics.k8s.io', '*'),
    ...eventRules,
  ],
  'certificate-controller': [
    rule([...read, 'delete'], 'certificates.k8s.io', 'certificatesigningrequests'),
    rule(['update'], 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'),
    {
      ...rule(['approve'], 'certificates.k8s.io', 'signers'),
      // Ours: the second one, which upstream leaves to somebody else.
      resourceNames: ['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving'],
    },
    {
      ...rule(['sign'], 'certificates.k8s.io', 'signers'),
      resourceNames: [
        'kubernetes.io/kube-apiserver-client',
        'kubernetes.io/kube-apiserver-client-kubelet',
        'kubernetes.io/kubelet-serving',
        'kubernetes.io/legacy-unknown',
      ],
    },
    rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
    ...eventRules,
  ],
  'service-cidrs-controller': [
    rule([...read, 'patch', 'update'], 'networking.k8s.io', 'servicecidrs'),
    rule(['patch', 'update'], 'networking.k8s.io', 'servicecidrs/finalizers servicecidrs/status'),
    rule(read, 'networking.k8s.io', 'ipaddresses'),
    ...eventRules,
  ],
  'legacy-service-account-token-cleaner': [
    { ...rule(['get'], '', 'configmaps'), resourceNames: ['kube-apiserver-legacy-service-account-token-tracking'] },
    rule(['delete', 'patch'], '', 'secrets'),
    // Ours: upstream's kube-apiserver makes the ConfigMap.
    rule(['create'], '', 'configmaps'),
  ],
  'endpoint-controller': [
    rule(read, '', 'pods services'),
    rule([...read, 'create', 'delete', 'update'], '', 'endpoints'),
    rule(['create'], '', 'endpoints/restricted'),
    ...eventRules,
  ],
  'endpointslice-controller': [
    rule(read, '', 'nodes pods services'),
    rule(['update'], '', 'services/finalizers'),
    rule([...read, 'create', 'delete', 'update'], 'discovery.k8s.io', 'endpointslices'),
    rule(['create'], 'discovery.k8s.io', 'endpointslices/restricted'),
    ...eventRules,
  ],
  'endpointslicemirroring-controller': [
    rule(read, '', 'endpoints services'),
    rule(['update'], '', 'endpoints/finalizers services/finalizers'),
    rule([...read, 'create', 'delete', 'update'], 'discovery.k8s.io', 'endpointslices'),
    rule(['create'], 'discovery.k8s.io', 'endpointslices/restricted'),
    ...eventRules,
  ],
  'namespace-controller': [
    rule(['delete', 'get', 'list', 'watch'], '', 'namespaces'),
    rule(['update'], '', 'namespaces/finalize namespaces/status'),
    rule(['delete', 'deletecollection', 'get', 'list'], '*', '*'),
  ],
  'custom-resource-definition-controller': [
    rule([...read, 'update'], 'apiextensions.k8s.io', 'customresourcedefinitions customresourcedefinitions/status'),
    rule(['deletecollection', 'list'], '*', '*'),
  ],
  'validatingadmissionpolicy-status-controller': [
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule(['get', 'patch', 'update'], 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    ...eventRules,
  ],
  'generic-garbage-collector': [rule(['delete', 'get', 'list', 'patch', 'update', 'watch'], '*', '*'), ...eventRules],
  'node-controller': [
    rule([...read, 'delete', 'patch', 'update'], '', 'nodes'),
    rule(['patch', 'update'], '', 'nodes/status pods/status'),
    rule([...read, 'delete'], '', 'pods'),
    rule(read, 'coordination.k8s.io', 'leases'),
    ...eventRules,
  ],
  'persistent-volume-binder': [
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumes'),
    rule(['update'], '', 'persistentvolumeclaims/status persistentvolumes/status'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule([...read, 'create', 'delete'], '', 'pods'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule(['list', 'watch'], '', 'nodes'),
    rule(['watch'], '', 'events'),
    ...eventRules,
  ],
  // Ours: elsewhere a provisioner is a pod with rights of its own.
  'local-path-provisioner': [
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumes'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule(read, '', 'nodes'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    ...eventRules,
  ],
  'ephemeral-volume-controller': [
    rule(read, '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create'], '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
  'pvc-protection-controller': [
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule(['update'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'pods'),
    ...eventRules,
  ],
  'volumeattributesclass-protection-controller': [
    rule(read, '', 'persistentvolumeclaims persistentvolumes'),
    rule([...read, 'update'], 'storage.k8s.io', 'volumeattributesclasses'),
    ...eventRules,
  ],
  'pv-protection-controller': [rule([...read, 'update'], '', 'persistentvolumes'), ...eventRules],
  'pod-garbage-collector': [
    rule([...read, 'delete'], '', 'pods'),
    rule(['get', 'list'], '', 'nodes'),
    rule(['patch', 'update'], '', 'pods/status'),
  ],
  'root-ca-cert-publisher': [rule([...read, 'create', 'update'], '', 'configmaps'), ...eventRules],
  'service-account-controller': [rule([...read, 'create'], '', 'serviceaccounts'), rule(read, '', 'namespaces'), ...eventRules],
  'clusterrole-aggregation-controller': [
    rule(['escalate', 'get', 'list', 'patch', 'update', 'watch'], 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
};

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
  ...Object.entries(controllers).map(([name, rules]) => clusterRole(`system:controller:${name}`, rules)),
];
