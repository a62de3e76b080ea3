import type { PriorityLevelConfiguration, QueuingConfiguration } from '../../../kube/generated/types.ts';
import { priorityLevelConfigurations } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn, valueColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const queuingOf = ({ spec }: PriorityLevelConfiguration): QueuingConfiguration | undefined => spec?.limited?.limitResponse?.queuing;

export const priorityLevelConfigurationDefinition = definition<PriorityLevelConfiguration>({
  type: priorityLevelConfigurations,
  schema: builtIn('io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration'),
  singular: 'prioritylevelconfiguration',
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Type', 'Whether it limits its requests.', ({ spec }) => spec?.type ?? ''),
    valueColumn(
      'NominalConcurrencyShares',
      'Its part of what runs at once.',
      ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? none,
    ),
    valueColumn('Queues', 'How many queues it has.', (level) => queuingOf(level)?.queues ?? none),
    valueColumn('HandSize', 'How many queues a flow is dealt.', (level) => queuingOf(level)?.handSize ?? none),
    valueColumn('QueueLengthLimit', 'How many requests wait in a queue.', (level) => queuingOf(level)?.queueLengthLimit ?? none),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
