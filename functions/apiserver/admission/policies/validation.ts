/** What one validating policy decides about one request. Source: apiserver, pkg/admission/plugin/policy/validating/validator.go. */
import { objectCostMax } from '../../../cel/program.ts';
import { loadExpressions } from '../../../cel/program.ts';
import { Failure } from '../../../cel/values/value.ts';
import { typeOfValue } from '../../../cel/values/type-of.ts';
import type { ValidatingAdmissionPolicy, Validation } from '../../../kube/generated/types.ts';
import { annotationWanted, boolWanted, textWanted } from '../../../resources/admissionregistration/policy-expressions.ts';
import { compiled, compiledConditions, compiledVariables, conditionsHold } from './compiled-policy.ts';
import { type Answers, type CompiledExpression, Evaluator, type NamedExpression, OutOfBudget, type Situation } from './evaluator.ts';

export { loadExpressions };

/** A rule that is not kept, or that cannot be evaluated. */
export interface Denial {
  /** The place of the rule in the policy. */
  readonly index: number;
  readonly message: string;
  readonly reason: string;
}

export interface Verdict {
  readonly denials: readonly Denial[];
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
  /** Annotations that cannot be made, which refuse the request whatever the binding's actions are. */
  readonly faults: readonly string[];
}

interface CompiledValidation {
  readonly validation: Validation;
  readonly expression: CompiledExpression;
  readonly message: CompiledExpression | undefined;
}

interface CompiledPolicy {
  readonly conditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[] | undefined;
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly NamedExpression[];
  readonly ignores: boolean;
}

const known = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>();

function compiledPolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const found = known.get(policy);
  if (found !== undefined) return found;
  const {
    matchConditions = [],
    variables: given = [],
    validations = [],
    auditAnnotations = [],
    paramKind,
    failurePolicy,
  } = policy.spec ?? {};
  const hasParams = paramKind !== undefined;
  const { variables, types } = compiledVariables(given, hasParams);
  const scope = { hasParams, hasAuthorizer: true, ...(given.length === 0 ? {} : { variables: types }) };
  const made: CompiledPolicy = {
    conditions: compiledConditions(matchConditions, hasParams),
    variables: given.length === 0 ? undefined : variables,
    validations: validations.map((validation) => ({
      validation,
      expression: compiled(validation.expression, scope, boolWanted),
      message: validation.messageExpression
        ? compiled(validation.messageExpression, { ...scope, hasAuthorizer: false }, textWanted)
        : undefined,
    })),
    annotations: auditAnnotations.map(({ key, valueExpression }) => ({
      name: key,
      expression: compiled(valueExpression, scope, annotationWanted),
    })),
    ignores: failurePolicy === 'Ignore',
  };
  known.set(policy, made);
  return made;
}

const nothing: Verdict = { denials: [], annotations: [], faults: [] };

export async function validated(policy: ValidatingAdmissionPolicy, situation: Situation, answers: Answers): Promise<Verdict> {
  const own = compiledPolicy(policy);
  const failed = (message: string): Verdict => (own.ignores ? nothing : { ...nothing, denials: [{ index: 0, message, reason: '' }] });
  const holds = await conditionsHold(own.conditions, situation, answers);
  if (holds instanceof Failure) return failed(holds.message);
  if (!holds) return nothing;
  try {
    const denials = await denialsOf(own, situation, answers);
    return { denials, ...(await annotationsOf(own, situation, answers)) };
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message);
    throw error;
  }
}

function evaluatorOf({ variables }: CompiledPolicy, situation: Situation, answers: Answers): Evaluator {
  const evaluator = new Evaluator(situation, answers, objectCostMax);
  if (variables !== undefined) evaluator.compose(variables);
  return evaluator;
}

async function denialsOf(own: CompiledPolicy, situation: Situation, answers: Answers): Promise<readonly Denial[]> {
  const evaluator = evaluatorOf(own, situation, answers);
  const results = [];
  for (const { expression } of own.validations) results.push(await evaluator.evaluate(expression));
  const denials: Denial[] = [];
  for (const [index, { validation, message }] of own.validations.entries()) {
    const result = results[index];
    if (result instanceof Failure) {
      if (!own.ignores) denials.push({ index, message: result.message, reason: '' });
    } else if (result !== true) {
      denials.push({ index, message: await messageOf(validation, message, evaluator), reason: validation.reason ?? 'Invalid' });
    }
  }
  return denials;
}

const messageBytesMax = 5 * 1024;

async function messageOf(
  { message = '', expression }: Validation,
  made: CompiledExpression | undefined,
  evaluator: Evaluator,
): Promise<string> {
  const result = made === undefined ? undefined : await evaluator.evaluate(made);
  const text = typeof result === 'string' ? result.trim() : '';
  if (text !== '' && Buffer.byteLength(text) <= messageBytesMax && !text.includes('\n')) return text;
  return message.trim() === '' ? `failed expression: ${expression.trim()}` : message.trim();
}

async function annotationsOf(
  own: CompiledPolicy,
  situation: Situation,
  answers: Answers,
): Promise<Pick<Verdict, 'annotations' | 'faults'>> {
  const evaluator = evaluatorOf(own, situation, answers);
  const annotations: { key: string; value: string }[] = [];
  const faults: string[] = [];
  for (const { name, expression } of own.annotations) {
    const result = await evaluator.evaluate(expression);
    if (result instanceof Failure) {
      if (!own.ignores) faults.push(result.message);
    } else if (typeof result === 'string') {
      if (result.trim() !== '') annotations.push({ key: name, value: result.trim() });
    } else if (result !== null) {
      const type = typeOfValue(result).name;
      faults.push(
        `valueExpression '${expression.source}' resulted in unsupported return type: ${type}. Return type must be either string or null.`,
      );
    }
  }
  return { annotations, faults };
}
