/** One rule of a schema, compiled. Source: apiextensions-apiserver, pkg/apiserver/schema/cel/compilation.go. */
import { environment } from '../../../cel/check/environment.ts';
import { type CelType, optionalType } from '../../../cel/check/type.ts';
import { sizesOf } from '../../../cel/cost/estimate.ts';
import type { DeclaredType } from '../../../cel/declared-type.ts';
import { compileProgram, isRefused, type Program } from '../../../cel/program.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import type { ValidationRule } from '../../../kube/schema-definitions.ts';

/** The rules of this place of a schema alone. */
export const rulesOf = (node: SchemaNode): readonly ValidationRule[] => node['x-kubernetes-validations'] ?? [];

export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Undefined where the rule is empty or wrong. */
  readonly program?: Program;
  readonly problem?: string;
  readonly usesOldSelf: boolean;
  readonly costMax: number;
  readonly message?: Program;
  readonly messageProblem?: string;
  readonly messageCostMax: number;
}

const nothing = { usesOldSelf: false, costMax: 0, messageCostMax: 0 };

export function compileRule(rule: ValidationRule, declared: DeclaredType): CompiledRule {
  if (rule.rule.trim() === '') return { rule, ...nothing };
  const self = declared.type;
  const oldSelf: CelType = rule.optionalOldSelf === true ? optionalType(self) : self;
  const known = environment({ self, oldSelf }, [declared]);
  const program = compileProgram(rule.rule, known);
  if (isRefused(program)) {
    const stage = program.stage === 'source' ? 'compilation failed' : 'program instantiation failed';
    return { rule, ...nothing, problem: `${stage}: ${program.problem}` };
  }
  if (program.type.kind !== 'bool') return { rule, ...nothing, problem: 'cel expression must evaluate to a bool' };
  const sizes = sizesOf(declared);
  const compiled: CompiledRule = {
    rule,
    program,
    usesOldSelf: program.uses.has('oldSelf'),
    costMax: program.costMax(sizes),
    messageCostMax: 0,
  };
  if (rule.messageExpression === undefined || rule.messageExpression === '') return compiled;
  const message = compileProgram(rule.messageExpression, known);
  if (isRefused(message)) {
    const stage = message.stage === 'source' ? 'compilation failed' : 'instantiation failed';
    return { ...compiled, messageProblem: `messageExpression ${stage}: ${message.problem}` };
  }
  if (message.type.kind !== 'string') return { ...compiled, messageProblem: 'messageExpression must evaluate to a string' };
  return { ...compiled, message, messageCostMax: message.costMax(sizes) };
}
