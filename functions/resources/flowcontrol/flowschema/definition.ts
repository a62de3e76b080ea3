import { conditionOf } from '../../../kube/conditions.ts';
import type { FlowSchema } from '../../../kube/generated/types.ts';
import { flowSchemas } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn, valueColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const defaultPrecedence = 1000;

export const flowSchemaDefinition = definition<FlowSchema>({
  type: flowSchemas,
  schema: builtIn('io.k8s.api.flowcontrol.v1.FlowSchema'),
  singular: 'flowschema',
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('PriorityLevel', 'The level of its requests.', ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ''),
    valueColumn('MatchingPrecedence', 'The lowest that matches decides.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    textColumn('DistinguisherMethod', 'What makes a flow of requests.', ({ spec }) => spec?.distinguisherMethod?.type ?? none),
    ageColumn,
    textColumn(
      'MissingPL',
      'Whether its level does not exist.',
      ({ status }) => conditionOf(status?.conditions, 'Dangling')?.status ?? '?',
    ),
  ],
  setDefaults({ spec }) {
    if (spec !== undefined) spec.matchingPrecedence ||= defaultPrecedence;
  },
  rules: () => import('./rules.ts'),
});
