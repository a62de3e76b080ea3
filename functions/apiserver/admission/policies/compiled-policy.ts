/** A policy with its expressions compiled, kept as long as the policy stays as it is. */
import { type CelType, dynType } from '../../../cel/check/type.ts';
import type { MatchCondition, Variable } from '../../../kube/generated/types.ts';
import {
  boolWanted,
  compilePolicyExpression,
  policyEnvironment,
  type PolicyScope,
  type Wanted,
} from '../../../resources/admissionregistration/policy-expressions.ts';
import { matchConditionsCostMax } from '../../../cel/program.ts';
import { Failure } from '../../../cel/values/value.ts';
import { type Answers, type CompiledExpression, Evaluator, type NamedExpression, OutOfBudget, type Situation } from './evaluator.ts';

export function compiled(source: string, scope: PolicyScope, wanted: Wanted): CompiledExpression {
  return { source, ...compilePolicyExpression(source, policyEnvironment(scope), wanted) };
}

/** Compiles variables in order: each may use the ones before it. */
export function compiledVariables(
  given: readonly Variable[],
  hasParams: boolean,
): { readonly variables: readonly NamedExpression[]; readonly types: ReadonlyMap<string, CelType> } {
  const types = new Map<string, CelType>();
  const variables = given.map(({ name, expression }) => {
    const made = compiled(expression, { hasParams, hasAuthorizer: true, variables: types }, undefined);
    types.set(name, 'program' in made ? made.program.type : dynType);
    return { name, expression: made };
  });
  return { variables, types };
}

export const compiledConditions = (given: readonly MatchCondition[], hasParams: boolean): readonly NamedExpression[] =>
  given.map(({ name, expression }) => ({
    name,
    expression: compiled(expression.trim(), { hasParams, hasAuthorizer: true }, boolWanted),
  }));

/** Whether all conditions hold; a failure, where none is false and one cannot be evaluated. They see no namespace. */
export async function conditionsHold(
  conditions: readonly NamedExpression[],
  situation: Situation,
  answers: Answers,
): Promise<boolean | Failure> {
  const evaluator = new Evaluator({ ...situation, namespace: undefined }, answers, matchConditionsCostMax);
  const failures: string[] = [];
  for (const { expression } of conditions) {
    const result = await evaluated(evaluator, expression);
    if (result === false) return false;
    if (result instanceof Failure) failures.push(result.message);
  }
  const [only] = failures;
  if (only === undefined) return true;
  return new Failure(failures.length === 1 ? only : `[${failures.join(', ')}]`);
}

async function evaluated(evaluator: Evaluator, expression: CompiledExpression): Promise<unknown> {
  try {
    return await evaluator.evaluate(expression);
  } catch (error) {
    if (error instanceof OutOfBudget) return new Failure(error.message);
    throw error;
  }
}
