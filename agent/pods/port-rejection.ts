/**
 * Whether a pod that was bound to this node without the scheduler wants a port that another pod has.
 * Source: pkg/kubelet/lifecycle/predicate.go; plugins/nodeports/node_ports.go
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { hostPortsOf, noFreePorts, portsClash } from '../../functions/kube/host-ports.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { isPodFinished } from '../../functions/kube/pod.ts';
import { parseTime } from '../../functions/kube/time.ts';
import type { Rejection } from './node-features.ts';

const rejection: Rejection = { reason: 'NodePorts', message: `Predicate NodePorts failed: ${noFreePorts}` };

const createdMs = ({ metadata }: Pod): number => (metadata.creationTimestamp === undefined ? 0 : parseTime(metadata.creationTimestamp));
const isOlder = (a: Pod, b: Pod): boolean => createdMs(a) < createdMs(b) || (createdMs(a) === createdMs(b) && uidOf(a) < uidOf(b));

/** `neighbours`: every pod of the node. A pod that was refused once stays so, and one that was accepted keeps its ports. */
export function portRejection(pod: Pod, neighbours: readonly Pod[]): Rejection | undefined {
  const { phase, reason, startTime } = pod.status ?? {};
  if (phase === 'Failed' && reason === rejection.reason) return rejection;
  const wanted = hostPortsOf(pod);
  if (startTime !== undefined || wanted.length === 0) return undefined;
  const holders = neighbours.filter(
    (other) => uidOf(other) !== uidOf(pod) && !isPodFinished(other) && (other.status?.startTime !== undefined || isOlder(other, pod)),
  );
  return portsClash(wanted, holders.flatMap(hostPortsOf)) ? rejection : undefined;
}
