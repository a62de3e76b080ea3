import type { PriorityClass } from '../../../kube/generated/types.ts';
import { priorityClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { oneDefault } from './one-default.ts';

export const priorityClassDefinition = definition<PriorityClass>({
  type: priorityClasses,
  schema: builtIn('io.k8s.api.scheduling.v1.PriorityClass'),
  singular: 'priorityclass',
  rechecksName: false,
  shortNames: ['pc'],
  columns: [
    nameColumn,
    numberColumn('Value', 'The priority of pods of this class.', ({ value }) => value ?? 0),
    {
      name: 'Global-Default',
      type: 'boolean',
      description: 'Whether pods without a class have this one.',
      priority: 0,
      value: ({ globalDefault }) => globalDefault ?? false,
    },
    ageColumn,
    textColumn('PreemptionPolicy', 'Whether pods of this class may displace others.', ({ preemptionPolicy }) => preemptionPolicy ?? ''),
  ],
  setDefaults(priorityClass) {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  prepareForCreate({ metadata }) {
    metadata.generation = 1;
  },
  commit: [oneDefault],
  rules: () => import('./rules.ts'),
});
