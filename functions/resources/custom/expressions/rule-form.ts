/**
 * What is wrong with the fields of a rule, besides its expressions.
 * Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go.
 */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { JsonObject } from '../../../kube/object.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import type { ValidationRule } from '../../../kube/schema-definitions.ts';
import { rulesOf } from './compiled-rule.ts';
import { validFieldPath } from './field-path.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

export const rulePath = (path: string, index: number): string => `${path}.x-kubernetes-validations[${index}]`;

export const ruleFormErrors = (node: SchemaNode, path: string): FieldError[] =>
  rulesOf(node).flatMap((rule, index) => formErrors(node, rule, rulePath(path, index)));

const hasLineBreaks = (text: string): boolean => /[\n\r]/u.test(text);

function formErrors(node: SchemaNode, rule: ValidationRule, path: string): FieldError[] {
  const { message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const errors: FieldError[] = [];
  if (rule.rule.trim() === '') errors.push(required(`${path}.rule`, 'rule is not specified'));
  else if (message !== '' && message.trim() === '') errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'));
  else if (hasLineBreaks(message.trim())) errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'));
  else if (hasLineBreaks(rule.rule.trim()) && message.trim() === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, reasons));
  if (fieldPath !== '' && fieldPath.trim() === '') errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be non-empty if specified'));
  if (hasLineBreaks(fieldPath)) errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must not contain line breaks'));
  if (fieldPath !== '' && validFieldPath(fieldPath, node) === undefined)
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be a valid path'));
  return errors;
}

/** As upstream's own type of a rule is printed. */
export function internalRule(rule: ValidationRule): JsonObject {
  const { rule: Rule, message = '', messageExpression = '', reason = null, fieldPath = '', optionalOldSelf = null } = rule;
  return {
    Rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf,
  };
}
