/** Source: pkg/apis/storage/validation/validation.go, ValidateVolumeAttributesClass. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, required } from '../../../kube/field-error.ts';
import type { VolumeAttributesClass } from '../../../kube/generated/types.ts';
import { validateParameters, validateProvisioner } from '../class-validation.ts';

/** Errors of an update list changed fields first. */
export const validateVolumeAttributesClass = (next: VolumeAttributesClass, current?: VolumeAttributesClass): FieldError[] => [
  ...(current === undefined ? [] : changeErrors(next, current)),
  ...classErrors(next),
];

function classErrors({ driverName, parameters = {} }: VolumeAttributesClass): FieldError[] {
  const errors = [...validateProvisioner(driverName, 'driverName'), ...validateParameters(parameters, 'parameters')];
  return Object.keys(parameters).length === 0 ? [...errors, required('parameters', 'must contain at least one key/value pair')] : errors;
}

const changeErrors = (next: VolumeAttributesClass, current: VolumeAttributesClass): FieldError[] =>
  (['driverName', 'parameters'] as const).flatMap((field) =>
    semanticallyEqual(next[field], current[field]) ? [] : [forbiddenField(field, `updates to ${field} are forbidden.`)],
  );
