/**
 * Checks a value against an inline schema, in the words of upstream's validator.
 * Source: kube-openapi, pkg/validation/validate; apiextensions-apiserver, pkg/apiserver/validation/{validation,ratcheting}.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import { type FieldError, invalid, notSupported, required, tooMany } from '../../kube/field-error.ts';
import { goQuote } from '../../kube/go-quote.ts';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import { matchesPattern } from '../../kube/patterns.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { numberChecks } from './number-checks.ts';
import { type Correlation } from './value-correlation.ts';
import { hasFormat, knownFormat } from './value-formats.ts';
import { ValueResult } from './value-result.ts';

/** An object has at most this many errors; the rest are left out. */
const errorsMax = 100;

/** Where a value is: the field that errors name has `root` before it, which their texts leave out. */
interface Place {
  readonly path: string;
  readonly root: string;
  /** Undefined where nothing can be followed. */
  readonly before: Correlation | undefined;
}

/** `root` is `status` where the status alone is checked; `before` what the value was. */
export function valueErrors(node: SchemaNode, value: Json, root = '', before?: Correlation): FieldError[] {
  return checked(node, value, { path: '', root, before })
    .findings.slice(0, errorsMax)
    .map(({ error }) => error);
}

export const fieldOf = ({ path, root }: Pick<Place, 'path' | 'root'>): string => {
  const name = path.replace(/^\./, '');
  if (name === '') return root === '' ? '<nil>' : root;
  return root === '' ? name : `${root}.${name}`;
};

function checked(node: SchemaNode, value: Json, place: Place): ValueResult {
  const result = ownResult(node, value, place);
  // What is as it was keeps what it broke.
  if (result.isValid || place.before?.isSame() !== true) return result;
  const kept = new ValueResult();
  kept.matches = result.matches;
  return kept;
}

function ownResult(node: SchemaNode, value: Json, place: Place): ValueResult {
  const result = new ValueResult();
  if (value === null) return result.merge(typeChecks(node, value, place)).merge(enumChecks(node, value, place));
  const { type } = node;
  const format = knownFormat(node);
  const run = (part: ValueResult): void => void result.merge(part).passed();
  if (type || node['x-kubernetes-int-or-string'] === true || format !== '') run(typeChecks(node, value, place));
  run(combinedChecks(node, value, place));
  if (typeof value === 'string') {
    run(textChecks(node, value, place));
    if (format !== '' && !numberFormats.has(format)) run(formatChecks(format, value, place));
  }
  if (typeof value === 'number') run(numberChecks(node, value, { ...place, field: fieldOf(place), format }));
  if (Array.isArray(value)) run(itemChecks(node, value, place));
  run(enumChecks(node, value, place));
  if (isJsonObject(value)) run(memberChecks(node, value, place));
  return result.passed();
}

const numberFormats = new Set(['int32', 'int64', 'float', 'double']);

/** Beyond these bounds Go keeps a number that has no fraction as a float. */
const int64Max = 2 ** 63;

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) && value >= -int64Max && value < int64Max ? 'integer' : 'number';
  return typeof value;
}

const typesOf = ({ type, ...node }: SchemaNode): readonly string[] => {
  if (node['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return type ? [type] : [];
};

function typeChecks(node: SchemaNode, value: Json, place: Place): ValueResult {
  const result = new ValueResult();
  const types = typesOf(node);
  const found = typeOf(value);
  if (value === null) return types.length > 0 && node.nullable !== true ? wrongType(types.join(','), found, place) : result.passed();
  const format = knownFormat(node);
  const fits = types.includes(found) || (found === 'integer' && types.includes('number'));
  const isText = found === 'string' || found === 'array';
  if (format !== '' && !isText && !fits) {
    const ownFormat = found === 'integer' ? 'int64' : found === 'number' ? 'float64' : '';
    if (ownFormat !== format) return wrongType(format, ownFormat, place);
  }
  if (format !== '' && isText && !types.includes('number') && !types.includes('integer')) return result.passed();
  return fits ? result.passed() : wrongType(types.join(','), found, place);
}

function wrongType(type: string, found: string, place: Place): ValueResult {
  const text = `${place.path} in body must be of type ${type}: ${goQuote(found)}`;
  return new ValueResult().add(typeInvalid(fieldOf(place), found, text), text);
}

const typeInvalid = (field: string, found: string, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  message: `Invalid value: ${goQuote(found)}: ${detail}`,
});

/** Only the first failed check of a text is reported. */
function textChecks({ minLength, maxLength, pattern }: SchemaNode, value: string, place: Place): ValueResult {
  const result = new ValueResult();
  const field = fieldOf(place);
  const length = maxLength === undefined && minLength === undefined ? 0 : Array.from(value).length;
  const refuse = (why: string): ValueResult => result.add(invalid(field, value, `${place.path} in body ${why}`), `${place.path} ${why}`);
  if (maxLength !== undefined && length > maxLength) {
    const message = `Too long: may not be more than ${maxLength} bytes`;
    return result.add({ type: 'FieldValueTooLong', field, message }, `${place.path} should be at most ${maxLength} chars long`);
  }
  if (minLength !== undefined && length < minLength) return refuse(`should be at least ${minLength} chars long`);
  return pattern && !matchesPattern(pattern, value) ? refuse(`should match '${pattern}'`) : result;
}

function formatChecks(format: string, value: string, place: Place): ValueResult {
  const result = new ValueResult();
  if (hasFormat(format, value)) return result;
  const text = `${place.path} in body must be of type ${format}: ${goQuote(value)}`;
  return result.add(typeInvalid(fieldOf(place), value, text), text);
}

function enumChecks({ enum: choices = [] }: SchemaNode, value: Json, place: Place): ValueResult {
  const result = new ValueResult();
  if (choices.length === 0 || (value !== null && choices.some((one) => deepEqual(one, value)))) return result;
  const texts = choices.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  return result.add(notSupported(fieldOf(place), value, texts), `${place.path} should be one of ${JSON.stringify(choices)}`);
}

function itemChecks(node: SchemaNode, list: readonly Json[], place: Place): ValueResult {
  const result = new ValueResult();
  const { items, minItems, maxItems } = node;
  const field = fieldOf(place);
  for (const [index, item] of list.entries()) {
    if (items === undefined) break;
    result.merge(checked(items, item, { ...place, path: `${place.path}[${index}]`, before: place.before?.item(index) }));
  }
  if (minItems !== undefined && list.length < minItems) {
    const why = `${place.path} in body should have at least ${minItems} items`;
    result.add(invalid(field, list.length, why), why);
  }
  if (maxItems !== undefined && list.length > maxItems)
    result.add(tooMany(field, list.length, maxItems), `${place.path} has too many items`);
  return result.passed();
}

function memberChecks(node: SchemaNode, object: JsonObject, place: Place): ValueResult {
  const result = new ValueResult();
  const { path, root, before } = place;
  const { properties = {}, additionalProperties, minProperties, maxProperties } = node;
  const count = Object.keys(object).length;
  const field = fieldOf(place);
  if (minProperties !== undefined && count < minProperties) {
    const why = `${path} in body should have at least ${minProperties} properties`;
    result.add(invalid(field, count, why), why);
  }
  if (maxProperties !== undefined && count > maxProperties)
    result.add(tooMany(field, count, maxProperties), `${path} has too many properties`);
  const follow = (name: string): Correlation | undefined =>
    path === '' && root === '' && (name === 'kind' || name === 'apiVersion') ? undefined : before?.field(name);
  for (const [name, part = null] of Object.entries(object)) {
    if (Object.hasOwn(properties, name)) continue;
    const at = { root, path: `${path}.${name}`, before: follow(name) };
    if (typeof additionalProperties === 'object') result.merge(checked(additionalProperties, part, at));
    else if (additionalProperties === false) result.add(...notAllowed(place, name));
  }
  for (const [name, property] of Object.entries(properties)) {
    const part = Object.hasOwn(object, name) ? object[name] : undefined;
    if (part === undefined || property.$ref !== undefined) continue;
    result.merge(checked(property, part, { root, path: path === '' ? name : `${path}.${name}`, before: follow(name) }));
  }
  for (const name of node.required ?? []) {
    if (!Object.hasOwn(object, name))
      result.add(required(fieldOf({ root, path: `${path}.${name}` })), `${path}.${name} in body is required`);
  }
  return result;
}

function notAllowed(place: Place, name: string): [FieldError, string] {
  const why = `${place.path}.${name} in body is a forbidden property`;
  return [invalid(fieldOf(place), name, why), why];
}

/** anyOf, oneOf, allOf and not: of alternatives that fail, the one that passes most checks is shown. */
function combinedChecks(node: SchemaNode, value: Json, place: Place): ValueResult {
  const result = new ValueResult();
  const fail = (why: string): void => {
    const text = `${goQuote(place.path)} ${why}`;
    result.add(invalid(place.root === '' ? '<nil>' : place.root, '', text), text);
  };
  const tried = (nodes: readonly SchemaNode[] = []): ValueResult[] => nodes.map((one) => checked(one, value, place));
  if (node.anyOf !== undefined && node.anyOf.length > 0) {
    const all = tried(node.anyOf);
    const valid = all.find((one) => one.isValid);
    if (valid === undefined) fail('must validate at least one schema (anyOf)');
    result.merge(valid ?? nearest(all));
  }
  if (node.oneOf !== undefined && node.oneOf.length > 0) {
    const all = tried(node.oneOf);
    const valid = all.filter((one) => one.isValid);
    const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
    if (valid.length !== 1) fail(`must validate one and only one schema (oneOf). ${found}`);
    if (valid.length === 0) result.merge(nearest(all));
    else if (valid.length === 1 && valid[0] !== undefined) result.merge(valid[0]);
  }
  if (node.allOf !== undefined && node.allOf.length > 0) {
    const all = tried(node.allOf);
    const validCount = all.filter((one) => one.isValid).length;
    for (const one of all) result.merge(one);
    if (validCount < all.length) fail(`must validate all the schemas (allOf)${validCount === 0 ? '. None validated' : ''}`);
  }
  if (node.not !== undefined && checked(node.not, value, place).isValid) fail('must not validate the schema (not)');
  return result.passed();
}

const nearest = (all: readonly ValueResult[]): ValueResult =>
  all.reduce((best, one) => (one.matches > best.matches ? one : best), all[0] ?? new ValueResult());
