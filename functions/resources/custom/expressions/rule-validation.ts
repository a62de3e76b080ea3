/**
 * Checks an object against the rules of its schema, within a budget of cost.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go.
 */
import { callCostMax, objectCostMax } from '../../../cel/program.ts';
import type { DeclaredType } from '../../../cel/declared-type.ts';
import { escapedName } from '../../../cel/escape.ts';
import { jsonValue } from '../../../cel/values/json.ts';
import { type CelValue, Failure, none, Optional } from '../../../cel/values/value.ts';
import { deepEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, forbiddenField, invalid, invalidWithoutValue, required } from '../../../kube/field-error.ts';
import { type Json, type JsonObject, isJsonObject } from '../../../kube/object.ts';
import { ownField } from '../../../kube/own-field.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import type { ValidationRule } from '../../../kube/schema-definitions.ts';
import { type CompiledRule, compileRule, rulesOf } from './compiled-rule.ts';
import { declaredSchema } from './declared-schema.ts';
import { validFieldPath } from './field-path.ts';

/** The rules of a schema, compiled when a value first meets them. */
export interface SchemaRules {
  readonly node: SchemaNode;
  readonly rules: readonly CompiledRule[];
  readonly paths: readonly (string | undefined)[];
  readonly declared: DeclaredType | undefined;
  readonly items: SchemaRules | undefined;
  readonly values: SchemaRules | undefined;
  readonly properties: ReadonlyMap<string, SchemaRules>;
  readonly also: readonly SchemaRules[];
}

export function schemaRules(root: SchemaNode): SchemaRules | undefined {
  return rulesBelow(root, root, declaredSchema(root, true));
}

/** `given` has the rules, which for `allOf` stand beside the schema that has the fields. */
function rulesBelow(given: SchemaNode, node: SchemaNode, declared: DeclaredType | undefined): SchemaRules | undefined {
  const rules = declared === undefined ? [] : rulesOf(given).map((rule) => compileRule(rule, declared));
  const items = given.items && node.items ? rulesBelow(given.items, node.items, declared?.element ?? ownType(node.items)) : undefined;
  const [own, inner] = [given.additionalProperties, node.additionalProperties];
  const values =
    typeof own === 'object' && typeof inner === 'object' ? rulesBelow(own, inner, declared?.element ?? ownType(inner)) : undefined;
  const properties = new Map<string, SchemaRules>();
  for (const [name, property] of Object.entries(given.properties ?? {})) {
    const field = node.properties?.[name];
    if (field === undefined) continue;
    const escaped = escapedName(name);
    const type = escaped === undefined ? ownType(field) : declared?.fields?.get(escaped)?.declared;
    const found = type === undefined ? undefined : rulesBelow(property, field, type);
    if (found !== undefined) properties.set(name, found);
  }
  const also = (given.allOf ?? []).flatMap((part) => rulesBelow(part, node, declared) ?? []);
  if (rules.length === 0 && items === undefined && values === undefined && properties.size === 0 && also.length === 0) return undefined;
  const paths = rules.map(({ rule }) => (rule.fieldPath ? validFieldPath(rule.fieldPath, node) : undefined));
  return { node, rules, paths, declared, items, values, properties, also };
}

const ownType = (node: SchemaNode): DeclaredType | undefined => declaredSchema(node, node['x-kubernetes-embedded-resource'] === true);

export interface RuleFindings {
  readonly errors: readonly FieldError[];
  /** Rules that the stored object breaks already, in the same way. */
  readonly warnings: readonly FieldError[];
}

export function ruleFindings(rules: SchemaRules, object: Json, stored?: Json): RuleFindings {
  const run = new Validation(stored !== undefined);
  run.visit(rules, { path: '', value: object, old: stored, isSame: false });
  return run;
}

interface Place {
  readonly path: string;
  readonly value: Json;
  readonly old: Json | undefined;
  /** Whether the parent is as it was stored, where the value itself cannot be followed. */
  readonly isSame: boolean;
}

class Validation implements RuleFindings {
  readonly errors: FieldError[] = [];
  readonly warnings: FieldError[] = [];
  private readonly isUpdate: boolean;
  private budget = objectCostMax;
  private isOver = false;

  constructor(isUpdate: boolean) {
    this.isUpdate = isUpdate;
  }

  visit(rules: SchemaRules, place: Place): void {
    if (this.isOver || place.value === null) return;
    if (rules.rules.length > 0) this.evaluateAll(rules, place);
    for (const also of rules.also) this.visit(also, place);
    if (Array.isArray(place.value)) this.visitItems(rules, place.value, place);
    else if (isJsonObject(place.value)) this.visitMembers(rules, place.value, place);
  }

  private visitItems({ items, node }: SchemaRules, list: readonly Json[], { path, old }: Place): void {
    if (items === undefined) return;
    const before = Array.isArray(old) ? old : [];
    const isSame = this.isUpdate && old !== undefined && deepEqual(list as Json, old);
    for (const [index, value] of list.entries()) {
      const match = oldItem(node, before, value);
      this.visit(items, { path: `${path}[${index}]`, value, old: match, isSame });
    }
  }

  private visitMembers({ values, properties }: SchemaRules, object: JsonObject, { path, old, isSame }: Place): void {
    const before = isJsonObject(old) ? old : undefined;
    for (const [name, value] of Object.entries(object)) {
      const own = properties.get(name);
      const stored = before === undefined ? undefined : ownField(before, name);
      const child = path === '' ? name : `${path}.${name}`;
      if (own !== undefined) this.visit(own, { path: child, value, old: stored, isSame });
      else if (values !== undefined) this.visit(values, { path: `${path}[${name}]`, value, old: stored, isSame });
    }
  }

  private evaluateAll({ rules, node, declared, paths }: SchemaRules, place: Place): void {
    const { value, old } = place;
    const self = jsonValue(value, declared);
    const oldSelf = old === undefined || old === null ? undefined : jsonValue(old, declared);
    for (const [index, compiled] of rules.entries()) {
      if (this.isOver) return;
      this.evaluate(compiled, { ...place, node, self, oldSelf, relative: paths[index] });
    }
  }

  private refuse(path: string, node: SchemaNode, why: string): void {
    this.errors.push(invalid(path === '' ? '<nil>' : path, node.type ?? '', why));
  }

  private evaluate(compiled: CompiledRule, at: Evaluated): void {
    const { rule, program } = compiled;
    if (compiled.problem !== undefined) return this.refuse(at.path, at.node, `rule compile error: ${compiled.problem}`);
    const isOptional = rule.optionalOldSelf === true;
    if (program === undefined || (compiled.usesOldSelf && at.oldSelf === undefined && !isOptional)) return undefined;
    const optional = at.oldSelf === undefined ? none : new Optional(at.oldSelf);
    const oldSelf = isOptional ? optional : at.oldSelf;
    const variable = (name: string): CelValue | undefined => (name === 'self' ? at.self : oldSelf);
    const { result, cost } = program.evaluate(variable, callCostMax);
    if (cost > this.budget)
      return this.stop(at, 'validation failed due to running out of cost budget, no further validation rules will be run');
    this.budget -= cost;
    if (result instanceof Failure) return this.failed(result.message, rule, at);
    return result === true ? undefined : this.broken(compiled, at, variable);
  }

  private stop({ path, node }: Evaluated, why: string): void {
    this.refuse(path, node, why);
    this.isOver = true;
  }

  private failed(message: string, rule: ValidationRule, at: Evaluated): void {
    if (message.startsWith('no such overload')) {
      const why = `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${ruleText(rule)}`;
      return this.refuse(at.path, at.node, why);
    }
    if (message.startsWith('operation cancelled: actual cost limit exceeded')) {
      return this.stop(
        at,
        `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${ruleText(rule)}`,
      );
    }
    return this.refuse(at.path, at.node, `${message} evaluating rule: ${ruleText(rule)}`);
  }

  private broken(compiled: CompiledRule, at: Evaluated, variable: (name: string) => CelValue | undefined): void {
    const { rule } = compiled;
    const separator = at.path === '' || at.relative?.startsWith('[') === true ? '' : '.';
    const path = at.relative === undefined || at.relative === '' ? at.path : `${at.path}${separator}${at.relative}`;
    const message = this.message(compiled, variable);
    if (message.isOver) return this.stop({ ...at, path }, message.text);
    const error = errorOf(rule, path === '' ? '<nil>' : path, at, message.text);
    const isSame = at.old === undefined ? at.isSame : deepEqual(at.value, at.old);
    (this.isUpdate && !compiled.usesOldSelf && isSame ? this.warnings : this.errors).push(error);
    return undefined;
  }

  private message({ rule, message }: CompiledRule, variable: (name: string) => CelValue | undefined): Message {
    const fallback: Message = { text: rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`, isOver: false };
    if (message === undefined) return fallback;
    const { result, cost } = message.evaluate(variable, callCostMax);
    if (cost > this.budget) {
      return {
        text: 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
        isOver: true,
      };
    }
    this.budget -= cost;
    if (result instanceof Failure && result.message.startsWith('operation cancelled')) {
      const shown = JSON.stringify(rule.messageExpression);
      return {
        text: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${shown}`,
        isOver: true,
      };
    }
    const text = typeof result === 'string' ? result.trim() : '';
    return text === '' || Buffer.byteLength(text) > messageBytesMax || text.includes('\n') ? fallback : { text, isOver: false };
  }
}

const messageBytesMax = 5 * 1024;

interface Message {
  readonly text: string;
  /** The budget is used up. */
  readonly isOver: boolean;
}

interface Evaluated extends Place {
  readonly node: SchemaNode;
  readonly self: CelValue;
  readonly oldSelf: CelValue | undefined;
  readonly relative: string | undefined;
}

const ruleText = ({ rule, message = '' }: ValidationRule): string => (message === '' ? rule : message).trim();

/** Upstream leaves such values out of its messages. */
const isWhole = ({ type }: SchemaNode): boolean => type === 'object' || type === 'array';

function errorOf({ reason }: ValidationRule, path: string, { value, node }: Evaluated, detail: string): FieldError {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbiddenField(path, detail);
    case 'FieldValueRequired':
      return required(path, detail);
    case 'FieldValueDuplicate':
      return isWhole(node) ? { ...duplicate(path, value), message: 'Duplicate value' } : duplicate(path, value);
    case undefined:
    default:
      return isWhole(node) ? invalidWithoutValue(path, detail) : invalid(path, value, detail);
  }
}

/** Only items of a list that is a map are followed, by their keys. */
function oldItem(node: SchemaNode, before: readonly Json[], item: Json): Json | undefined {
  if (node['x-kubernetes-list-type'] !== 'map' || !isJsonObject(item)) return undefined;
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  return before.find((other) => isJsonObject(other) && keys.every((key) => deepEqual(item[key] ?? null, other[key] ?? null)));
}
