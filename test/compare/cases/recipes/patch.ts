/** PATCH of each type: a change put as a patch, and patches that are none. */
import { deepEqual } from '../../../../functions/kube/equality.ts';
import type { Json, JsonObject } from '../../../../functions/kube/object.ts';
import type { Step } from '../case.ts';
import { fieldValidation, get, mayStore, mutation, post, query, type Recipe, remove, type Scene, trial } from '../compared-kind.ts';
import { isObject } from '../../json.ts';

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** Lists go whole, what is gone is null. */
function mergePatchOf(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [a, b] = [from[name], to[name]];
    if (deepEqual(a, b)) continue;
    patch[name] = b === undefined ? null : isObject(a) && isObject(b) ? mergePatchOf(a, b) : b;
  }
  return patch;
}

const pointerStep = (step: string): string => step.replaceAll('~', '~0').replaceAll('/', '~1');

function jsonPatchOf(from: Json, to: Json, pointer: string): JsonObject[] {
  if (deepEqual(from, to)) return [];
  const isList = Array.isArray(from) && Array.isArray(to) && from.length === to.length;
  if (!isList && !(isObject(from) && isObject(to))) return [{ op: 'replace', path: pointer, value: to }];
  const [a, b] = [new Map(Object.entries(from ?? {})), new Map(Object.entries(to ?? {}))];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name): JsonObject[] => {
    const path = `${pointer}/${pointerStep(name)}`;
    const [before, after] = [a.get(name), b.get(name)];
    if (before === undefined) return [{ op: 'add', path, value: after ?? null }];
    return after === undefined ? [{ op: 'remove', path }] : jsonPatchOf(before, after, path);
  });
}

function writePatch(scene: Scene, body: Json, type: string): Step {
  const path = scene.path + query(trial(scene), fieldValidation(scene));
  return { method: 'PATCH', path, body, headers: { 'content-type': type } };
}

const patched = (scene: Scene, step: Step): readonly Step[] => [post(scene), step, get(scene), remove(scene)];

const canPatch = (scene: Scene): boolean => mayStore(scene) && scene.kind.verbs.includes('patch');

export const patch: Recipe = (scene) => {
  if (!canPatch(scene)) return undefined;
  const { about, object } = mutation(scene);
  const type = scene.choice.of(['json', 'merge', 'strategic'] as const);
  const body = type === 'json' ? jsonPatchOf(scene.base, object, '') : mergePatchOf(scene.base, object);
  return { about: `${type} patch ${about}`, steps: patched(scene, writePatch(scene, body, patchTypes[type])) };
};

const oddJsonPatches: readonly Json[] = [
  [{ op: 'test', path: '/metadata/name', value: 'other' }],
  [{ op: 'remove', path: '/metadata/annotations/missing' }],
  [{ op: 'replace', path: '/none/x', value: 1 }],
  [{ op: 'add', path: '/metadata/labels/new', value: 'x' }],
  [{ op: 'add', path: '/metadata/labels', value: { a: 1 } }],
  [{ op: 'copy', from: '/metadata/labels', path: '/metadata/annotations' }],
  [{ op: 'move', from: '/metadata/labels', path: '/metadata/annotations' }],
  [{ op: 'nothing', path: '/metadata' }],
  [{ op: 'add', path: 'metadata', value: 1 }],
  [
    { op: 'add', path: '/metadata/finalizers', value: ['example.com/x'] },
    { op: 'remove', path: '/metadata/finalizers' },
  ],
  [{ op: 'replace', path: '/metadata/name', value: 'other' }],
  [{ op: 'replace', path: '/kind', value: 'Other' }],
  [{ op: 'replace', path: '', value: {} }],
  [{}],
  {},
  [],
  'x',
  null,
  '[{"op":"add"',
];

const oddMergePatches: readonly Json[] = [
  {},
  { metadata: null },
  { metadata: { labels: null } },
  { metadata: { labels: { a: null, new: 'x' } } },
  { metadata: { labels: { a: 1 } } },
  { metadata: { name: 'other' } },
  { metadata: { namespace: 'other' } },
  { metadata: { resourceVersion: '1' } },
  { metadata: { resourceVersion: '{resourceVersion}', annotations: { x: 'y' } } },
  { metadata: { uid: 'x' } },
  { metadata: { uid: null } },
  { metadata: { finalizers: ['example.com/x', 'bad finalizer'] } },
  { metadata: { generateName: 'x' } },
  { metadata: { creationTimestamp: null } },
  { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } },
  { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } },
  { metadata: { $patch: 'delete' } },
  { metadata: { labels: { $patch: 'replace', b: 'c' } } },
  { metadata: { labels: { $retainKeys: ['a'] } } },
  { $patch: 'replace', metadata: { name: 'x' } },
  { $setElementOrder: [] },
  { kind: 'Other' },
  { apiVersion: 'other/v1' },
  { zzUnknown: 1 },
  { spec: null },
  { status: null },
  { spec: { zzUnknown: { a: 1 } } },
  [],
  'x',
  null,
  '{"metadata":',
];

export const oddPatch: Recipe = (scene) => {
  if (!canPatch(scene)) return undefined;
  const type = scene.choice.of(['json', 'merge', 'strategic'] as const);
  const body = scene.choice.of(type === 'json' ? oddJsonPatches : oddMergePatches);
  return { about: `odd ${type} patch ${JSON.stringify(body)}`, steps: patched(scene, writePatch(scene, body, patchTypes[type])) };
};

export const patchOfNothing: Recipe = (scene) =>
  scene.kind.verbs.includes('patch')
    ? { about: 'patch what is not there', steps: [writePatch(scene, {}, scene.choice.of(Object.values(patchTypes)))] }
    : undefined;
