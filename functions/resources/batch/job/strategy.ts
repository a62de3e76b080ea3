/** A Job chooses its pods by its own uid, unless its author chooses. Source: pkg/registry/batch/job/strategy.go. */
import type { Job } from '../../../kube/generated/types.ts';

export const jobLabels = {
  name: 'batch.kubernetes.io/job-name',
  legacyName: 'job-name',
  uid: 'batch.kubernetes.io/controller-uid',
  legacyUid: 'controller-uid',
} as const;

export function prepareForCreate(job: Job): void {
  job.status = {};
  if (job.spec.manualSelector === true) return;
  const { name = '', uid = '' } = job.metadata;
  const { template, selector } = job.spec;
  template.metadata ??= {};
  template.metadata.labels ??= {};
  const { labels } = template.metadata;
  labels[jobLabels.legacyName] ??= name;
  labels[jobLabels.name] ??= name;
  labels[jobLabels.legacyUid] ??= uid;
  labels[jobLabels.uid] ??= uid;
  job.spec.selector = { ...selector, matchLabels: { [jobLabels.uid]: uid, ...selector?.matchLabels } };
}
