/** The rules of the kind that only writes need; reads never load them. Source: pkg/apis/resource/validation/validation.go, ValidateDeviceTaintRule. */
import type { FieldError } from '../../../kube/field-error.ts';
import type { DeviceTaintRule } from '../../../kube/generated/types.ts';
import { validateConditions } from '../../condition-rules.ts';
import { validateDriverName } from '../../storage/class-validation.ts';
import { validateDnsLabel, validatePoolName, validateTaint } from '../device-rules.ts';

export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';

export function validate({ spec }: DeviceTaintRule, current?: DeviceTaintRule): FieldError[] {
  const { driver, pool, device } = spec.deviceSelector ?? {};
  const path = 'spec.deviceSelector';
  return [
    ...(driver === undefined ? [] : validateDriverName(driver, `${path}.driver`)),
    ...(pool === undefined ? [] : validatePoolName(pool, `${path}.pool`)),
    ...(device === undefined ? [] : validateDnsLabel(device, `${path}.device`)),
    ...validateTaint(spec.taint, 'spec.taint', current?.spec.taint.effect),
  ];
}

export const validateStatusUpdate = ({ status }: DeviceTaintRule): FieldError[] =>
  validateConditions(status?.conditions ?? [], 'status.conditions');
