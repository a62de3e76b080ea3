/** Source: pkg/apis/admissionregistration/validation/validation.go, ValidateValidatingAdmissionPolicy. */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { AuditAnnotation, ValidatingAdmissionPolicy, Validation, Variable } from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { validateConstraints, validateFailurePolicy, validateParamKind } from '../policy-validation.ts';
import { PolicyExpressions } from '../policy-expression-errors.ts';
import { validateMatchConditions } from '../rule-validation.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const annotationsMax = 20;

export function validatePolicy({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [] } = spec ?? {};
  const { variables = [], validations = [], auditAnnotations = [] } = spec ?? {};
  const expressions = new PolicyExpressions(paramKind !== undefined, variables.length > 0);
  const errors = [
    ...validateFailurePolicy(failurePolicy),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind)),
    ...validateConstraints(matchConstraints),
    ...validateMatchConditions(matchConditions, 'spec.matchConditions', paramKind !== undefined),
    ...variablesErrors(variables, expressions),
  ];
  if (validations.length + auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)];
  }
  validations.forEach((validation, index) => errors.push(...validationErrors(validation, `spec.validations[${index}]`, expressions)));
  if (auditAnnotations.length > annotationsMax) {
    errors.push(invalid('spec.auditAnnotations', auditAnnotations, `must not have more than ${annotationsMax} auditAnnotations`));
  }
  const repeated = new Set(repeatedIndexes(auditAnnotations.map(({ key }) => key)));
  auditAnnotations.forEach((annotation, index) => {
    const path = `spec.auditAnnotations[${index}]`;
    errors.push(...annotationKeyErrors(metadata.name ?? '', annotation, `${path}.key`));
    errors.push(...expressions.auditAnnotation(annotation, `${path}.valueExpression`));
    if (repeated.has(index)) errors.push(duplicate(`${path}.key`, annotation.key));
  });
  return errors;
}

function annotationKeyErrors(name: string, { key = '' }: AuditAnnotation, path: string): FieldError[] {
  if (name === '') return [invalid(path, key, 'requires metadata.name be non-empty')];
  const qualified = `${name}/${key}`;
  return qualifiedNameErrors(qualified).map((why) => invalid(path, qualified, why));
}

const hasLineBreaks = (text: string): boolean => /[\n\r]/.test(text);

function validationErrors(validation: Validation, path: string, expressions: PolicyExpressions): FieldError[] {
  const { expression = '', message = '', reason } = validation;
  const errors = expression.trim() === '' ? [required(`${path}.expression`, 'expression is not specified')] : [];
  errors.push(...expressions.validation(validation, path));
  if (message !== '' && message.trim() === '') errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'));
  else if (hasLineBreaks(message.trim())) errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, reasons));
  return errors;
}

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const isIdentifier = (name: string): boolean => /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);

export const variablesErrors = (variables: readonly Variable[], expressions: PolicyExpressions): FieldError[] =>
  variables.flatMap((variable, index) => {
    const { name = '', expression = '' } = variable;
    const path = `spec.variables[${index}]`;
    return [
      ...(name.trim() === '' ? [required(`${path}.name`, 'name is not specified')] : []),
      ...(name.trim() !== '' && !isIdentifier(name) ? [invalid(`${path}.name`, name, 'must be a valid CEL identifier')] : []),
      ...(expression.trim() === ''
        ? [required(`${path}.expression`, 'expression is not specified')]
        : expressions.variable(variable, `${path}.expression`)),
    ];
  });
