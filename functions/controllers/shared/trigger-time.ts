/**
 * When the change happened that led to the newest Endpoints or EndpointSlice, by which proxies measure how late they are.
 * Source: endpointslice/util/trigger_time_tracker.go, whose memory is here what was written before.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { Pod, Service } from '../../kube/generated/types.ts';
import { annotationsOf, type KubeObject } from '../../kube/object.ts';

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/**
 * `before`: what was written last, undefined at first. The earliest change since then; undefined when it was none of a
 * pod's readiness.
 */
export function triggerTime(service: Service, pods: readonly Pod[], before: KubeObject | undefined): string | undefined {
  const created = service.metadata.creationTimestamp;
  if (before === undefined) return created;
  const changes = pods.flatMap((pod) => conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? []).toSorted();
  const known = annotationsOf(before)[triggerTimeAnnotation];
  // Without a time to start from, only the newest change can be the cause.
  return known === undefined ? changes.at(-1) : changes.find((time) => time > known);
}

/** The annotations with this time, or without one. */
export function withTriggerTime(annotations: Readonly<Record<string, string>>, time: string | undefined): Record<string, string> {
  const { [triggerTimeAnnotation]: _before, ...others } = annotations;
  return time === undefined ? others : { ...others, [triggerTimeAnnotation]: time };
}
