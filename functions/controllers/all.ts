/** Every controller. What wakes them is also in `watches.ts`, without what they do. */
import type { ResourceTypes } from './shared/resource-types.ts';
import type { Controller } from '../workers/controller.ts';
import { claimUsesController } from './resource-claim/claim-uses.ts';
import { podClaimsController } from './resource-claim/pod-claims.ts';
import { attachDetachController } from './attach-detach/controller.ts';
import { cronJobController } from './cron-job/controller.ts';
import { customResourceDefinitionController } from './custom-resource-definition/controller.ts';
import { daemonSetController } from './daemon-set/controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { endpointSliceController } from './endpoint-slice/controller.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring/controller.ts';
import { endpointsController } from './endpoints/controller.ts';
import { ephemeralVolumeController } from './ephemeral-volume/controller.ts';
import { bootstrapSignerController } from './bootstrap/bootstrap-signer.ts';
import { tokenCleanerController } from './bootstrap/token-cleaner.ts';
import { certificateApprovingController } from './certificates/approver.ts';
import { certificateCleanerController } from './certificates/cleaner.ts';
import { type CertificateSigner, createCertificateSigningController } from './certificates/signer.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation/controller.ts';
import { createDisruptionController } from './disruption/controller.ts';
import { staleDisruptionController } from './disruption/stale-conditions.ts';
import { createGarbageCollector } from './garbage-collector/controller.ts';
import { jobController } from './job/controller.ts';
import { jobOrphanPodsController } from './job/orphan-pods.ts';
import { createAutoscalerController } from './horizontal-pod-autoscaler/controller.ts';
import { localPathController } from './local-path-provisioner/controller.ts';
import { createLegacyTokenCleaner, type PodSecretNames } from './legacy-token-cleaner/controller.ts';
import { createNamespaceController } from './namespace/controller.ts';
import { nodeTtlController } from './node-ttl/controller.ts';
import { createNodeLifecycleController } from './node-lifecycle/controller.ts';
import { persistentVolumeBinder } from './persistent-volume-binder/controller.ts';
import { createPodGarbageCollector } from './pod-garbage-collector/controller.ts';
import { replicaSetController } from './replica-set/controller.ts';
import { replicationController } from './replication-controller/controller.ts';
import { createRootCaController } from './root-ca/controller.ts';
import { createResourceQuotaController, type QuotaRules } from './resource-quota/controller.ts';
import { serviceAccountController } from './service-account/controller.ts';
import { statefulSetController } from './stateful-set/controller.ts';
import { createDeviceTaintControllers } from './device-taint-eviction/controller.ts';
import { createTaintEvictionController } from './taint-eviction/controller.ts';
import { createStorageVersionMigrationController } from './storage-version-migration/controller.ts';
import { serviceCidrsController } from './service-cidrs/controller.ts';
import { createTrustBundlePublisher } from './trust-bundle-publisher/controller.ts';
import { createTokenController, type SecretToken } from './token/controller.ts';
import { ttlAfterFinishedController } from './ttl-after-finished/controller.ts';
import { createPolicyStatusController, type TypeWarnings } from './validating-admission-policy-status/controller.ts';
import { attributesClassProtectionController } from './volume-protection/attributes-classes.ts';
import { claimProtectionController } from './volume-protection/claims.ts';
import { volumeProtectionController } from './volume-protection/volumes.ts';

export interface ControllersOptions {
  /** Every resource that the API stores, at each call. */
  readonly resourceTypes: ResourceTypes;
  readonly quotaRules: QuotaRules;
  /** What pods get to trust the API by. */
  readonly certificateAuthorityPem: string;
  /** Without it nothing is signed: only a host that keeps the authority's key has it. */
  readonly certificateSigner?: CertificateSigner;
  /** Without it no token of a Secret is cleaned up. */
  readonly podSecretNames?: PodSecretNames;
  /** Without it no token is put into a Secret. */
  readonly secretToken?: SecretToken;
  /** Without it no expression of a policy is checked against the kinds that it names. */
  readonly typeWarnings?: TypeWarnings;
  /** Since when nodes could reach the control plane; see node-lifecycle. */
  readonly listeningSinceMs?: number;
}

const isCertificate = (pem: string): boolean => pem.includes('-----BEGIN CERTIFICATE-----');

export function createControllers(options: ControllersOptions): readonly Controller[] {
  return [
    deploymentController,
    daemonSetController,
    statefulSetController,
    replicaSetController,
    replicationController,
    jobController,
    jobOrphanPodsController,
    ttlAfterFinishedController,
    cronJobController,
    createDisruptionController(options.resourceTypes),
    staleDisruptionController,
    createAutoscalerController(options.resourceTypes),
    createResourceQuotaController(options.quotaRules, options.resourceTypes),
    endpointSliceController,
    endpointsController,
    endpointSliceMirroringController,
    createNamespaceController(options.resourceTypes),
    customResourceDefinitionController,
    serviceAccountController,
    createRootCaController(options.certificateAuthorityPem),
    ...(isCertificate(options.certificateAuthorityPem) ? [createTrustBundlePublisher(options.certificateAuthorityPem)] : []),
    ...(options.secretToken === undefined ? [] : [createTokenController(options.certificateAuthorityPem, options.secretToken)]),
    ...(options.podSecretNames === undefined ? [] : [createLegacyTokenCleaner(options.podSecretNames)]),
    clusterRoleAggregationController,
    serviceCidrsController,
    createStorageVersionMigrationController(options.resourceTypes),
    tokenCleanerController,
    bootstrapSignerController,
    certificateApprovingController,
    ...(options.certificateSigner === undefined ? [] : [createCertificateSigningController(options.certificateSigner)]),
    certificateCleanerController,
    createGarbageCollector(options.resourceTypes),
    createNodeLifecycleController(options),
    nodeTtlController,
    ...(options.typeWarnings === undefined ? [] : [createPolicyStatusController(options.typeWarnings)]),
    createTaintEvictionController(),
    ...createDeviceTaintControllers(),
    createPodGarbageCollector(),
    persistentVolumeBinder,
    localPathController,
    attachDetachController,
    ephemeralVolumeController,
    podClaimsController,
    claimUsesController,
    claimProtectionController,
    volumeProtectionController,
    attributesClassProtectionController,
  ];
}
