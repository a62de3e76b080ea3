import type { DeviceClass } from '../../../kube/generated/types.ts';
import { declaredSubdomainErrors } from '../../../kube/names.ts';
import { deviceClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { withExpressions } from '../with-expressions.ts';
import { ageColumn, nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const deviceClassDefinition = definition<DeviceClass>({
  type: deviceClasses,
  schema: builtIn('io.k8s.api.resource.v1.DeviceClass'),
  singular: 'deviceclass',
  validateName: declaredSubdomainErrors,
  rechecksName: false,
  checksNamePrefix: false,
  hasGeneration: true,
  returnsDeletedObject: true,
  columns: [nameColumn, ageColumn],
  rules: () => withExpressions(() => import('./rules.ts')),
});
