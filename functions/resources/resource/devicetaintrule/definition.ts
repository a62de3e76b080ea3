import type { DeviceTaintRule } from '../../../kube/generated/types.ts';
import { deviceTaintRules } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, since, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setTimeAdded } from '../taints.ts';

export const deviceTaintRuleDefinition = definition<DeviceTaintRule>({
  type: deviceTaintRules,
  schema: builtIn('io.k8s.api.resource.v1.DeviceTaintRule'),
  singular: 'devicetaintrule',
  rechecksName: false,
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  hasGeneration: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn('Key', 'The key of the taint.', ({ spec }) => spec?.taint?.key ?? ''),
    textColumn('Value', 'The value of the taint.', ({ spec }) => spec?.taint?.value ?? ''),
    textColumn('Effect', 'What the taint does.', ({ spec }) => spec?.taint?.effect ?? ''),
    textColumn('TimeAdded', 'Time since the taint was added.', ({ spec }, nowMs) =>
      spec?.taint?.timeAdded ? since(spec.taint.timeAdded, nowMs) : '',
    ),
    ageColumn,
  ],
  setDefaultTimes({ spec }, nowMs) {
    setTimeAdded(spec?.taint, { nowMs });
  },
  prepareForUpdate({ spec }, { spec: current }, context) {
    const [taint, stored] = [spec?.taint, current?.taint];
    if (taint !== undefined && taint.effect !== stored?.effect && taint.timeAdded === stored?.timeAdded) delete taint.timeAdded;
    setTimeAdded(taint, context);
  },
  rules: () => import('./rules.ts'),
});
