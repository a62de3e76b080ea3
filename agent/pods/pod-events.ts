/** Events about a pod and its containers, as `kubectl describe pod` shows them. */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { NodeContext } from './node-context.ts';
import { specOf } from './pod-facts.ts';

type Words = readonly ['Normal' | 'Warning', reason: string, message: string];

/** A pod in a poll's answer has no `kind`; the reference in an Event needs one. */
const withKind = (pod: Pod): KubeObject => ({ ...pod, apiVersion: 'v1', kind: 'Pod' });

const lists = ['initContainers', 'ephemeralContainers'] as const;

const listOf = (pod: Pod, name: string): string =>
  lists.find((list) => (specOf(pod)[list] ?? []).some((container) => container.name === name)) ?? 'containers';

export function recordPodEvent(context: Pick<NodeContext, 'events'>, pod: Pod, [type, reason, message]: Words): void {
  context.events.event(withKind(pod), type, reason, message);
}

export function recordContainerEvent(
  context: Pick<NodeContext, 'events'>,
  pod: Pod,
  container: Pick<Container, 'name'>,
  words: Words,
): void {
  const [type, reason, message] = words;
  context.events.event(withKind(pod), type, reason, message, { fieldPath: `spec.${listOf(pod, container.name)}{${container.name}}` });
}
