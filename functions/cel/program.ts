/**
 * Expressions of CEL in Kubernetes' environment: compiled against declared variables, priced before they run, evaluated
 * within a limit of cost. This file is all that other rooms need besides the types of values and declarations.
 */
import { compilePattern, loadPatterns } from '../kube/patterns.ts';
import { checkExpression } from './check/checker.ts';
import type { Environment } from './check/environment.ts';
import type { CelType } from './check/type.ts';
import { dynType } from './check/type.ts';
import { literalIssues } from './check/literals.ts';
import { costMax, type SizeAt } from './cost/estimate.ts';
import { Compiler } from './run/compile.ts';
import { CostExceeded, Frame, type Step } from './run/frame.ts';
import { functionNamed } from './library/functions.ts';
import { descendants, type Expression } from './syntax/expression.ts';
import { issuesText } from './syntax/issues.ts';
import { parseExpression } from './syntax/parser.ts';
import { Failure, type Result } from './values/value.ts';

/** Upstream's limits, in units of cost. Source: apiserver, pkg/apis/cel/config.go. */
export const callCostMax = 1_000_000;
export const objectCostMax = 10_000_000;
export const matchConditionsCostMax = 2_500_000;

export interface Program {
  readonly type: CelType;
  /** Variables that it names. */
  readonly uses: ReadonlySet<string>;
  /** What it may cost at most, where sizes are as the schema allows. */
  costMax(sizeAt: SizeAt): number;
  evaluate(variable: (name: string) => Result | undefined, limit?: number): Evaluation;
}

export interface Evaluation {
  /** A failure names why there is no value. */
  readonly result: Result;
  readonly cost: number;
}

/** What is wrong with the source, as upstream prints it. */
export interface Refused {
  readonly problem: string;
  /** `program`: the expression is sound, but what is constant in it cannot be computed. */
  readonly stage: 'source' | 'program';
}

export const isRefused = (compiled: Program | Refused): compiled is Refused => 'problem' in compiled;

/** Must have ended before anything is compiled or evaluated. */
export const loadExpressions = loadPatterns;

export function compileProgram(source: string, environment: Environment): Program | Refused {
  const parsed = parseExpression(source);
  if ('issues' in parsed) return { problem: issuesText(source, parsed.issues), stage: 'source' };
  const checked = checkExpression(parsed.expression, environment);
  const issues = checked.issues.length > 0 ? checked.issues : literalIssues(checked);
  if (issues.length > 0) return { problem: issuesText(source, issues), stage: 'source' };
  const constant = constantProblem(parsed.expression);
  if (constant !== undefined) return { problem: constant, stage: 'program' };
  let step: Step | undefined;
  return {
    type: checked.types.get(checked.expression.id) ?? dynType,
    uses: checked.used,
    costMax: (sizeAt) => costMax(checked, sizeAt),
    evaluate(variable, limit = callCostMax) {
      step ??= new Compiler(checked).compile(checked.expression);
      return run(step, new Frame(variable, limit));
    },
  };
}

const computedAhead = new Set(['bool', 'bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint']);

/** Conversions of literals, and their patterns, are made before anything runs. */
function constantProblem(expression: Expression): string | undefined {
  for (const part of descendants(expression)) {
    if (part.kind !== 'call') continue;
    const [first] = part.arguments;
    if (first?.kind !== 'literal') continue;
    if (part.target === undefined && computedAhead.has(part.name)) {
      const result = functionNamed(part.name)?.([first.value], { nodes: 0 });
      if (result instanceof Failure) return result.message;
    }
    if ((part.name === 'find' || part.name === 'findAll') && typeof first.value === 'string') {
      const pattern = compilePattern(first.value);
      if (typeof pattern === 'string') return pattern;
    }
  }
  return undefined;
}

function run(step: Step, frame: Frame): Evaluation {
  try {
    const result = step(frame);
    return { result, cost: frame.cost };
  } catch (error) {
    if (error instanceof CostExceeded) return { result: new Failure(error.message), cost: frame.cost };
    throw error;
  }
}
