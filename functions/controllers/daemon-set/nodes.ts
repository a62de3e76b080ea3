/** The nodes that concern a DaemonSet, each with its pods there. Pure. */
import type { DaemonSet, Node, Pod } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { parseTime } from '../../kube/time.ts';
import type { Placement } from './placement.ts';
import { placementOf, targetNodeOf } from './placement.ts';

export interface DaemonNode extends Placement {
  readonly name: string;
  /** False once the node was deleted and its pods are still there. */
  readonly exists: boolean;
  /** The oldest first, those on their node before those that wait for it. */
  readonly pods: readonly Pod[];
}

const createdMs = ({ metadata }: Pod): number => (metadata.creationTimestamp === undefined ? 0 : parseTime(metadata.creationTimestamp));
const isAssigned = ({ spec }: Pod): boolean => (spec?.nodeName ?? '') !== '';

const oldestFirst = (a: Pod, b: Pod): number =>
  Number(isAssigned(b)) - Number(isAssigned(a)) || createdMs(a) - createdMs(b) || (nameOf(a) < nameOf(b) ? -1 : 1);

export function daemonNodes(set: DaemonSet, nodes: readonly Node[], pods: readonly Pod[]): DaemonNode[] {
  const podsByNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const name = targetNodeOf(pod);
    // A finished pod that is going away is gone as far as its node is concerned.
    if (name === undefined || (isPodFinished(pod) && isTerminating(pod))) continue;
    podsByNode.set(name, [...(podsByNode.get(name) ?? []), pod]);
  }
  const podsOn = (name: string): Pod[] => (podsByNode.get(name) ?? []).sort(oldestFirst);
  const placement = placementOf(set);
  const known = nodes.map((node) => ({ name: nameOf(node), exists: true, pods: podsOn(nameOf(node)), ...placement(node) }));
  const names = new Set(known.map(({ name }) => name));
  const orphaned = [...podsByNode.keys()]
    .filter((name) => !names.has(name))
    .map((name) => ({ name, exists: false, pods: podsOn(name), shouldRun: false, shouldContinue: false }));
  return [...known, ...orphaned];
}
