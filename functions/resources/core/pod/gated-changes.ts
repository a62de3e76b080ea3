/**
 * What an update may change of scheduling gates, and of a pod that waits behind one: no node was chosen for it yet, so what
 * steers the choice may get stricter. Source: pkg/apis/core/validation/validation.go, ValidatePodUpdate.
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid } from '../../../kube/field-error.ts';
import type { NodeSelectorTerm, PodSpec } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';

/** Gates may be taken away but not added. */
export function gateErrors({ schedulingGates: next = [] }: PodSpec, { schedulingGates: current = [] }: PodSpec): FieldError[] {
  return next.flatMap(({ name }, index) =>
    current.some((gate) => gate.name === name)
      ? []
      : [forbiddenField(`spec.schedulingGates[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`)],
  );
}

const isGated = ({ schedulingGates = [] }: PodSpec): boolean => schedulingGates.length > 0;

export function gatedChangeErrors(next: PodSpec, current: PodSpec): FieldError[] {
  if (!isGated(current)) return [];
  const before = Object.entries(current.nodeSelector ?? {});
  const isKept = before.every(([key, value]) => next.nodeSelector?.[key] === value);
  const only = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  return [...(isKept ? [] : [invalid('spec.nodeSelector', next.nodeSelector ?? null, only)]), ...affinityErrors(next, current)];
}

const requiredTerms = ({ affinity }: PodSpec): readonly NodeSelectorTerm[] =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

function affinityErrors(next: PodSpec, current: PodSpec): FieldError[] {
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  const [after, before] = [requiredTerms(next), requiredTerms(current)];
  if (before.length === 0) return [];
  const form = (term: NodeSelectorTerm) => internalForm('core.NodeSelectorTerm', term);
  if (after.length !== before.length) {
    return [
      invalid(field, after.length === 0 ? null : after.map(form), 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'),
    ];
  }
  return after.flatMap((term, index) =>
    hasOnlyAdditions(term, before[index] ?? {})
      ? []
      : [invalid(`${field}[${index}]`, form(term), 'only additions are allowed (no mutations or deletions)')],
  );
}

function hasOnlyAdditions(next: NodeSelectorTerm, current: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  // An empty term selects no node: whatever it gets would select more.
  if (lists.every((list) => (current[list] ?? []).length === 0)) return lists.every((list) => (next[list] ?? []).length === 0);
  return lists.every((list) => {
    const before = current[list] ?? [];
    return semanticallyEqual((next[list] ?? []).slice(0, before.length), before);
  });
}

/** `next` with the gates, the selector and the node affinity of `current`, where a change of them has been judged. Changes in place. */
export function keepGated(next: PodSpec, current: PodSpec): void {
  next.schedulingGates = current.schedulingGates;
  if (!isGated(current)) return;
  next.nodeSelector = current.nodeSelector;
  const nodeAffinity = current.affinity?.nodeAffinity;
  if (semanticallyEqual(next.affinity?.nodeAffinity, nodeAffinity)) return;
  const others = { ...next.affinity, nodeAffinity: undefined };
  const isBare = others.podAffinity === undefined && others.podAntiAffinity === undefined;
  next.affinity = isBare && current.affinity === undefined ? undefined : { ...others, nodeAffinity };
}
