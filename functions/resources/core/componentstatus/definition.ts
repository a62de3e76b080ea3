import type { ComponentStatus } from '../../../kube/generated/types.ts';
import { componentStatuses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const healthOf = ({ conditions = [] }: ComponentStatus): NonNullable<ComponentStatus['conditions']>[number] | undefined =>
  conditions.find(({ type }) => type === 'Healthy');

const statusText = (component: ComponentStatus): string => {
  const health = healthOf(component);
  if (health === undefined) return 'Unknown';
  return health.status === 'True' ? 'Healthy' : 'Unhealthy';
};

/** Upstream asks the programs of a control plane how they are. Here the control plane runs no program, so there is none to list. */
export const componentStatusDefinition = definition<ComponentStatus>({
  type: componentStatuses,
  schema: builtIn('io.k8s.api.core.v1.ComponentStatus'),
  singular: 'componentstatus',
  shortNames: ['cs'],
  verbs: ['get', 'list'],
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn,
    textColumn('Status', 'Whether the component is healthy.', statusText),
    textColumn('Message', 'What the component reports.', (component) => healthOf(component)?.message ?? ''),
    textColumn('Error', 'What kept it from reporting.', (component) => healthOf(component)?.error ?? ''),
  ],
});
