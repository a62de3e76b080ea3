/** What wakes the controllers of `all.ts`, for code that only rings for them: what they do does not come along. */
import type { Watch } from '../workers/controller.ts';
import { attachDetachWatches } from './attach-detach/watches.ts';
import { bootstrapSignerWatches, tokenCleanerWatches } from './bootstrap/watches.ts';
import { approverWatches } from './certificates/watches.ts';
import { clusterRoleAggregationWatches } from './clusterrole-aggregation/watches.ts';
import { cronJobWatches } from './cron-job/watches.ts';
import { customResourceDefinitionWatches } from './custom-resource-definition/watches.ts';
import { daemonSetWatches } from './daemon-set/watches.ts';
import { deploymentWatches } from './deployment/watches.ts';
import { disruptionWatches, staleDisruptionWatches } from './disruption/watches.ts';
import { endpointSliceMirroringWatches } from './endpoint-slice-mirroring/watches.ts';
import { endpointSliceWatches } from './endpoint-slice/watches.ts';
import { endpointsWatches } from './endpoints/watches.ts';
import { ephemeralVolumeWatches } from './ephemeral-volume/watches.ts';
import { OwnershipGraph } from './garbage-collector/graph.ts';
import { garbageCollectorWatches, watchesOfAnyOwner } from './garbage-collector/watches.ts';
import { autoscalerWatches } from './horizontal-pod-autoscaler/watches.ts';
import { jobWatches, jobOrphanPodsWatches } from './job/watches.ts';
import { localPathWatches } from './local-path-provisioner/watches.ts';
import { namespaceWatches } from './namespace/watches.ts';
import { nodeLifecycleWatches } from './node-lifecycle/watches.ts';
import { nodeTtlWatches } from './node-ttl/watches.ts';
import { persistentVolumeWatches } from './persistent-volume-binder/watches.ts';
import { podGarbageCollectorWatches } from './pod-garbage-collector/watches.ts';
import { claimUseWatches, podClaimWatches } from './resource-claim/watches.ts';
import { replicaSetWatches } from './replica-set/watches.ts';
import { replicationControllerWatches } from './replication-controller/watches.ts';
import { type CountedResource, resourceQuotaWatches } from './resource-quota/watches.ts';
import { rootCaWatches } from './root-ca/watches.ts';
import { serviceAccountWatches } from './service-account/watches.ts';
import { serviceCidrWatches } from './service-cidrs/watches.ts';
import type { ResourceTypes } from './shared/resource-types.ts';
import { statefulSetWatches } from './stateful-set/watches.ts';
import { storageVersionMigrationWatches } from './storage-version-migration/watches.ts';
import { deviceTaintEvictionWatches, deviceTaintRuleWatches } from './device-taint-eviction/watches.ts';
import { taintEvictionWatches } from './taint-eviction/watches.ts';
import { tokenWatches } from './token/watches.ts';
import { trustBundleWatches } from './trust-bundle-publisher/watches.ts';
import { ttlAfterFinishedWatches } from './ttl-after-finished/watches.ts';
import { policyStatusWatches } from './validating-admission-policy-status/watches.ts';
import { claimProtectionWatches, volumeProtectionWatches, attributesClassProtectionWatches } from './volume-protection/watches.ts';

export interface WatchesOptions {
  readonly countedResource: CountedResource;
  /** Every resource that the API stores. Without it, the garbage collector watches more of them than it would. */
  readonly resourceTypes?: ResourceTypes;
}

export const controllerWatches = ({ countedResource, resourceTypes }: WatchesOptions): readonly Watch[] => [
  ...bootstrapSignerWatches,
  ...tokenCleanerWatches,
  ...approverWatches,
  ...clusterRoleAggregationWatches,
  ...cronJobWatches,
  ...customResourceDefinitionWatches,
  ...daemonSetWatches,
  ...deploymentWatches,
  ...disruptionWatches,
  ...staleDisruptionWatches,
  ...endpointSliceMirroringWatches,
  ...endpointSliceWatches,
  ...endpointsWatches,
  ...ephemeralVolumeWatches,
  ...podClaimWatches,
  ...claimUseWatches,
  ...(resourceTypes === undefined ? watchesOfAnyOwner : garbageCollectorWatches(new OwnershipGraph(resourceTypes))),
  ...autoscalerWatches,
  ...jobWatches,
  ...jobOrphanPodsWatches,
  ...localPathWatches,
  ...attachDetachWatches,
  ...namespaceWatches,
  ...nodeLifecycleWatches,
  ...nodeTtlWatches,
  ...persistentVolumeWatches,
  ...podGarbageCollectorWatches(),
  ...replicaSetWatches,
  ...replicationControllerWatches,
  ...resourceQuotaWatches(countedResource),
  ...rootCaWatches,
  ...trustBundleWatches,
  ...serviceAccountWatches,
  ...serviceCidrWatches,
  ...storageVersionMigrationWatches,
  ...statefulSetWatches,
  ...taintEvictionWatches,
  ...deviceTaintEvictionWatches,
  ...deviceTaintRuleWatches,
  ...tokenWatches,
  ...ttlAfterFinishedWatches,
  ...policyStatusWatches,
  ...claimProtectionWatches,
  ...volumeProtectionWatches,
  ...attributesClassProtectionWatches,
];
