/** Applies of two and three managers to one object: overlapping, given up, forced, in another order; and odd ones. */
import { copy } from '../../../../functions/kube/copy.ts';
import type { Json, JsonObject } from '../../../../functions/kube/object.ts';
import { isObject } from '../../json.ts';
import type { Step } from '../case.ts';
import { get, mayStore, mutation, post, query, type Recipe, remove, type Scene } from '../compared-kind.ts';
import { filledValue } from '../values.ts';
import { patchTypes } from './patch.ts';

const applyType = 'application/apply-patch+yaml';

function apply({ path }: Scene, manager: string, body: Json, { force = false, subresource = '', more = '' } = {}): Step {
  const to = `${path}${subresource === '' ? '' : `/${subresource}`}`;
  const parameters = query(`fieldManager=${manager}`, force ? 'force=true' : '', more);
  return { method: 'PATCH', path: `${to}${parameters}`, body, headers: { 'content-type': applyType } };
}

const canApply = (scene: Scene): boolean => mayStore(scene) && scene.kind.verbs.includes('patch') && scene.kind.verbs.includes('create');

/** The fields by which an object is recognized. */
const identity = (object: JsonObject): JsonObject => {
  const { metadata } = object;
  const kept = isObject(metadata)
    ? { name: metadata['name'] ?? null, ...(metadata['namespace'] === undefined ? {} : { namespace: metadata['namespace'] }) }
    : {};
  return { apiVersion: object['apiVersion'] ?? null, kind: object['kind'] ?? null, metadata: kept };
};

/** The object with only some of its fields, at any depth; items of lists keep what may be their keys. */
function part(scene: Scene, value: Json, chance: number): Json {
  const { choice } = scene;
  if (Array.isArray(value)) {
    const items = value.filter(() => choice.next() < 0.8).map((item) => part(scene, item, chance));
    return choice.next() < 0.3 ? items.toReversed() : items;
  }
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => keys.has(name) || choice.next() < chance);
  return Object.fromEntries(kept.map(([name, inner]) => [name, part(scene, inner ?? null, chance)]));
}

const keys = new Set([
  'name',
  'key',
  'port',
  'containerPort',
  'protocol',
  'mountPath',
  'type',
  'uid',
  'ip',
  'devicePath',
  'topologyKey',
  'whenUnsatisfiable',
]);

function configuration(scene: Scene, object: JsonObject): JsonObject {
  const labels = scene.choice.of<JsonObject>([
    {},
    { labels: { one: 'x' } },
    { labels: { one: 'y', two: 'z' } },
    { annotations: { a: 'b' } },
    { finalizers: ['example.com/a'] },
  ]);
  const chosen = part(scene, object, 0.75) as JsonObject;
  const { metadata } = identity(object);
  return { ...chosen, ...identity(object), metadata: { ...(isObject(metadata) ? metadata : {}), ...labels } };
}

const changedPart = (scene: Scene): JsonObject =>
  configuration(scene, scene.choice.next() < 0.5 ? mutation(scene).object : copy(scene.base));

/** Each manager applies a few times: something, less, something else. */
export const appliesOfManagers: Recipe = (scene) => {
  if (!canApply(scene)) return undefined;
  const { choice } = scene;
  const managers = choice.next() < 0.5 ? ['one', 'two'] : ['one', 'two', 'three'];
  const steps: Step[] = [choice.next() < 0.7 ? apply(scene, 'one', scene.base) : post(scene)];
  for (let count = 2 + choice.below(4); count > 0; count -= 1) {
    steps.push(apply(scene, choice.of(managers), changedPart(scene), { force: choice.next() < 0.6 }));
  }
  if (choice.next() < 0.3) steps.push(apply(scene, choice.of(managers), identity(scene.base)));
  return { about: `${steps.length} applies of ${managers.length} managers`, steps: [...steps, get(scene), finish(scene), remove(scene)] };
};

/** Finalizers would keep the object. */
const finish = ({ path }: Scene): Step => ({
  method: 'PATCH',
  path,
  body: { metadata: { finalizers: null } },
  headers: { 'content-type': patchTypes.merge },
});

/** Fields change hands between applies and other writes; managers are sent, changed and emptied. */
export const ownedByUpdate: Recipe = (scene) => {
  if (!canApply(scene) || !scene.kind.verbs.includes('update')) return undefined;
  const { choice } = scene;
  const managedFields = choice.of<Json>([
    [],
    [{}],
    null,
    [{ manager: 'x' }],
    'x',
    [
      {
        manager: 'x',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { 'f:one': {} } } },
      },
    ],
  ]);
  const merge = (manager: string, body: Json): Step => ({
    method: 'PATCH',
    path: `${scene.path}?fieldManager=${manager}`,
    body,
    headers: { 'content-type': choice.of([patchTypes.merge, patchTypes.strategic]) },
  });
  const put: Step = { method: 'PUT', path: `${scene.path}?fieldManager=put`, body: { ...mutation(scene).object } };
  const writes: Step[] = [
    merge('merge', { metadata: { labels: { one: 'm' } } }),
    put,
    merge('reset', { metadata: { managedFields } }),
    apply(scene, 'one', changedPart(scene)),
    apply(scene, 'kubectl', changedPart(scene), { force: choice.next() < 0.5 }),
    merge('kubectl-client-side-apply', {
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(scene.base) } },
    }),
  ];
  const steps = [choice.next() < 0.5 ? post(scene) : apply(scene, 'one', scene.base)];
  for (let count = 3 + choice.below(3); count > 0; count -= 1) steps.push(choice.of(writes));
  return { about: 'applies among other writes', steps: [...steps, get(scene), finish(scene), remove(scene)] };
};

export const statusApply: Recipe = (scene) => {
  const { kind, choice } = scene;
  if (!canApply(scene) || kind.subresources['status'] === undefined) return undefined;
  const node = kind.schema.root.properties?.['status'];
  const status = (): Json => (node === undefined ? {} : filledValue(kind.schema, node, choice, { name: 'status', depth: 0 }));
  const body = (): JsonObject => ({ ...identity(scene.base), status: status() });
  const steps = ['one', 'two', 'one'].map((manager) =>
    apply(scene, manager, body(), { subresource: 'status', force: choice.next() < 0.5 }),
  );
  return { about: 'applies of the status', steps: [apply(scene, 'main', scene.base), ...steps, get(scene), remove(scene)] };
};

export const oddApply: Recipe = (scene) => {
  if (!canApply(scene)) return undefined;
  const { base, choice } = scene;
  const { metadata } = base;
  const named = isObject(metadata) ? metadata : {};
  const bodies: readonly Json[] = [
    { ...base, kind: 'Other' },
    { ...base, apiVersion: 'other/v1' },
    { ...base, metadata: { ...named, managedFields: [] } },
    { ...base, metadata: { ...named, uid: '1-2' } },
    { ...base, metadata: { ...named, name: 'other' } },
    { ...base, metadata: { ...named, namespace: 'other' } },
    { ...base, metadata: { ...named, resourceVersion: '1' } },
    { ...base, metadata: 'x' },
    { ...base, zzUnknown: 1 },
    { ...base, spec: 'x' },
    { ...base, spec: [] },
    { ...base, status: 7 },
    null,
    [],
    'a: b: c',
    `${JSON.stringify(base)}\n`,
    '{"kind":"a","kind":"b"}',
    identity(base),
  ];
  const body = choice.of(bodies);
  const more = choice.of(['', 'fieldValidation=Strict', 'dryRun=All', 'force=true']);
  const odd = choice.next() < 0.9 ? apply(scene, 'one', body, { more }) : { ...apply(scene, 'one', body), path: scene.path };
  const steps = [...(choice.next() < 0.6 ? [post(scene)] : []), odd, get(scene), remove(scene)];
  return { about: `odd apply ${JSON.stringify(body).slice(0, 60)} ${more}`, steps };
};
