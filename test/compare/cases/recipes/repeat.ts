/** Documents in which a field of some object stands twice, as no library writes them. */
import type { Json, JsonObject } from '../../../../functions/kube/object.ts';
import { isObject } from '../../json.ts';
import { get, mayStore, post, query, type Recipe, remove, type Scene } from '../compared-kind.ts';
import { patchTypes } from './patch.ts';

/** The text of the value with one field written twice, the second time with another value now and then. */
function repeated(value: JsonObject, { choice }: Scene): string {
  const places = [...objectsIn(value)];
  const place = choice.of(places);
  const [name, part] = choice.of(Object.entries(place));
  const mark = '"repeated":true';
  const other = choice.of<Json>([part ?? null, part ?? null, null, 'x', 7]);
  const text = JSON.stringify(value, (_key, inner: unknown) => (inner === place ? { ...place, repeated: true } : inner));
  return text.replace(mark, `${JSON.stringify(name)}:${JSON.stringify(other)}`);
}

function* objectsIn(value: Json): Generator<JsonObject> {
  if (isObject(value) && Object.keys(value).length > 0) yield value;
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) yield* objectsIn(part ?? null);
}

const validations = ['', 'fieldValidation=Strict', 'fieldValidation=Warn', 'fieldValidation=Ignore'];

export const repeatedField: Recipe = (scene) => {
  const body = repeated(scene.base, scene);
  const validation = scene.choice.of(validations);
  return {
    about: `create with a field twice ${validation}`,
    steps: [{ method: 'POST', path: scene.collection + query('dryRun=All', validation), body }],
  };
};

/** Merged patches hold the object; a JSON patch holds it in its value. */
export const repeatedInPatch: Recipe = (scene) => {
  const { kind, base, choice, path } = scene;
  if (!mayStore(scene) || !kind.verbs.includes('patch')) return undefined;
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = base;
  const type = choice.of(['json', 'merge', 'strategic'] as const);
  const [field, value] = choice.of(Object.entries({ ...rest, metadata: { labels: { a: 'c', b: 'd' } } }));
  const patch: JsonObject = isObject(value ?? null) ? { [field]: value ?? null } : { metadata: { labels: { a: 'c' } } };
  const [name = '', part = null] = Object.entries(patch)[0] ?? [];
  const document = repeated(isObject(part) && type === 'json' ? part : patch, scene);
  const body = type === 'json' ? `[{"op":"add","path":"/${name}","value":${document}}]` : document;
  const to = path + query('dryRun=All', choice.of(validations));
  return {
    about: `${type} patch with a field twice`,
    steps: [post(scene), { method: 'PATCH', path: to, body, headers: { 'content-type': patchTypes[type] } }, get(scene), remove(scene)],
  };
};
