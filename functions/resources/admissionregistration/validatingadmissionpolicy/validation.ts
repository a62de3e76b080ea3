/** Source: pkg/apis/admissionregistration/validation/validation.go, ValidateValidatingAdmissionPolicy. */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { ValidatingAdmissionPolicy, Variable } from '../../../kube/generated/types.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { validateConstraints, validateFailurePolicy, validateParamKind } from '../policy-validation.ts';
import { validateMatchConditions } from '../rule-validation.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const annotationsMax = 20;

export function validatePolicy({ spec }: ValidatingAdmissionPolicy): FieldError[] {
  const {
    failurePolicy,
    paramKind,
    matchConstraints,
    matchConditions = [],
    variables = [],
    validations = [],
    auditAnnotations = [],
  } = spec ?? {};
  const errors = [
    ...validateFailurePolicy(failurePolicy),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind)),
    ...validateConstraints(matchConstraints),
    ...validateMatchConditions(matchConditions, 'spec.matchConditions'),
    ...variablesErrors(variables),
  ];
  if (validations.length + auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)];
  }
  validations.forEach(({ expression = '', reason }, index) => {
    const path = `spec.validations[${index}]`;
    if (expression.trim() === '') errors.push(required(`${path}.expression`, 'expression is not specified'));
    if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, reasons));
  });
  if (auditAnnotations.length > annotationsMax) {
    errors.push(invalid('spec.auditAnnotations', auditAnnotations, `must not have more than ${annotationsMax} auditAnnotations`));
  }
  const repeated = repeatedIndexes(auditAnnotations.map(({ key }) => key));
  return [...errors, ...repeated.map((index) => duplicate(`spec.auditAnnotations[${index}].key`, auditAnnotations[index]?.key))];
}

export const variablesErrors = (variables: readonly Variable[]): FieldError[] =>
  variables.flatMap(({ name = '', expression = '' }, index) => [
    ...(name.trim() === '' ? [required(`spec.variables[${index}].name`, 'name is not specified')] : []),
    ...(name.trim() !== '' && !/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name)
      ? [invalid(`spec.variables[${index}].name`, name, 'must be a valid CEL identifier')]
      : []),
    ...(expression.trim() === '' ? [required(`spec.variables[${index}].expression`, 'expression is not specified')] : []),
  ]);
