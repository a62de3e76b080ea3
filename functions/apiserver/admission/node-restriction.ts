/**
 * What a node may not do though the authorizer lets it try, since only the object tells: touch another node's Node,
 * pods or lease, or give itself labels and taints that attract pods.
 * Source: plugin/pkg/admission/noderestriction/admission.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import { groupResource, leases, nodes, pods } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import { nodeOf } from '../auth/groups.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { refuse } from './refuse.ts';

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const leaseNamespace = 'kube-node-lease';
const restrictedLabel = /^([a-z0-9-.]+\.)?node-restriction\.kubernetes\.io\//;

/** Why not, or ''. */
type Check = (nodeName: string, attributes: AdmissionAttributes, view: View) => string;

const checkPod: Check = (nodeName, { operation, object, oldObject }) => {
  if (operation === 'CREATE') {
    const pod = object as Pod | undefined;
    if (pod?.metadata.annotations?.[mirrorAnnotation] === undefined) {
      return `pod does not have "${mirrorAnnotation}" annotation, node "${nodeName}" can only create mirror pods`;
    }
    return pod.spec?.nodeName === nodeName ? '' : `node "${nodeName}" can only create pods with spec.nodeName set to itself`;
  }
  if (operation === 'UPDATE') return `unexpected operation "${operation}", node "${nodeName}" can only create and delete mirror pods`;
  const isOwn = (oldObject as Pod | undefined)?.spec?.nodeName === nodeName;
  return isOwn ? '' : `node "${nodeName}" can only delete pods with spec.nodeName set to itself`;
};

const checkPodStatus: Check = (nodeName, { oldObject, object }) => {
  if ((oldObject as Pod | undefined)?.spec?.nodeName !== nodeName) {
    return `node "${nodeName}" can only update pod status for pods with spec.nodeName set to itself`;
  }
  const isSame = deepEqual(oldObject?.metadata.labels, object?.metadata.labels);
  return isSame ? '' : `node "${nodeName}" cannot update labels through pod status`;
};

const checkPodEviction: Check = (nodeName, { namespace, name }, view) => {
  const pod = view.get({ resource: groupResource(pods), namespace, name })?.object as Pod | undefined;
  const isOwn = pod === undefined || pod.spec?.nodeName === nodeName;
  return isOwn ? '' : `node ${nodeName} can only evict pods with spec.nodeName set to itself`;
};

function changedRestrictedLabels(next: Node | undefined, current: Node | undefined): string[] {
  const [after, before] = [next?.metadata.labels ?? {}, current?.metadata.labels ?? {}];
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((key) => restrictedLabel.test(key) && after[key] !== before[key])
    .sort();
}

const checkNode: Check = (nodeName, { operation, name, object, oldObject }) => {
  const asked = name === '' ? (object?.metadata.name ?? '') : name;
  if (asked !== nodeName) return `node "${nodeName}" is not allowed to modify node "${asked}"`;
  if (operation === 'DELETE') return '';
  const [next, current] = [object as Node | undefined, oldObject as Node | undefined];
  const labels = changedRestrictedLabels(next, current);
  if (labels.length > 0) {
    return `node "${nodeName}" is not allowed to ${operation === 'CREATE' ? 'set' : 'modify'} the following labels: ${labels.join(', ')}`;
  }
  const isSame = operation === 'CREATE' || deepEqual(next?.spec.taints ?? [], current?.spec.taints ?? []);
  return isSame ? '' : `node "${nodeName}" is not allowed to modify taints`;
};

const checkLease: Check = (nodeName, { namespace, name, object }) => {
  if (namespace !== leaseNamespace) return `can only access leases in the "${leaseNamespace}" system namespace`;
  const asked = name === '' ? (object?.metadata.name ?? '') : name;
  return asked === nodeName ? '' : 'can only access node lease with the same name as the requesting node';
};

const place = (type: ResourceType, subresource = ''): string => `${groupResource(type)}/${subresource}`;

const checks: ReadonlyMap<string, Check> = new Map([
  [place(pods), checkPod],
  [place(pods, 'status'), checkPodStatus],
  [place(pods, 'eviction'), checkPodEviction],
  [place(nodes), checkNode],
  [place(nodes, 'status'), checkNode],
  [place(leases), checkLease],
]);

export const nodeRestriction: PluginKind = {
  name: 'NodeRestriction',
  isDefault: true,
  create: ({ store }) => nodeRestrictionOf(() => store.view()),
};

function nodeRestrictionOf(view: () => View): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ user, type, subresource }) => nodeOf(user) !== undefined && checks.has(place(type, subresource)),
    async admit(attributes) {
      const nodeName = nodeOf(attributes.user) ?? '';
      const why = checks.get(place(attributes.type, attributes.subresource))?.(nodeName, attributes, view()) ?? '';
      if (why !== '') throw refuse(attributes, why);
    },
  };
}
