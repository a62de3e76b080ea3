/** The columns of `kubectl get nodes`. Source: pkg/printers/internalversion/printers.go, printNode. */
import { conditionOf } from '../../../kube/conditions.ts';
import type { Node } from '../../../kube/generated/types.ts';
import { labelsOf } from '../../../kube/object.ts';
import { ageColumn, nameColumn, none, textColumn, unknown, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const rolePrefix = 'node-role.kubernetes.io/';

function statusText({ status, spec }: Node): string {
  const ready = conditionOf(status?.conditions, 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (spec?.unschedulable === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function rolesText(node: Node): string {
  const roles = Object.entries(labelsOf(node)).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return [...new Set(roles)].toSorted().join(',') || none;
}

const addressOf = ({ status }: Node, type: string): string => status?.addresses?.find((address) => address.type === type)?.address ?? none;

export const columns: readonly Column<Node>[] = [
  nameColumn,
  textColumn('Status', 'Whether the node is ready, and takes new pods.', statusText),
  textColumn('Roles', 'What the node is for.', rolesText),
  ageColumn,
  textColumn('Version', 'Version of Kubernetes that the node speaks.', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
  wide(textColumn('Internal-IP', 'Address inside the cluster.', (node) => addressOf(node, 'InternalIP'))),
  wide(textColumn('External-IP', 'Address outside the cluster.', (node) => addressOf(node, 'ExternalIP'))),
  wide(textColumn('OS-Image', 'Operating system.', ({ status }) => status?.nodeInfo?.osImage || unknown)),
  wide(textColumn('Kernel-Version', 'Version of the kernel.', ({ status }) => status?.nodeInfo?.kernelVersion || unknown)),
  wide(textColumn('Container-Runtime', 'What runs the containers.', ({ status }) => status?.nodeInfo?.containerRuntimeVersion || unknown)),
];
