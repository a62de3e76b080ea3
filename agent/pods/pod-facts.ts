/** Small questions about a pod that the plan, the status and the worker all ask. */
import type { Container, Pod, PodSpec } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';

export const specOf = (pod: Pod): PodSpec => pod.spec ?? { containers: [] };

/** A pod in log lines and messages. Source: pkg/kubelet/util/format/pod.go */
export const podText = (pod: Pod): string => `${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})`;

/** An init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

/** All of them: init, main and ephemeral. */
export const containersOf = (pod: Pod): readonly Container[] => {
  const { initContainers = [], containers, ephemeralContainers = [] } = specOf(pod);
  return [...initContainers, ...containers, ...ephemeralContainers];
};

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export function restartPolicyOf(pod: Pod): RestartPolicy {
  const policy = specOf(pod).restartPolicy;
  return policy === 'OnFailure' || policy === 'Never' ? policy : 'Always';
}

export const isHostNetwork = (pod: Pod): boolean => specOf(pod).hostNetwork === true;

const graceSecondsDefault = 30;

/** How long the pod may take to end once it is deleted. */
export const graceSecondsOf = (pod: Pod): number =>
  pod.metadata.deletionGracePeriodSeconds ?? specOf(pod).terminationGracePeriodSeconds ?? graceSecondsDefault;

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

/** The conditions that the node decides; all others belong to other clients. */
export const nodeConditions: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'AllContainersRestarting',
  'PodResizePending',
  'PodResizeInProgress',
]);
