/** PUT: the whole object again, changed; with the right, a wrong and no resourceVersion. */
import type { JsonObject } from '../../../../functions/kube/object.ts';
import { fieldValidation, get, mayStore, mutation, post, query, type Recipe, remove, type Scene, trial } from '../compared-kind.ts';
import { filledValue } from '../values.ts';

const withVersion = (object: JsonObject, resourceVersion: string | undefined): JsonObject => {
  const { metadata } = object;
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  return resourceVersion === undefined || !isObject ? object : { ...object, metadata: { ...metadata, resourceVersion } };
};

const someVersion = ({ choice }: Scene): string | undefined => choice.of([undefined, '{resourceVersion}', '{resourceVersion}', '1', 'x']);

export const update: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('update')) return undefined;
  const { about, object } = mutation(scene);
  const path = scene.path + query(trial(scene), fieldValidation(scene));
  const version = scene.choice.next() < 0.3 ? someVersion(scene) : '{resourceVersion}';
  const body = withVersion(object, version);
  return { about: `update ${about}, version ${version}`, steps: [post(scene), { method: 'PUT', path, body }, get(scene), remove(scene)] };
};

export const updateOfNothing: Recipe = (scene) =>
  scene.kind.verbs.includes('update')
    ? { about: 'update what is not there', steps: [{ method: 'PUT', path: `${scene.path}?dryRun=All`, body: scene.base }] }
    : undefined;

export const updateOfOther: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('update')) return undefined;
  const metadata = scene.base['metadata'] as JsonObject;
  const other = scene.choice.of<JsonObject>([{ name: 'other' }, { namespace: 'other' }, { uid: '1-2-3' }, { name: '' }, { uid: '{uid}' }]);
  const body = { ...scene.base, metadata: { ...metadata, ...other } };
  return {
    about: `update as ${JSON.stringify(other)}`,
    steps: [post(scene), { method: 'PUT', path: `${scene.path}?dryRun=All`, body }, remove(scene)],
  };
};

function statusOf({ kind, choice }: Scene): JsonObject {
  const node = kind.schema.root.properties?.['status'];
  const value = node === undefined ? {} : filledValue(kind.schema, node, choice, { name: 'status', depth: 0 });
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

export const statusWrite: Recipe = (scene) => {
  const verbs = scene.kind.subresources['status'];
  if (!mayStore(scene) || verbs === undefined) return undefined;
  const status = statusOf(scene);
  const path = `${scene.path}/status${query(trial(scene), fieldValidation(scene))}`;
  const type = scene.choice.of(['application/merge-patch+json', 'application/strategic-merge-patch+json']);
  const write =
    scene.choice.next() < 0.6
      ? { method: 'PUT', path, body: { ...mutation(scene).object, status } }
      : { method: 'PATCH', path, body: { status, ...(scene.choice.next() < 0.3 ? { spec: {} } : {}) }, headers: { 'content-type': type } };
  const read = { method: 'GET', path: `${scene.path}/status` };
  return { about: `${write.method} status ${JSON.stringify(status).slice(0, 60)}`, steps: [post(scene), write, read, remove(scene)] };
};

export const scaleWrite: Recipe = (scene) => {
  const verbs = scene.kind.subresources['scale'];
  if (!mayStore(scene) || verbs === undefined) return undefined;
  const path = `${scene.path}/scale`;
  const name = scene.choice.next() < 0.9 ? scene.name : 'other';
  const spec = scene.choice.of<JsonObject>([
    { replicas: 3 },
    { replicas: -1 },
    {},
    { replicas: 'x' },
    { replicas: 1, zz: 2 },
    { replicas: 0 },
  ]);
  const body = { apiVersion: scene.choice.of(['autoscaling/v1', 'autoscaling/v1', 'v1']), kind: 'Scale', metadata: { name }, spec };
  const patch = { method: 'PATCH', path, body: { spec }, headers: { 'content-type': 'application/merge-patch+json' } };
  const write = scene.choice.next() < 0.5 ? { method: 'PUT', path, body } : patch;
  return { about: `scale ${JSON.stringify(spec)}`, steps: [post(scene), { method: 'GET', path }, write, get(scene), remove(scene)] };
};

/** Each verb as a dry run, one after the other: nothing of any may be seen by the next. */
export const trialOfAll: Recipe = (scene) => {
  const { kind, path, choice } = scene;
  if (!mayStore(scene) || !kind.verbs.includes('update') || !kind.verbs.includes('patch')) return undefined;
  const { about, object } = mutation(scene);
  const dry = 'dryRun=All';
  const applied = { 'content-type': 'application/apply-patch+yaml' };
  const trials = [
    { method: 'PUT', path: path + query(dry), body: withVersion(object, choice.of([undefined, '{resourceVersion}'])) },
    {
      method: 'PATCH',
      path: path + query(dry),
      body: { metadata: { labels: { x: 'y' } } },
      headers: { 'content-type': 'application/merge-patch+json' },
    },
    { method: 'PATCH', path: path + query(dry, 'fieldManager=m', 'force=true'), body: object, headers: applied },
    { method: 'DELETE', path: path + query(dry) },
    { method: 'DELETE', path, body: { dryRun: ['All'], propagationPolicy: choice.of(['Foreground', 'Background', 'Orphan']) } },
    post(scene, object, dry),
  ];
  const chosen = trials.filter(() => choice.next() < 0.6);
  return { about: `dry runs of ${chosen.length} verbs, ${about}`, steps: [post(scene), ...chosen, get(scene), remove(scene)] };
};
