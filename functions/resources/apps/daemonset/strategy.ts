/**
 * An annotation counts the changes of the template, as a field of the first versions did.
 * Source: pkg/registry/apps/daemonset/strategy.go; pkg/apis/apps/v1/conversion.go.
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import type { DaemonSet } from '../../../kube/generated/types.ts';

const annotation = 'deprecated.daemonset.template.generation';

/** Reading an object makes a number of what is there: zero of nothing. So every writer sets the annotation. */
export const readTemplateGeneration = (daemonSet: DaemonSet): void => setTemplateGeneration(daemonSet, templateGeneration(daemonSet));

export function prepareForCreate(daemonSet: DaemonSet): void {
  daemonSet.status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
  setTemplateGeneration(daemonSet, Math.max(templateGeneration(daemonSet), 1));
}

export function prepareForUpdate(next: DaemonSet, current: DaemonSet): void {
  const isSame = semanticallyEqual(next.spec.template, current.spec.template);
  setTemplateGeneration(next, templateGeneration(current) + (isSame ? 0 : 1));
}

export function prepareForStatusUpdate(next: DaemonSet, current: DaemonSet): void {
  setTemplateGeneration(next, templateGeneration(current));
}

const templateGeneration = ({ metadata }: DaemonSet): number => {
  const text = metadata.annotations?.[annotation] ?? '';
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
};

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [annotation]: String(generation) };
}
