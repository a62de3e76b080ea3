/**
 * What is wrong with the rules of a schema when its CustomResourceDefinition is written, and what they cost at most.
 * Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go.
 */
import type { DeclaredType } from '../../../cel/declared-type.ts';
import { escapedName } from '../../../cel/escape.ts';
import { largest } from '../../../cel/cost/range.ts';
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import type { ValidationRule } from '../../../kube/schema-definitions.ts';
import { compileRule, type CompiledRule, rulesOf } from './compiled-rule.ts';
import { countMax, declaredSchema } from './declared-schema.ts';
import { validFieldPath } from './field-path.ts';

const ruleCostMax = 10_000_000;
const schemaCostMax = 100_000_000;
const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** Rules that an update finds already there keep what newer bounds of cost would refuse. */
export interface RuleBounds {
  readonly suppressRuleCost: boolean;
}

export function ruleErrors(root: SchemaNode, path: string, { suppressRuleCost }: RuleBounds): FieldError[] {
  const costs = new TotalCost();
  const visit: Visit = { path, costs, suppressRuleCost, countMax: 1, isRoot: true };
  const found = nodeErrors(root, visit);
  return [...found.schema, ...found.expressions, ...costs.errors(path)];
}

interface Visit {
  readonly path: string;
  readonly costs: TotalCost;
  readonly suppressRuleCost: boolean;
  /** How often the place can be in one object; undefined: only its size bounds that. */
  readonly countMax: number | undefined;
  readonly isRoot: boolean;
  /** What the parent has found out of this place. */
  readonly declared?: DeclaredType | undefined;
  /** The list or map above whose elements cannot be followed from one state to the next. */
  readonly uncorrelatable?: string | undefined;
}

interface Found {
  readonly schema: readonly FieldError[];
  readonly expressions: readonly FieldError[];
}

function nodeErrors(node: SchemaNode, visit: Visit): Found {
  const needsType = visit.declared === undefined && rulesOf(node).length > 0;
  const isResource = visit.isRoot || node['x-kubernetes-embedded-resource'] === true;
  const declared = needsType ? declaredSchema(node, isResource) : visit.declared;
  const below = childErrors(node, { ...visit, declared });
  const schema = [...below.schema, ...rulesOf(node).flatMap((rule, index) => formErrors(node, rule, rulePath(visit.path, index)))];
  if (schema.length > 0 || rulesOf(node).length === 0) return { schema, expressions: below.expressions };
  if (declared === undefined) return { schema, expressions: [...below.expressions, undeclared(visit.path)] };
  const own = rulesOf(node).flatMap((rule, index) =>
    expressionErrors(compileRule(rule, declared), declared, { ...visit, path: rulePath(visit.path, index) }),
  );
  return { schema, expressions: [...below.expressions, ...own] };
}

const rulePath = (path: string, index: number): string => `${path}.x-kubernetes-validations[${index}]`;

const undeclared = (path: string): FieldError => ({
  type: 'FieldValueInvalid',
  field: `${path}.x-kubernetes-validations`,
  message:
    'Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
});

function childErrors(node: SchemaNode, visit: Visit): Found {
  const found: Found[] = [];
  const perElement = elementsMax(node);
  const countBelow = visit.countMax === undefined || perElement === undefined ? undefined : Math.min(visit.countMax * perElement, largest);
  const below: Visit = { ...visit, countMax: countBelow, isRoot: false };
  if (typeof node.additionalProperties === 'object') {
    found.push(
      nodeErrors(node.additionalProperties, { ...below, path: `${visit.path}.additionalProperties`, declared: visit.declared?.element }),
    );
  }
  for (const [name, property] of Object.entries(node.properties ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const declared = visit.declared?.fields?.get(escapedName(name) ?? '')?.declared;
    found.push(nodeErrors(property, { ...below, path: `${visit.path}.properties[${name}]`, declared }));
  }
  if (node.items !== undefined) {
    const uncorrelatable = node['x-kubernetes-list-type'] === 'map' ? visit.uncorrelatable : visit.path;
    found.push(nodeErrors(node.items, { ...below, path: `${visit.path}.items`, declared: visit.declared?.element, uncorrelatable }));
  }
  return { schema: found.flatMap(({ schema }) => schema), expressions: found.flatMap(({ expressions }) => expressions) };
}

/** How many values a place holds below it. */
function elementsMax(node: SchemaNode): number | undefined {
  if (node.type === 'object') return node.additionalProperties === undefined ? 1 : node.maxProperties;
  return node.type === 'array' ? node.maxItems : 1;
}

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

function expressionErrors(compiled: CompiledRule, declared: DeclaredType, visit: Visit): FieldError[] {
  const { rule } = compiled;
  const { path, costs } = visit;
  const errors: FieldError[] = [];
  const cost = Math.min(compiled.costMax * (visit.countMax ?? countMax(declared.serializedMin)), largest);
  if (!visit.suppressRuleCost && cost > ruleCostMax)
    errors.push(forbiddenField(`${path}.rule`, overBudget('estimated rule cost', cost, ruleCostMax)));
  costs.add(`${path}.rule`, cost);
  if (compiled.problem !== undefined) errors.push(invalid(`${path}.rule`, shownRule(rule), compiled.problem));
  if (compiled.messageProblem !== undefined) errors.push(invalid(`${path}.messageExpression`, shownRule(rule), compiled.messageProblem));
  else if (compiled.message !== undefined) {
    if (!visit.suppressRuleCost && compiled.messageCostMax > ruleCostMax) {
      errors.push(
        forbiddenField(`${path}.messageExpression`, overBudget('estimated messageExpression cost', compiled.messageCostMax, ruleCostMax)),
      );
    }
    costs.add(`${path}.messageExpression`, compiled.messageCostMax);
  }
  if (!compiled.usesOldSelf) {
    return rule.optionalOldSelf === undefined
      ? errors
      : [...errors, invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule')];
  }
  if (visit.uncorrelatable === undefined) return errors;
  const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${visit.uncorrelatable}`;
  return [...errors, invalid(`${path}.rule`, rule.rule, why)];
}

/** As upstream's own type of a rule is printed. */
function shownRule(rule: ValidationRule): Record<string, unknown> {
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

function overBudget(what: string, cost: number, budget: number): string {
  const factor = cost / budget;
  const precise = factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  const shown = factor > 100 ? 'more than 100x' : precise;
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

const expensiveMax = 4;

class TotalCost {
  private total = 0;
  private readonly rules: { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.total = Math.min(this.total + cost, largest);
    if (cost >= schemaCostMax / 100) this.rules.push({ path, cost });
  }

  errors(path: string): FieldError[] {
    if (this.total <= schemaCostMax) return [];
    const expensive = this.rules.toSorted((one, other) => other.cost - one.cost).slice(0, expensiveMax);
    const why = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const total = overBudget('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.total, schemaCostMax);
    return [...expensive.map((rule) => forbiddenField(rule.path, why)), forbiddenField(path, total)];
  }
}
