/** Deletions: options in the body and the query, preconditions, collections. */
import type { Json } from '../../../../functions/kube/object.ts';
import { get, mayStore, post, query, type Recipe, remove } from '../compared-kind.ts';

const options: readonly Json[] = [
  {},
  { propagationPolicy: 'Foreground' },
  { propagationPolicy: 'Background' },
  { propagationPolicy: 'Orphan' },
  { propagationPolicy: 'Other' },
  { propagationPolicy: 'Orphan', orphanDependents: true },
  { orphanDependents: false },
  { gracePeriodSeconds: 0 },
  { gracePeriodSeconds: -5 },
  { gracePeriodSeconds: 30 },
  { gracePeriodSeconds: 'x' },
  { preconditions: { uid: '{uid}' } },
  { preconditions: { uid: 'other' } },
  { preconditions: { resourceVersion: '{resourceVersion}' } },
  { preconditions: { resourceVersion: '1' } },
  { dryRun: ['All'] },
  { dryRun: ['Some'] },
  { zzUnknown: 1 },
  { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 1 },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v2', kind: 'DeleteOptions' },
  [],
  'x',
  '',
];

const queries = [
  'dryRun=All',
  'dryRun=Some',
  'propagationPolicy=Orphan',
  'propagationPolicy=Other',
  'gracePeriodSeconds=5',
  'gracePeriodSeconds=x',
  'orphanDependents=true',
  'orphanDependents=true&propagationPolicy=Background',
];

export const deletion: Recipe = (scene) => {
  if (!mayStore(scene)) return undefined;
  const { choice } = scene;
  const body = choice.of(options);
  const inQuery = choice.next() < 0.3 ? choice.of(queries) : '';
  const step = { method: 'DELETE', path: scene.path + query(inQuery), ...(inQuery === '' ? { body } : {}) };
  return { about: `delete ${inQuery || JSON.stringify(body)}`, steps: [post(scene), step, get(scene), remove(scene)] };
};

export const finalizedDeletion: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('patch')) return undefined;
  const patch = (body: Json) => ({ method: 'PATCH', path: scene.path, body, headers: { 'content-type': 'application/merge-patch+json' } });
  const steps = [
    post(scene),
    patch({ metadata: { finalizers: ['example.com/x'] } }),
    { method: 'DELETE', path: `${scene.path}${query(scene.choice.of(['', 'propagationPolicy=Foreground', 'gracePeriodSeconds=0']))}` },
    get(scene),
    patch(scene.choice.of<Json>([{ metadata: { finalizers: ['example.com/x', 'example.com/y'] } }, { metadata: { labels: { a: 'c' } } }])),
    patch({ metadata: { finalizers: null } }),
    get(scene),
  ];
  return { about: 'delete with a finalizer', steps };
};

export const collectionDeletion: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('deletecollection')) return undefined;
  const selection = scene.choice.of([
    `fieldSelector=metadata.name%3D${scene.name}`,
    'labelSelector=case%3Dnone',
    'labelSelector=a%20in%20(',
    'labelSelector=a%20in%20(b),a!=b',
    `fieldSelector=metadata.name%3D${scene.name}&labelSelector=!none`,
    `fieldSelector=metadata.name%3D${scene.name}&limit=1`,
    'fieldSelector=none%3Dx',
  ]);
  const path = scene.collection + query(selection, scene.choice.of(['', 'dryRun=All', 'gracePeriodSeconds=0', 'propagationPolicy=Orphan']));
  return { about: `delete the collection ${selection}`, steps: [post(scene), { method: 'DELETE', path }, get(scene), remove(scene)] };
};
