/** What each controller may do. Upstream's place: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go. */
import type { ControllerRole } from '../kube/controller-role.ts';
import type { PolicyRule } from '../kube/generated/types.ts';
import { eventRules, read, rule } from '../kube/policy-rules.ts';
import { attachDetachRole } from './attach-detach/role.ts';
import { bootstrapSignerRole, tokenCleanerRole } from './bootstrap/role.ts';
import { certificatesRole } from './certificates/role.ts';
import { clusterRoleAggregationRole } from './clusterrole-aggregation/role.ts';
import { cronJobRole } from './cron-job/role.ts';
import { customResourceDefinitionRole } from './custom-resource-definition/role.ts';
import { daemonSetRole } from './daemon-set/role.ts';
import { deploymentRole } from './deployment/role.ts';
import { deviceTaintEvictionRole } from './device-taint-eviction/role.ts';
import { disruptionRole } from './disruption/role.ts';
import { endpointSliceRole } from './endpoint-slice/role.ts';
import { endpointSliceMirroringRole } from './endpoint-slice-mirroring/role.ts';
import { endpointsRole } from './endpoints/role.ts';
import { ephemeralVolumeRole } from './ephemeral-volume/role.ts';
import { garbageCollectorRole } from './garbage-collector/role.ts';
import { horizontalPodAutoscalerRole } from './horizontal-pod-autoscaler/role.ts';
import { jobRole } from './job/role.ts';
import { legacyTokenCleanerRole } from './legacy-token-cleaner/role.ts';
import { localPathProvisionerRole } from './local-path-provisioner/role.ts';
import { namespaceRole } from './namespace/role.ts';
import { nodeTtlRole } from './node-ttl/role.ts';
import { nodeControllerRole } from './shared/node-controller-role.ts';
import { persistentVolumeBinderRole } from './persistent-volume-binder/role.ts';
import { podGarbageCollectorRole } from './pod-garbage-collector/role.ts';
import { replicaSetRole } from './replica-set/role.ts';
import { replicationControllerRole } from './replication-controller/role.ts';
import { resourceClaimRole } from './resource-claim/role.ts';
import { resourceQuotaRole } from './resource-quota/role.ts';
import { rootCaRole } from './root-ca/role.ts';
import { serviceAccountRole } from './service-account/role.ts';
import { serviceCidrsRole } from './service-cidrs/role.ts';
import { storageVersionMigratorRole } from './storage-version-migration/role.ts';
import { statefulSetRole } from './stateful-set/role.ts';
import { trustBundlePublisherRole } from './trust-bundle-publisher/role.ts';
import { ttlAfterFinishedRole } from './ttl-after-finished/role.ts';
import { validatingAdmissionPolicyStatusRole } from './validating-admission-policy-status/role.ts';
import { attributesClassProtectionRole, claimProtectionRole, volumeProtectionRole } from './volume-protection/role.ts';

/**
 * The rules of upstream's controllers that are not here: programs that run under their names find their rights.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{controller,namespace}_policy.go.
 */
const absentRules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'expand-controller': [
    rule([...read, 'patch', 'update'], '', 'persistentvolumes'),
    rule(['patch', 'update'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
  podcertificaterequestcleaner: [rule([...read, 'delete'], 'certificates.k8s.io', 'podcertificaterequests')],
  'route-controller': [rule(['list', 'watch'], '', 'nodes'), rule(['patch'], '', 'nodes/status'), ...eventRules],
  'selinux-warning-controller': [
    rule(read, '', 'persistentvolumeclaims persistentvolumes pods'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    ...eventRules,
  ],
  'service-controller': [
    rule(read, '', 'services'),
    rule(['patch', 'update'], '', 'services/status'),
    rule(['list', 'watch'], '', 'nodes'),
    ...eventRules,
  ],
};

export const absentControllerRoles: readonly ControllerRole[] = [
  ...Object.entries(absentRules).map(([name, granted]) => ({ name, rules: granted })),
  { name: 'cloud-provider', namespaced: [{ namespace: 'kube-system', rules: [rule([...read, 'create'], '', 'configmaps')] }] },
];

export const controllerRoles: readonly ControllerRole[] = [
  deploymentRole,
  daemonSetRole,
  statefulSetRole,
  replicaSetRole,
  replicationControllerRole,
  jobRole,
  ttlAfterFinishedRole,
  nodeTtlRole,
  trustBundlePublisherRole,
  cronJobRole,
  disruptionRole,
  resourceClaimRole,
  deviceTaintEvictionRole,
  resourceQuotaRole,
  horizontalPodAutoscalerRole,
  certificatesRole,
  serviceCidrsRole,
  legacyTokenCleanerRole,
  endpointsRole,
  endpointSliceRole,
  endpointSliceMirroringRole,
  namespaceRole,
  customResourceDefinitionRole,
  validatingAdmissionPolicyStatusRole,
  garbageCollectorRole,
  nodeControllerRole,
  persistentVolumeBinderRole,
  localPathProvisionerRole,
  attachDetachRole,
  ephemeralVolumeRole,
  claimProtectionRole,
  attributesClassProtectionRole,
  volumeProtectionRole,
  podGarbageCollectorRole,
  rootCaRole,
  serviceAccountRole,
  clusterRoleAggregationRole,
  bootstrapSignerRole,
  tokenCleanerRole,
  storageVersionMigratorRole,
  ...absentControllerRoles,
];
