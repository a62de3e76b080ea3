/** What the server decides about a pod's fields. Source: pkg/registry/core/pod/strategy.go. */
import type { Pod, PodStatus } from '../../../kube/generated/types.ts';
import { qosClassOf } from '../../../kube/pod-qos.ts';
import { timestamp } from '../../../kube/time.ts';
import type { WriteContext } from '../../definition.ts';
import { takeAnnotatedProfiles } from './annotated-profiles.ts';
import { alignServiceAccount } from '../../../kube/pod-defaults.ts';
import { applyLabelKeys } from './label-keys.ts';

export function prepareForCreate(pod: Pod, { nowMs, warn }: WriteContext): void {
  alignServiceAccount(pod.spec);
  takeAnnotatedProfiles(pod, warn);
  applyLabelKeys(pod);
  pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
  if (pod.spec.schedulingGates?.length) pod.status.conditions = [gatedCondition(nowMs)];
}

/** No probe sets this condition: Go writes the missing time as null. */
const neverProbed: object = { lastProbeTime: null };

const gatedCondition = (nowMs: number): NonNullable<PodStatus['conditions']>[number] => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
  lastTransitionTime: timestamp(nowMs),
  ...neverProbed,
});

export function prepareForUpdate(next: Pod): void {
  alignServiceAccount(next.spec);
}

export function prepareForStatusUpdate(next: Pod, current: Pod): void {
  next.status ??= {};
  next.status.qosClass ??= current.status?.qosClass ?? qosClassOf(current);
  alignAddresses(next.status);
  keepObservedGenerations(next.status, current.status);
}

/** An older kubelet does not know of them. Source: preserveOldObservedGeneration. */
function keepObservedGenerations(status: PodStatus, current: PodStatus = {}): void {
  const { observedGeneration } = current;
  if (!status.observedGeneration && observedGeneration !== undefined) status.observedGeneration = observedGeneration;
  // A type may stand there several times: the first takes from the first.
  const former = [...(current.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const index = former.findIndex(({ type }) => type === condition.type);
    const [known] = index === -1 ? [] : former.splice(index, 1);
    if (!condition.observedGeneration && known?.observedGeneration !== undefined) condition.observedGeneration = known.observedGeneration;
  }
}

/** `podIP` is the first of its list, whichever of the two was written. */
function alignAddresses(status: PodStatus): void {
  if (status.podIP && !status.podIPs?.length) status.podIPs = [{ ip: status.podIP }];
  if (!status.podIP && status.podIPs?.[0] !== undefined) status.podIP = status.podIPs[0].ip;
}
