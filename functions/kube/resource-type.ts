/**
 * A resource: where its objects are served and what they are called. The constants are the typed handles that
 * controllers and the agent pass to a `Client`; the apiserver gets its resources from `resources/all.ts` instead.
 */
import type * as t from './generated/types.ts';
import type { KubeObject } from './object.ts';

export interface ResourceType<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in URLs: `pods`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it carries the type of the objects. */
  readonly object?: T;
}

export function resourceType<T extends KubeObject>(
  apiVersion: string,
  resource: string,
  kind: string,
  scope: 'Namespaced' | 'Cluster' = 'Namespaced',
): ResourceType<T> {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return { group, version, resource, kind, namespaced: scope === 'Namespaced' };
}

/** `apps/v1`, or `v1` for the core group. */
export const apiVersionOf = (type: Pick<ResourceType, 'group' | 'version'>): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** `deployments.apps`, or `pods` for the core group: the field's GroupResource, and the store's name for it. */
export const groupResource = (type: Pick<ResourceType, 'group' | 'resource'>): string =>
  type.group === '' ? type.resource : `${type.resource}.${type.group}`;

export const namespaces = resourceType<t.Namespace>('v1', 'namespaces', 'Namespace', 'Cluster');
export const pods = resourceType<t.Pod>('v1', 'pods', 'Pod');
export const nodes = resourceType<t.Node>('v1', 'nodes', 'Node', 'Cluster');
export const services = resourceType<t.Service>('v1', 'services', 'Service');
export const endpoints = resourceType<t.Endpoints>('v1', 'endpoints', 'Endpoints');
export const endpointSlices = resourceType<t.EndpointSlice>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice');
export const configMaps = resourceType<t.ConfigMap>('v1', 'configmaps', 'ConfigMap');
export const secrets = resourceType<t.Secret>('v1', 'secrets', 'Secret');
export const serviceAccounts = resourceType<t.ServiceAccount>('v1', 'serviceaccounts', 'ServiceAccount');
export const events = resourceType<t.Event>('v1', 'events', 'Event');
export const replicationControllers = resourceType<t.ReplicationController>('v1', 'replicationcontrollers', 'ReplicationController');
export const deployments = resourceType<t.Deployment>('apps/v1', 'deployments', 'Deployment');
export const replicaSets = resourceType<t.ReplicaSet>('apps/v1', 'replicasets', 'ReplicaSet');
export const customResourceDefinitions = resourceType<t.CustomResourceDefinition>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  'Cluster',
);
export const leases = resourceType<t.Lease>('coordination.k8s.io/v1', 'leases', 'Lease');
export const roles = resourceType<t.Role>('rbac.authorization.k8s.io/v1', 'roles', 'Role');
export const roleBindings = resourceType<t.RoleBinding>('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding');
export const clusterRoles = resourceType<t.ClusterRole>('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', 'Cluster');
export const clusterRoleBindings = resourceType<t.ClusterRoleBinding>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
  'Cluster',
);
export const daemonSets = resourceType<t.DaemonSet>('apps/v1', 'daemonsets', 'DaemonSet');
export const statefulSets = resourceType<t.StatefulSet>('apps/v1', 'statefulsets', 'StatefulSet');
export const controllerRevisions = resourceType<t.ControllerRevision>('apps/v1', 'controllerrevisions', 'ControllerRevision');
export const jobs = resourceType<t.Job>('batch/v1', 'jobs', 'Job');
export const cronJobs = resourceType<t.CronJob>('batch/v1', 'cronjobs', 'CronJob');
export const podDisruptionBudgets = resourceType<t.PodDisruptionBudget>('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget');
export const podTemplates = resourceType<t.PodTemplate>('v1', 'podtemplates', 'PodTemplate');
export const limitRanges = resourceType<t.LimitRange>('v1', 'limitranges', 'LimitRange');
export const resourceQuotas = resourceType<t.ResourceQuota>('v1', 'resourcequotas', 'ResourceQuota');
export const persistentVolumes = resourceType<t.PersistentVolume>('v1', 'persistentvolumes', 'PersistentVolume', 'Cluster');
export const persistentVolumeClaims = resourceType<t.PersistentVolumeClaim>('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim');
export const componentStatuses = resourceType<t.ComponentStatus>('v1', 'componentstatuses', 'ComponentStatus', 'Cluster');
export const priorityClasses = resourceType<t.PriorityClass>('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', 'Cluster');
export const horizontalPodAutoscalers = resourceType<t.AutoscalingHorizontalPodAutoscaler>(
  'autoscaling/v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const horizontalPodAutoscalersV1 = resourceType<t.HorizontalPodAutoscaler>(
  'autoscaling/v1',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const networkPolicies = resourceType<t.NetworkPolicy>('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy');
export const ingresses = resourceType<t.Ingress>('networking.k8s.io/v1', 'ingresses', 'Ingress');
export const ingressClasses = resourceType<t.IngressClass>('networking.k8s.io/v1', 'ingressclasses', 'IngressClass', 'Cluster');
export const serviceCIDRs = resourceType<t.ServiceCIDR>('networking.k8s.io/v1', 'servicecidrs', 'ServiceCIDR', 'Cluster');
export const ipAddresses = resourceType<t.IPAddress>('networking.k8s.io/v1', 'ipaddresses', 'IPAddress', 'Cluster');
export const storageClasses = resourceType<t.StorageClass>('storage.k8s.io/v1', 'storageclasses', 'StorageClass', 'Cluster');
export const csiDrivers = resourceType<t.CSIDriver>('storage.k8s.io/v1', 'csidrivers', 'CSIDriver', 'Cluster');
export const csiNodes = resourceType<t.CSINode>('storage.k8s.io/v1', 'csinodes', 'CSINode', 'Cluster');
export const csiStorageCapacities = resourceType<t.CSIStorageCapacity>('storage.k8s.io/v1', 'csistoragecapacities', 'CSIStorageCapacity');
export const volumeAttachments = resourceType<t.VolumeAttachment>('storage.k8s.io/v1', 'volumeattachments', 'VolumeAttachment', 'Cluster');
export const volumeAttributesClasses = resourceType<t.VolumeAttributesClass>(
  'storage.k8s.io/v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  'Cluster',
);
export const runtimeClasses = resourceType<t.RuntimeClass>('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', 'Cluster');
export const certificateSigningRequests = resourceType<t.CertificateSigningRequest>(
  'certificates.k8s.io/v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  'Cluster',
);
export const clusterTrustBundles = resourceType<t.ClusterTrustBundle>(
  'certificates.k8s.io/v1',
  'clustertrustbundles',
  'ClusterTrustBundle',
  'Cluster',
);
export const podCertificateRequests = resourceType<t.PodCertificateRequest>(
  'certificates.k8s.io/v1',
  'podcertificaterequests',
  'PodCertificateRequest',
);
export const mutatingWebhookConfigurations = resourceType<t.MutatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  'Cluster',
);
export const mutatingAdmissionPolicies = resourceType<t.MutatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicies',
  'MutatingAdmissionPolicy',
  'Cluster',
);
export const mutatingAdmissionPolicyBindings = resourceType<t.MutatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'mutatingadmissionpolicybindings',
  'MutatingAdmissionPolicyBinding',
  'Cluster',
);
export const validatingWebhookConfigurations = resourceType<t.ValidatingWebhookConfiguration>(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  'Cluster',
);
export const validatingAdmissionPolicies = resourceType<t.ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
  'Cluster',
);
export const validatingAdmissionPolicyBindings = resourceType<t.ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
  'Cluster',
);
export const apiServices = resourceType<t.APIService>('apiregistration.k8s.io/v1', 'apiservices', 'APIService', 'Cluster');
export const flowSchemas = resourceType<t.FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'flowschemas', 'FlowSchema', 'Cluster');
export const priorityLevelConfigurations = resourceType<t.PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'prioritylevelconfigurations',
  'PriorityLevelConfiguration',
  'Cluster',
);
export const deviceClasses = resourceType<t.DeviceClass>('resource.k8s.io/v1', 'deviceclasses', 'DeviceClass', 'Cluster');
export const deviceTaintRules = resourceType<t.DeviceTaintRule>('resource.k8s.io/v1', 'devicetaintrules', 'DeviceTaintRule', 'Cluster');
export const resourceClaims = resourceType<t.ResourceResourceClaim>('resource.k8s.io/v1', 'resourceclaims', 'ResourceClaim');
export const resourceClaimTemplates = resourceType<t.ResourceClaimTemplate>(
  'resource.k8s.io/v1',
  'resourceclaimtemplates',
  'ResourceClaimTemplate',
);
export const resourceSlices = resourceType<t.ResourceSlice>('resource.k8s.io/v1', 'resourceslices', 'ResourceSlice', 'Cluster');
export const storageVersionMigrations = resourceType<t.StorageVersionMigration>(
  'storagemigration.k8s.io/v1',
  'storageversionmigrations',
  'StorageVersionMigration',
  'Cluster',
);
export const eventsV1 = resourceType<t.EventsEvent>('events.k8s.io/v1', 'events', 'Event');
