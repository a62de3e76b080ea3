/** What is wrong with the expressions of a policy when it is written. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { type CelType, dynType } from '../../cel/check/type.ts';
import type { Environment } from '../../cel/check/environment.ts';
import { type FieldError, invalid, required } from '../../kube/field-error.ts';
import type { AuditAnnotation, MatchCondition, Mutation, Validation, Variable } from '../../kube/generated/types.ts';
import {
  annotationWanted,
  boolWanted,
  compilePolicyExpression,
  configurationWanted,
  patchWanted,
  policyEnvironment,
  textWanted,
  type Wanted,
} from './policy-expressions.ts';

export class PolicyExpressions {
  private readonly hasParams: boolean;
  private readonly variables: Map<string, CelType> | undefined;
  private readonly known = new Map<string, Environment>();

  /** Without variables, the name `variables` stands for nothing. */
  constructor(hasParams: boolean, composes: boolean) {
    this.hasParams = hasParams;
    this.variables = composes ? new Map() : undefined;
  }

  private scope(hasAuthorizer: boolean, hasPatchTypes = false): Environment {
    const key = `${hasAuthorizer}${hasPatchTypes}`;
    const made =
      this.known.get(key) ??
      policyEnvironment({
        hasParams: this.hasParams,
        hasAuthorizer,
        hasPatchTypes,
        ...(this.variables === undefined ? {} : { variables: this.variables }),
      });
    this.known.set(key, made);
    return made;
  }

  private errors(expression: string, path: string, { wanted, scope, shown = expression }: Asked): FieldError[] {
    const compiled = compilePolicyExpression(expression, scope, wanted);
    return 'problem' in compiled ? [invalid(path, shown, compiled.problem)] : [];
  }

  /** Later expressions may name the variable, of whatever type it turned out to be. */
  variable({ name = '', expression = '' }: Variable, path: string): FieldError[] {
    const compiled = compilePolicyExpression(expression, this.scope(true), undefined);
    this.known.clear();
    if ('problem' in compiled) {
      this.variables?.set(name, dynType);
      return [invalid(path, expression, compiled.problem)];
    }
    this.variables?.set(name, compiled.program.type);
    return [];
  }

  validation({ expression = '', messageExpression = '' }: Validation, path: string): FieldError[] {
    const own =
      expression.trim() === '' ? [] : this.errors(expression, `${path}.expression`, { wanted: boolWanted, scope: this.scope(true) });
    if (messageExpression === '') return own;
    const field = `${path}.messageExpression`;
    if (messageExpression.trim() === '') return [...own, invalid(field, messageExpression, 'must be non-empty if specified')];
    return [...own, ...this.errors(messageExpression, field, { wanted: textWanted, scope: this.scope(false) })];
  }

  auditAnnotation({ valueExpression = '' }: AuditAnnotation, path: string): FieldError[] {
    const trimmed = valueExpression.trim();
    if (trimmed === '') return [required(path, 'valueExpression is not specified')];
    if (Buffer.byteLength(trimmed) > valueBytesMax) return [required(path, `must not exceed ${valueBytesMax} bytes in length`)];
    return this.errors(trimmed, path, { wanted: annotationWanted, scope: this.scope(true), shown: valueExpression });
  }

  mutation({ jsonPatch, applyConfiguration }: Mutation, path: string): FieldError[] {
    const scope = this.scope(true, true);
    const check = (expression: string | undefined, field: string, wanted: Wanted): FieldError[] => {
      const trimmed = (expression ?? '').trim();
      return trimmed === '' ? [required(field)] : this.errors(trimmed, field, { wanted, scope });
    };
    if (jsonPatch !== undefined) return check(jsonPatch.expression, `${path}.jsonPatch.expression`, patchWanted);
    if (applyConfiguration === undefined) return [];
    return check(applyConfiguration.expression, `${path}.applyConfiguration.expression`, configurationWanted);
  }
}

interface Asked {
  readonly wanted: Wanted;
  readonly scope: Environment;
  /** The text that the error shows, where it is not the expression itself. */
  readonly shown?: string;
}

const valueBytesMax = 5 * 1024;

/** Match conditions see no variables. */
export function conditionExpressionErrors({ expression = '' }: MatchCondition, path: string, hasParams: boolean): FieldError[] {
  const trimmed = expression.trim();
  if (trimmed === '') return [];
  const compiled = compilePolicyExpression(trimmed, policyEnvironment({ hasParams, hasAuthorizer: true }), boolWanted);
  return 'problem' in compiled ? [invalid(`${path}.expression`, trimmed, compiled.problem)] : [];
}
