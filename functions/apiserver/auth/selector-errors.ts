/** Selectors that an access review names. Source: pkg/apis/authorization/validation/validation.go. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { ResourceAttributes } from '../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../kube/names.ts';

interface Selector {
  readonly rawSelector?: string;
  readonly requirements?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export function selectorErrors(attributes: ResourceAttributes | undefined): FieldError[] {
  const { fieldSelector, labelSelector } = attributes ?? {};
  return [
    ...oneSelectorErrors(fieldSelector, 'spec.resourceAttributes.fieldSelector', () => []),
    ...oneSelectorErrors(labelSelector, 'spec.resourceAttributes.labelSelector', qualifiedNameErrors),
  ];
}

function oneSelectorErrors(selector: Selector | undefined, path: string, keyErrors: (key: string) => readonly string[]): FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector === '' && requirements.length === 0) {
    return [required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`)];
  }
  const both = rawSelector !== '' && requirements.length > 0;
  return [
    ...(both ? [invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')] : []),
    ...requirements.flatMap(({ key, operator, values = [] }, index) => {
      const at = `${path}.requirements[${index}]`;
      const errors: FieldError[] = [];
      if (operator === 'In' || operator === 'NotIn') {
        if (values.length === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      } else if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (values.length > 0) {
          errors.push(forbiddenField(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
      } else errors.push(notSupported(`${at}.operator`, operator, ['In', 'NotIn', 'Exists', 'DoesNotExist']));
      return [...errors, ...(key === '' ? [required(`${at}.key`)] : []), ...keyErrors(key).map((why) => invalid(`${at}.key`, key, why))];
    }),
  ];
}
