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
export const apiVersionOf = (type: ResourceType): string => (type.group === '' ? type.version : `${type.group}/${type.version}`);

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
