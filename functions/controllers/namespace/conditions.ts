/**
 * A Namespace's conditions about its deletion.
 * Source: pkg/controller/namespace/deletion/status_condition_utils.go.
 */
import { withCondition } from '../../kube/conditions.ts';
import type { Namespace, NamespaceCondition, NamespaceStatus } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';

/** What is still there of one resource. */
export interface Remaining {
  readonly type: ResourceType;
  readonly objects: readonly KubeObject[];
}

type ConditionText = Omit<NamespaceCondition, 'lastTransitionTime'>;

export function terminatingStatus(
  namespace: Namespace,
  remaining: readonly Remaining[],
  failures: readonly Error[],
  nowMs: number,
): NamespaceStatus {
  const texts = [...fixedTexts, contentFailure(failures), contentRemaining(remaining), finalizersRemaining(remaining)];
  let conditions: NamespaceCondition[] = namespace.status?.conditions ?? [];
  for (const text of texts) conditions = withCondition<NamespaceCondition>(conditions, text, timestamp(nowMs));
  return { ...namespace.status, phase: 'Terminating', conditions };
}

const fixedTexts: readonly ConditionText[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'False',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    status: 'False',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
];

function contentFailure(failures: readonly Error[]): ConditionText {
  const type = 'NamespaceDeletionContentFailure';
  if (failures.length === 0)
    return { type, status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' };
  const messages = failures.map(({ message }) => message).sort();
  const message = `Failed to delete all resource types, ${messages.length} remaining: ${messages.join(', ')}`;
  return { type, status: 'True', reason: 'ContentDeletionFailed', message };
}

function contentRemaining(remaining: readonly Remaining[]): ConditionText {
  const type = 'NamespaceContentRemaining';
  const counts = remaining.map(({ type: { resource, group }, objects }) => `${resource}.${group} has ${objects.length} resource instances`);
  if (counts.length === 0) return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' };
  const message = `Some resources are remaining: ${counts.sort().join(', ')}`;
  return { type, status: 'True', reason: 'SomeResourcesRemain', message };
}

function finalizersRemaining(remaining: readonly Remaining[]): ConditionText {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  const finalizers = remaining.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []));
  for (const finalizer of finalizers) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  if (counts.size === 0)
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' };
  const texts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  const message = `Some content in the namespace has finalizers remaining: ${texts.join(', ')}`;
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message };
}
