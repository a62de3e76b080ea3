import type { RuntimeClass } from '../../../kube/generated/types.ts';
import { runtimeClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const runtimeClassDefinition = definition<RuntimeClass>({
  type: runtimeClasses,
  schema: builtIn('io.k8s.api.node.v1.RuntimeClass'),
  singular: 'runtimeclass',
  allowsBareFinalizers: true,
  allowsCreateOnUpdate: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn('Handler', 'The configuration of the container runtime that runs its pods.', ({ handler }) => handler ?? ''),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
