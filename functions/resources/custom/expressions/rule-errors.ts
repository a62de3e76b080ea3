/**
 * What is wrong with the rules of a schema when its CustomResourceDefinition is written, and what they cost at most.
 * Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go.
 */
import type { DeclaredType } from '../../../cel/declared-type.ts';
import { escapedName } from '../../../cel/escape.ts';
import { largest } from '../../../cel/cost/range.ts';
import { type FieldError, forbiddenField, internalError, invalid } from '../../../kube/field-error.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { compileRule, type CompiledRule, rulesOf } from './compiled-rule.ts';
import { countMax, declaredSchema } from './declared-schema.ts';
import { internalRule, rulePath } from './rule-form.ts';

const ruleCostMax = 10_000_000;
const schemaCostMax = 100_000_000;

/** Rules that an update finds already there keep what newer bounds of cost would refuse. */
export interface RuleBounds {
  readonly suppressRuleCost: boolean;
}

/** Rules are not read where something at their place or below it is wrong already: `blamed` are the fields of those errors. */
export function ruleErrors(root: SchemaNode, path: string, { suppressRuleCost }: RuleBounds, blamed: readonly string[]): FieldError[] {
  const costs = new TotalCost();
  const visit: Visit = { path, costs, suppressRuleCost, blamed, countMax: 1, isRoot: true };
  return [...nodeErrors(root, visit), ...costs.errors(path)];
}

interface Visit {
  readonly path: string;
  readonly costs: TotalCost;
  readonly suppressRuleCost: boolean;
  readonly blamed: readonly string[];
  /** How often the place can be in one object; undefined: only its size bounds that. */
  readonly countMax: number | undefined;
  readonly isRoot: boolean;
  /** What the parent has found out of this place. */
  readonly declared?: DeclaredType | undefined;
  /** The highest list or map whose elements cannot be followed from one state to the next. */
  readonly uncorrelatable?: string | undefined;
}

function nodeErrors(node: SchemaNode, visit: Visit): FieldError[] {
  const rules = rulesOf(node);
  const needsType = visit.declared === undefined && rules.length > 0;
  const isResource = visit.isRoot || node['x-kubernetes-embedded-resource'] === true;
  const declared = needsType ? declaredSchema(node, isResource) : visit.declared;
  const below = childErrors(node, { ...visit, declared });
  const isBlamed = visit.blamed.some((field) => field.startsWith(`${visit.path}.`));
  if (isBlamed || rules.length === 0) return below;
  if (declared === undefined) return [...below, undeclared(visit.path)];
  const own = rules.flatMap((rule, index) =>
    expressionErrors(compileRule(rule, declared), declared, { ...visit, path: rulePath(visit.path, index) }),
  );
  return [...below, ...own];
}

const undeclared = (path: string): FieldError =>
  internalError(
    `${path}.x-kubernetes-validations`,
    'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
  );

function childErrors(node: SchemaNode, visit: Visit): FieldError[] {
  const found: FieldError[] = [];
  const perElement = elementsMax(node);
  const countBelow = visit.countMax === undefined || perElement === undefined ? undefined : Math.min(visit.countMax * perElement, largest);
  const below: Visit = { ...visit, countMax: countBelow, isRoot: false };
  if (typeof node.additionalProperties === 'object') {
    found.push(
      ...nodeErrors(node.additionalProperties, { ...below, path: `${visit.path}.additionalProperties`, declared: visit.declared?.element }),
    );
  }
  for (const [name, property] of Object.entries(node.properties ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const declared = visit.declared?.fields?.get(escapedName(name) ?? '')?.declared;
    const uncorrelatable = isFollowedMap(node) ? visit.uncorrelatable : (visit.uncorrelatable ?? visit.path);
    found.push(...nodeErrors(property, { ...below, path: `${visit.path}.properties[${name}]`, declared, uncorrelatable }));
  }
  if (node.items !== undefined) {
    const uncorrelatable = node['x-kubernetes-list-type'] === 'map' ? visit.uncorrelatable : (visit.uncorrelatable ?? visit.path);
    found.push(...nodeErrors(node.items, { ...below, path: `${visit.path}.items`, declared: visit.declared?.element, uncorrelatable }));
  }
  return found;
}

/** Whether the fields of a map can be followed from one state to the next: those of a type that is not known cannot. */
function isFollowedMap(node: SchemaNode): boolean {
  const mapType: string | undefined = node['x-kubernetes-map-type'];
  return mapType === undefined || mapType === 'granular' || mapType === 'atomic';
}

/** How many values a place holds below it. */
function elementsMax(node: SchemaNode): number | undefined {
  if (node.type === 'object') return node.additionalProperties === undefined ? 1 : node.maxProperties;
  return node.type === 'array' ? node.maxItems : 1;
}

function expressionErrors(compiled: CompiledRule, declared: DeclaredType, visit: Visit): FieldError[] {
  const { rule } = compiled;
  const { path, costs } = visit;
  const errors: FieldError[] = [];
  const cost = Math.min(compiled.costMax * (visit.countMax ?? countMax(declared.serializedMin)), largest);
  if (!visit.suppressRuleCost && cost > ruleCostMax)
    errors.push(forbiddenField(`${path}.rule`, overBudget('estimated rule cost', cost, ruleCostMax)));
  costs.add(`${path}.rule`, cost);
  if (compiled.problem !== undefined) errors.push(invalid(`${path}.rule`, internalRule(rule), compiled.problem));
  if (compiled.messageProblem !== undefined) errors.push(invalid(`${path}.messageExpression`, internalRule(rule), compiled.messageProblem));
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
