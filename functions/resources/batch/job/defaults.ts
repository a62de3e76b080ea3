/** Source: pkg/apis/batch/v1/defaults.go, SetDefaults_Job. */
import type { Job, JobSpec } from '../../../kube/generated/types.ts';
import { setPodTemplateDefaults } from '../../core/podtemplate/defaults.ts';
import { jobLabels } from './strategy.ts';

const backoffLimitMax = 2 ** 31 - 1;

export function setJobDefaults({ metadata, spec }: Job): void {
  setTemplateDefaults(spec);
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : backoffLimitMax;
  setLabels({ metadata, spec });
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
}

/** A job without labels shares those of its template: what the server adds there, it adds here. */
export function setLabels({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** Labels that creation gave the template reach the job only as it is read back. */
export const hasTemplateLabels = ({ metadata, spec }: Job): boolean =>
  spec.manualSelector !== true && Object.keys(metadata.labels ?? {}).every((label) => ownLabels.has(label));

const ownLabels: ReadonlySet<string> = new Set(Object.values(jobLabels));

/** What a template of jobs gets, too. */
export function setTemplateDefaults(spec: JobSpec): void {
  for (const { onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True';
  }
  setPodTemplateDefaults(spec.template);
}
