/** Source: apimachinery, pkg/apis/meta/v1/validation/validation.go, ValidateLabelSelector. */
import { type FieldError, forbiddenField, invalid, required } from '../kube/field-error.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../kube/generated/types.ts';
import { labelValueErrors, qualifiedNameErrors } from '../kube/names.ts';
import { validateLabels } from './metadata-validation.ts';

export function validateLabelSelector(selector: LabelSelector, path: string): FieldError[] {
  return [
    ...validateLabels(selector.matchLabels, `${path}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((expression, index) => expressionErrors(expression, `${path}.matchExpressions[${index}]`)),
  ];
}

function expressionErrors({ key, operator, values = [] }: LabelSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else {
    errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  }
  errors.push(...qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)));
  values.forEach((value, index) => {
    errors.push(...labelValueErrors(value).map((why) => invalid(`${path}.values[${index}]`, value, why)));
  });
  return errors;
}
