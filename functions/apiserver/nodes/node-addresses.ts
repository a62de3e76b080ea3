/** Which addresses belong to which node. */
import { conditionOf } from '../../kube/conditions.ts';
import type { Node } from '../../kube/generated/types.ts';
import { groupResource, nodes } from '../../kube/resource-type.ts';
import { readable } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';

export const internalIps = ({ status }: Node): readonly string[] =>
  (status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : []));

/** A node that is gone keeps no address from the machine that has it next. */
const isReady = ({ status }: Node): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';

/** The InternalIPs of all other nodes that are ready. */
export function addressesOfOthers(view: View, nodeName: string): ReadonlySet<string> {
  const others = readable(view.list(groupResource(nodes))).filter(({ key }) => key.name !== nodeName);
  return new Set(others.map(({ object }) => object as Node).flatMap((node) => (isReady(node) ? internalIps(node) : [])));
}
