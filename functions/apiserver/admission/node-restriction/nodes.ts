/** A node and its own Node: labels, taints and owners that steer pods stay as the administrator set them. */
import { deepEqual } from '../../../kube/equality.ts';
import type { Node } from '../../../kube/generated/types.ts';
import { labelsOf } from '../../../kube/object.ts';
import type { View } from '../../../kube/view.ts';
import { addressesOfOthers, internalIps } from '../../nodes/node-addresses.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { type Check, quote } from './check.ts';

const restrictedDomain = 'node-restriction.kubernetes.io';
const kubernetesDomains = ['kubernetes.io', 'k8s.io'];

/** Source: kubelet, pkg/apis/well_known_labels.go. */
const ownLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
]);
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

const domainOf = (label: string): string => (label.includes('/') ? label.slice(0, label.indexOf('/')) : '');
const isBelow = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);

export function isForbiddenLabel(label: string): boolean {
  const domain = domainOf(label);
  if (isBelow(domain, restrictedDomain)) return true;
  if (!kubernetesDomains.some((parent) => isBelow(domain, parent))) return false;
  return !ownLabels.has(label) && !ownDomains.some((parent) => isBelow(domain, parent));
}

function forbiddenLabels(next: Node, current: Node | undefined): string[] {
  const [after, before] = [labelsOf(next), current === undefined ? {} : labelsOf(current)];
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((label) => after[label] !== before[label] && isForbiddenLabel(label))
    .sort();
}

/** `''`, null and absent are the same to Go. */
const list = (values: readonly unknown[] | null | undefined): readonly unknown[] => values ?? [];

function creation(nodeName: string, node: Node): string {
  if (node.spec.configSource) return `node ${quote(nodeName)} is not allowed to create pods with a non-nil configSource`;
  // Ours: upstream's range controller gives ranges only to nodes that have none, and believes the others.
  if (node.spec.podCIDR || list(node.spec.podCIDRs).length > 0) return `node ${quote(nodeName)} is not allowed to set podCIDR`;
  const labels = forbiddenLabels(node, undefined);
  return labels.length === 0 ? '' : `node ${quote(nodeName)} is not allowed to set the following labels: ${labels.join(', ')}`;
}

function update(nodeName: string, next: Node, current: Node): string {
  const who = `node ${quote(nodeName)} is not allowed to`;
  if (next.spec.configSource && !deepEqual(next.spec.configSource, current.spec.configSource)) {
    return `${who} update configSource to a new non-nil configSource`;
  }
  if (!deepEqual(list(next.spec.taints), list(current.spec.taints))) return `${who} modify taints`;
  if (!deepEqual(list(next.metadata.ownerReferences), list(current.metadata.ownerReferences))) return `${who} modify ownerReferences`;
  if ((next.spec.podCIDR ?? '') !== (current.spec.podCIDR ?? '') || !deepEqual(list(next.spec.podCIDRs), list(current.spec.podCIDRs))) {
    return `${who} set podCIDR`;
  }
  const labels = forbiddenLabels(next, current);
  return labels.length === 0 ? '' : `is not allowed to modify labels: ${labels.join(', ')}`;
}

const nameOfWrite = ({ name, object }: AdmissionAttributes): string => (name === '' ? (object?.metadata.name ?? '') : name);

export const checkNode: Check = async (attributes, { nodeName, view }) => {
  const { operation, object, oldObject } = attributes;
  const name = nameOfWrite(attributes);
  if (name !== nodeName) return `node ${quote(nodeName)} is not allowed to modify node ${quote(name)}`;
  if (operation === 'DELETE') return '';
  const [node, current] = [object as Node, oldObject as Node | undefined];
  const problem = current === undefined ? creation(nodeName, node) : update(nodeName, node, current);
  return problem === '' ? addressProblem(nodeName, node, current, view()) : problem;
};

/** A rule of Hibernetes alone: see `nodes/node-addresses.ts`. */
function addressProblem(nodeName: string, next: Node, current: Node | undefined, view: View): string {
  const known = current === undefined ? [] : internalIps(current);
  const claimed = internalIps(next).filter((address) => !known.includes(address));
  const others = claimed.length === 0 ? undefined : addressesOfOthers(view, nodeName);
  const foreign = claimed.find((address) => others?.has(address));
  return foreign === undefined ? '' : `node ${quote(nodeName)} is not allowed to take the InternalIP ${foreign} of another node`;
}
