/** Every kind that this cluster serves. The only file that names them all, in the order in which discovery lists them. */
import { type ClusterNetworks, defaultNetworks } from '../kube/cluster-networks.ts';
import { controllerRevisionDefinition } from './apps/controllerrevision/definition.ts';
import { daemonSetDefinition } from './apps/daemonset/definition.ts';
import { deploymentDefinition } from './apps/deployment/definition.ts';
import { replicaSetDefinition } from './apps/replicaset/definition.ts';
import { statefulSetDefinition } from './apps/statefulset/definition.ts';
import { horizontalPodAutoscalerDefinition } from './autoscaling/horizontalpodautoscaler/definition.ts';
import { cronJobDefinition } from './batch/cronjob/definition.ts';
import { jobDefinition } from './batch/job/definition.ts';
import { customResourceDefinitionDefinition } from './apiextensions/customresourcedefinition/definition.ts';
import { leaseDefinition } from './coordination/lease/definition.ts';
import { componentStatusDefinition } from './core/componentstatus/definition.ts';
import { configMapDefinition } from './core/configmap/definition.ts';
import { endpointsDefinition } from './core/endpoints/definition.ts';
import { eventDefinition } from './core/event/definition.ts';
import { limitRangeDefinition } from './core/limitrange/definition.ts';
import { namespaceDefinition } from './core/namespace/definition.ts';
import { nodeDefinition } from './core/node/definition.ts';
import { persistentVolumeDefinition } from './core/persistentvolume/definition.ts';
import { persistentVolumeClaimDefinition } from './core/persistentvolumeclaim/definition.ts';
import { podDefinition } from './core/pod/definition.ts';
import { podTemplateDefinition } from './core/podtemplate/definition.ts';
import { replicationControllerDefinition } from './core/replicationcontroller/definition.ts';
import { resourceQuotaDefinition } from './core/resourcequota/definition.ts';
import { secretDefinition } from './core/secret/definition.ts';
import { serviceDefinition } from './core/service/definition.ts';
import { serviceAccountDefinition } from './core/serviceaccount/definition.ts';
import type { AnyDefinition } from './definition.ts';
import { endpointSliceDefinition } from './discovery/endpointslice/definition.ts';
import { ingressClassDefinition } from './networking/ingressclass/definition.ts';
import { ingressDefinition } from './networking/ingress/definition.ts';
import { ipAddressDefinition } from './networking/ipaddress/definition.ts';
import { networkPolicyDefinition } from './networking/networkpolicy/definition.ts';
import { serviceCIDRDefinition } from './networking/servicecidr/definition.ts';
import { csiDriverDefinition } from './storage/csidriver/definition.ts';
import { csiNodeDefinition } from './storage/csinode/definition.ts';
import { csiStorageCapacityDefinition } from './storage/csistoragecapacity/definition.ts';
import { storageClassDefinition } from './storage/storageclass/definition.ts';
import { volumeAttachmentDefinition } from './storage/volumeattachment/definition.ts';
import { volumeAttributesClassDefinition } from './storage/volumeattributesclass/definition.ts';
import { mutatingAdmissionPolicyDefinition } from './admissionregistration/mutatingadmissionpolicy/definition.ts';
import { mutatingAdmissionPolicyBindingDefinition } from './admissionregistration/mutatingadmissionpolicybinding/definition.ts';
import { mutatingWebhookConfigurationDefinition } from './admissionregistration/mutatingwebhookconfiguration/definition.ts';
import { validatingAdmissionPolicyDefinition } from './admissionregistration/validatingadmissionpolicy/definition.ts';
import { validatingAdmissionPolicyBindingDefinition } from './admissionregistration/validatingadmissionpolicybinding/definition.ts';
import { validatingWebhookConfigurationDefinition } from './admissionregistration/validatingwebhookconfiguration/definition.ts';
import { certificateSigningRequestDefinition } from './certificates/certificatesigningrequest/definition.ts';
import { clusterTrustBundleDefinition } from './certificates/clustertrustbundle/definition.ts';
import { podCertificateRequestDefinition } from './certificates/podcertificaterequest/definition.ts';
import { runtimeClassDefinition } from './node/runtimeclass/definition.ts';
import { deviceClassDefinition } from './resource/deviceclass/definition.ts';
import { deviceTaintRuleDefinition } from './resource/devicetaintrule/definition.ts';
import { resourceClaimDefinition } from './resource/resourceclaim/definition.ts';
import { resourceClaimTemplateDefinition } from './resource/resourceclaimtemplate/definition.ts';
import { resourceSliceDefinition } from './resource/resourceslice/definition.ts';
import { flowSchemaDefinition } from './flowcontrol/flowschema/definition.ts';
import { priorityLevelConfigurationDefinition } from './flowcontrol/prioritylevelconfiguration/definition.ts';
import { storageVersionMigrationDefinition } from './storagemigration/storageversionmigration/definition.ts';
import { apiServiceDefinition } from './apiregistration/apiservice/definition.ts';
import { podDisruptionBudgetDefinition } from './policy/poddisruptionbudget/definition.ts';
import { clusterRoleDefinition } from './rbac/clusterrole/definition.ts';
import { clusterRoleBindingDefinition } from './rbac/clusterrolebinding/definition.ts';
import { roleDefinition } from './rbac/role/definition.ts';
import { roleBindingDefinition } from './rbac/rolebinding/definition.ts';
import { priorityClassDefinition } from './scheduling/priorityclass/definition.ts';

/** Core first, then the groups in upstream's order: the first group that knows a name is the one kubectl means. */
export function createDefinitions(networks: ClusterNetworks = defaultNetworks): readonly AnyDefinition[] {
  return [
    componentStatusDefinition,
    configMapDefinition,
    endpointsDefinition,
    eventDefinition,
    limitRangeDefinition,
    namespaceDefinition,
    nodeDefinition(networks),
    persistentVolumeClaimDefinition,
    persistentVolumeDefinition,
    podDefinition,
    podTemplateDefinition,
    replicationControllerDefinition,
    resourceQuotaDefinition,
    secretDefinition,
    serviceAccountDefinition,
    serviceDefinition(networks),
    apiServiceDefinition,
    controllerRevisionDefinition,
    daemonSetDefinition,
    deploymentDefinition,
    replicaSetDefinition,
    statefulSetDefinition,
    horizontalPodAutoscalerDefinition,
    cronJobDefinition,
    jobDefinition,
    certificateSigningRequestDefinition,
    clusterTrustBundleDefinition,
    podCertificateRequestDefinition,
    ingressClassDefinition,
    ingressDefinition,
    ipAddressDefinition,
    networkPolicyDefinition,
    serviceCIDRDefinition,
    podDisruptionBudgetDefinition,
    customResourceDefinitionDefinition,
    clusterRoleBindingDefinition,
    clusterRoleDefinition,
    roleBindingDefinition,
    roleDefinition,
    csiDriverDefinition,
    csiNodeDefinition,
    csiStorageCapacityDefinition,
    storageClassDefinition,
    volumeAttachmentDefinition,
    volumeAttributesClassDefinition,
    mutatingAdmissionPolicyDefinition,
    mutatingAdmissionPolicyBindingDefinition,
    mutatingWebhookConfigurationDefinition,
    validatingAdmissionPolicyDefinition,
    validatingAdmissionPolicyBindingDefinition,
    validatingWebhookConfigurationDefinition,
    priorityClassDefinition,
    leaseDefinition,
    runtimeClassDefinition,
    endpointSliceDefinition,
    deviceClassDefinition,
    deviceTaintRuleDefinition,
    resourceClaimDefinition,
    resourceClaimTemplateDefinition,
    resourceSliceDefinition,
    flowSchemaDefinition,
    priorityLevelConfigurationDefinition,
    storageVersionMigrationDefinition,
  ];
}
