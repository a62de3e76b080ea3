/** Source: pkg/registry/batch/job/strategy.go; pkg/api/job/warnings.go. */
import type { Job, JobSpec } from '../../../kube/generated/types.ts';
import { templateWarnings } from '../../core/pod/warnings.ts';
import { nameWarnings } from '../../name-warnings.ts';

const completionsMax = 100_000;
const parallelismMax = 10_000;

export const jobSpecWarnings = (spec: JobSpec, path: string): string[] => [
  ...indexesWarnings(spec, path),
  ...templateWarnings(spec.template, `${path}.template`),
];

function indexesWarnings({ completionMode, completions = 0, parallelism = 0 }: JobSpec, path: string): string[] {
  if (completionMode !== 'Indexed' || completions <= completionsMax || parallelism <= parallelismMax) return [];
  return [
    `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
  ];
}

export function jobWarnings({ metadata, spec }: Job, current?: Job): string[] {
  if (current !== undefined) return metadata.generation === current.metadata.generation ? [] : jobSpecWarnings(spec, 'spec');
  return [...nameWarnings(metadata.name ?? ''), ...jobSpecWarnings(spec, 'spec')];
}
