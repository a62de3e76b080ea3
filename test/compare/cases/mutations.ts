/** Changes of an object, one field each, made from the schema of its kind: what is there is varied, what lacks is added. */
import { copy } from '../../../functions/kube/copy.ts';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Choice } from './random.ts';
import type { Schema, SchemaNode } from './schema.ts';
import { filledValue, scalarValues, wrongValues } from './values.ts';
import { isObject } from '../json.ts';

export interface Mutation {
  /** `spec.replicas=-1` */
  readonly about: string;
  readonly object: JsonObject;
}

type Path = readonly (string | number)[];

interface Place<T extends Json = Json> {
  readonly path: Path;
  readonly node: SchemaNode;
  readonly value: T;
}

/** An edit that is cheap to list: the changed object is made for the chosen ones alone. */
interface Edit {
  readonly about: string;
  readonly path: Path;
  /** `undefined` removes. */
  value(choice: Choice): Json | undefined;
}

const pathText = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');

const shown = (value: Json | undefined): string => (value === undefined ? 'absent' : JSON.stringify(value).slice(0, 60));

const anything: SchemaNode = {};

function* placesOf(schema: Schema, node: SchemaNode, value: Json, path: Path): Generator<Place> {
  const resolved = schema.resolve(node);
  yield { path, node, value };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* placesOf(schema, resolved.items ?? anything, item, [...path, index]);
  } else if (isObject(value)) {
    for (const [name, part] of Object.entries(value)) {
      const next = resolved.properties?.[name] ?? resolved.additionalProperties ?? anything;
      if (part !== undefined) yield* placesOf(schema, next, part, [...path, name]);
    }
  }
}

const fixed = (path: Path, value: Json | undefined): Edit => ({ about: `${pathText(path)}=${shown(value)}`, path, value: () => value });

function* objectEdits(schema: Schema, { path, node, value }: Place<JsonObject>): Generator<Edit> {
  const { properties, additionalProperties } = schema.resolve(node);
  yield fixed([...path, 'zzUnknown'], 1);
  for (const [name, part] of Object.entries(properties ?? {})) {
    if (value[name] !== undefined) continue;
    const at = [...path, name];
    const about = (what: string): string => `${pathText(at)}=${what}`;
    const filled = (choice: Choice): Json => filledValue(schema, part, choice, { name, depth: 0 });
    for (const what of ['filled', 'filled again']) yield { about: about(what), path: at, value: filled };
    yield { about: about('some scalar or empty'), path: at, value: (choice) => choice.of([...scalarValues(part, schema), {}, [], null]) };
  }
  if (additionalProperties !== undefined) {
    for (const key of ['', 'A B', 'x'.repeat(70), 'a/b/c', 'new', '../x', 'example.com/k', '日本']) {
      const filled = (choice: Choice): Json => filledValue(schema, additionalProperties, choice, { name: key, depth: 0 });
      yield { about: `${pathText(path)}[${JSON.stringify(key).slice(0, 20)}]=filled`, path: [...path, key], value: filled };
    }
  }
  const [first] = Object.keys(value);
  if (first !== undefined && /^[a-z]/.test(first)) yield fixed([...path, first.toUpperCase()], value[first]);
}

function* listEdits(schema: Schema, { path, node, value }: Place<Json[]>): Generator<Edit> {
  const items = schema.resolve(node).items ?? anything;
  yield fixed(path, [...value, ...value]);
  yield fixed(path, value.toReversed());
  yield fixed(path, [null]);
  yield fixed(path, [...value, null]);
  const name = String(path.at(-1) ?? '');
  yield {
    about: `${pathText(path)}+=filled`,
    path,
    value: (choice) => [...value, filledValue(schema, items, choice, { name, depth: 0 })],
  };
  yield {
    about: `${pathText(path)}+=near twin`,
    path,
    value: (choice) => [...value, ...value.slice(0, 1).map((item) => twinOf(schema, items, item, choice))],
  };
}

/** A copy with one other value, which may share the key of its list. */
function twinOf(schema: Schema, node: SchemaNode, item: Json, choice: Choice): Json {
  if (!isObject(item)) return choice.of(scalarValues(node, schema));
  const edits = [...editsOf(schema, node, item)];
  const edit = edits.length === 0 ? undefined : choice.of(edits);
  return edit === undefined ? item : applied(item, edit, choice);
}

function* editsAt(schema: Schema, place: Place): Generator<Edit> {
  const { path, node, value } = place;
  if (path.length > 0) {
    yield fixed(path, undefined);
    yield fixed(path, null);
    for (const wrong of wrongValues(value)) yield fixed(path, wrong);
  }
  if (isObject(value)) yield* objectEdits(schema, { ...place, value });
  else if (Array.isArray(value)) yield* listEdits(schema, { ...place, value });
  else for (const other of scalarValues(node, schema)) if (other !== value) yield fixed(path, other);
}

function* editsOf(schema: Schema, node: SchemaNode, object: JsonObject): Generator<Edit> {
  for (const place of placesOf(schema, node, object, [])) yield* editsAt(schema, place);
}

function applied(object: JsonObject, { path, value }: Edit, choice: Choice): JsonObject {
  const result = copy(object);
  const last = path.at(-1);
  if (last === undefined) return result;
  let holder: Json = result;
  for (const step of path.slice(0, -1)) holder = (holder as Record<string | number, Json>)[step] ?? null;
  const made = value(choice);
  if (holder === null || typeof holder !== 'object') return result;
  if (made !== undefined) (holder as Record<string | number, Json>)[last] = made;
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete holder[last];
  return result;
}

export interface Mutator {
  /** One change; only below the named field, where one is given. */
  one(choice: Choice, below?: string): Mutation;
  several(choice: Choice, count: number): Mutation;
}

export function createMutator(schema: Schema, base: JsonObject): Mutator {
  const edits = [...editsOf(schema, schema.root, base)];
  const one: Mutator['one'] = (choice, below) => {
    const eligible = below === undefined ? edits : edits.filter(({ path }) => path[0] === below);
    const edit = choice.of(eligible.length === 0 ? edits : eligible);
    return { about: edit.about, object: applied(base, edit, choice) };
  };
  return {
    one,
    several(choice, count) {
      let { about, object } = one(choice);
      for (let made = 1; made < count; made += 1) {
        const next = createMutator(schema, object).one(choice);
        [about, object] = [`${about} and ${next.about}`, next.object];
      }
      return { about, object };
    },
  };
}
