/** Documents that no client should send: one that is right, with some of it taken away, replaced, or nested. */
import { copy } from '../../functions/kube/copy.ts';
import { setOwn } from '../../functions/kube/own-field.ts';
import { isJsonObject, type Json, type JsonObject } from '../../functions/kube/object.ts';
import type { Choice } from '../compare/cases/random.ts';

const nested = (depth: number, inner: Json): Json => (depth === 0 ? inner : { properties: { a: nested(depth - 1, inner) }, items: [1] });

const hostile = (choice: Choice): Json =>
  choice.of<Json>([
    null,
    '',
    'x',
    'x'.repeat(5000),
    '\u0000',
    '\ud800',
    '__proto__',
    '(a+)+$',
    '[',
    '(?<n>',
    -1,
    0,
    1.5,
    1e308,
    2 ** 53 + 2,
    true,
    [],
    {},
    [null],
    [[]],
    { '': '' },
    { $ref: '#/definitions/x' },
    { type: 'object', properties: { constructor: { type: 'string', default: 'x' } } },
    nested(60, {}),
    Array.from({ length: 200 }, (_, index) => index),
  ]);

const names = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'a.b',
  'x/y',
  '\u0000',
  'items',
  'properties',
  'default',
  'x-kubernetes-validations',
];

/** Each value that is below another, with what holds it. */
function* places(value: Json): Generator<readonly [holder: Json[] | JsonObject, step: string | number]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield [value, index];
      yield* places(item);
    }
  } else if (isJsonObject(value)) {
    for (const [name, part] of Object.entries(value)) {
      yield [value, name];
      yield* places(part ?? null);
    }
  }
}

const set = (holder: Json[] | JsonObject, step: string | number, value: Json): void =>
  setOwn(holder as Record<string, Json>, String(step), value);

export function damagedObject(choice: Choice, object: JsonObject): JsonObject {
  const result = copy(object);
  for (let count = 1 + choice.below(3); count > 0; count -= 1) {
    const all = [...places(result)];
    if (all.length === 0) return result;
    const [holder, step] = choice.of(all);
    const old: Json = (holder as Record<string | number, Json>)[step] ?? null;
    const chance = choice.next();
    if (chance < 0.2 && Array.isArray(holder)) holder.splice(Number(step), 1);
    else if (chance < 0.2) Reflect.deleteProperty(holder, step);
    else if (chance < 0.6) set(holder, step, hostile(choice));
    else if (chance < 0.7) set(holder, step, [old, old]);
    else if (chance < 0.8) set(holder, step, { [choice.of(names)]: old });
    else set(holder, Array.isArray(holder) ? holder.length : choice.of(names), choice.next() < 0.5 ? copy(old) : hostile(choice));
  }
  return result;
}

const bits = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '1e400',
  '-0',
  '1.0',
  '12345678901234567890',
  'null',
  '\n',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '\t',
  '\\ud800',
];

/** The same as a text, with some of its characters wrong. */
export function damagedText(choice: Choice, object: JsonObject): string {
  let text = JSON.stringify(object);
  for (let count = 1 + choice.below(3); count > 0; count -= 1) {
    const at = choice.below(text.length + 1);
    const length = choice.below(6);
    text = text.slice(0, at) + choice.of(['', choice.of(bits), text.slice(at, at + length).repeat(2)]) + text.slice(at + length);
  }
  return text;
}
