/** Rules of custom kinds: what evaluates them is large, so it is loaded with the first kind that has some. */
import { loadPatterns } from '../../kube/patterns.ts';
import type { FieldError } from '../../kube/field-error.ts';
import type { Json } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import type * as validation from './expressions/rule-validation.ts';

type Engine = Pick<typeof validation, 'schemaRules' | 'ruleFindings'>;
let engine: Engine | undefined;

export async function loadExpressions(): Promise<void> {
  await loadPatterns();
  engine ??= await import('./expressions/rule-validation.ts');
}

/** Whether a schema has rules anywhere. */
export function hasRules(node: SchemaNode): boolean {
  if ((node['x-kubernetes-validations'] ?? []).length > 0) return true;
  const { items, additionalProperties, properties = {}, allOf = [] } = node;
  const children = [...Object.values(properties), ...allOf, ...(items === undefined ? [] : [items])];
  if (typeof additionalProperties === 'object') children.push(additionalProperties);
  return children.some(hasRules);
}

export interface ExpressionRules {
  errors(object: Json, stored: Json | undefined): readonly FieldError[];
  /** What is left as it was, though a rule forbids it by now. */
  warnings(object: Json, stored: Json | undefined): readonly string[];
}

export function expressionRules(node: SchemaNode): ExpressionRules | undefined {
  if (!hasRules(node)) return undefined;
  let compiled: validation.SchemaRules | undefined;
  const findings = (object: Json, stored: Json | undefined): ReturnType<Engine['ruleFindings']> => {
    if (engine === undefined) throw new Error('rules are used before they are loaded');
    compiled ??= engine.schemaRules(node);
    return compiled === undefined ? { errors: [], warnings: [] } : engine.ruleFindings(compiled, object, stored);
  };
  return {
    errors: (object, stored) => findings(object, stored).errors,
    warnings: (object, stored) => findings(object, stored).warnings.map(({ field, message }) => `${field}: ${message}`),
  };
}
