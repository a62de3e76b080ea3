/** Source: pkg/apis/resource/validation/validation.go, validateDeviceClassSpec. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { DeviceClass } from '../../../kube/generated/types.ts';
import { extendedResourceErrors } from '../../quantity-rules.ts';
import { validateSelectors } from '../claim-validation.ts';
import { validateItems, validateOpaque } from '../device-rules.ts';

const configsMax = 32;

export function validate({ spec }: DeviceClass, current?: DeviceClass): FieldError[] {
  const { selectors = [], config = [], extendedResourceName: name } = spec ?? {};
  return [
    ...validateSelectors(selectors, 'spec.selectors', current !== undefined && semanticallyEqual(selectors, current.spec?.selectors ?? [])),
    ...validateItems(config, configsMax, 'spec.config', ({ opaque }, field) => validateOpaque(opaque, `${field}.opaque`)),
    ...(name === undefined || name === current?.spec?.extendedResourceName
      ? []
      : extendedResourceErrors(name).map((why) => invalid('spec.extendedResourceName', name, why))),
  ];
}

export const declared = [
  'FieldValueInvalid metadata.name',
  'FieldValueTooMany spec.selectors',
  'FieldValueTooMany spec.config',
  'spec.config[*].opaque.driver',
  'spec.extendedResourceName',
];
