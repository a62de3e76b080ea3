/** Lists, gets, tables, metadata alone, selectors, pages and watches. */
import type { JsonObject } from '../../../../functions/kube/object.ts';
import { protobufType } from '../../../../functions/apiserver/http/content-negotiation.ts';
import type { Step } from '../case.ts';
import { get, mayStore, post, query, type Recipe, remove, type Scene } from '../compared-kind.ts';
import { patchTypes } from './patch.ts';

/** Those in which a watch may come, too. */
const watchForms = [
  'application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  protobufType,
  `${protobufType};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`,
];
const forms = [
  ...watchForms,
  `${protobufType},application/json`,
  `${protobufType};as=Table;v=v1;g=meta.k8s.io,application/json`,
  `${protobufType};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`,
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/yaml',
  'text/html',
  '*/*',
  'application/json;stream=watch',
  'application/cbor',
  'application/cbor,application/json;q=0.5',
];

/** By which the lists of one case find its own objects. */
const labelled = ({ base, number }: Scene): JsonObject => {
  const metadata = base['metadata'] as JsonObject;
  return { ...base, metadata: { ...metadata, labels: { ...(metadata['labels'] as JsonObject | undefined), case: `c${number}` } } };
};

const ownLabel = ({ number }: Scene): string => `labelSelector=case%3Dc${number}`;

export const readForm: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('list')) return undefined;
  const { choice } = scene;
  const accept = choice.of(forms);
  const extra = choice.of(['', '', 'includeObject=Object', 'includeObject=None', 'includeObject=Metadata', 'includeObject=x']);
  const read: Step =
    choice.next() < 0.4
      ? { method: 'GET', path: scene.path + query(extra), headers: { accept } }
      : { method: 'GET', path: scene.collection + query(ownLabel(scene), extra), headers: { accept } };
  return { about: `read as ${accept} ${extra}`, steps: [post(scene, labelled(scene)), read, remove(scene)] };
};

const selections = ({ name }: Scene): readonly string[] => [
  `fieldSelector=metadata.name%3D${name}`,
  'fieldSelector=metadata.name%3Dnone',
  'fieldSelector=metadata.namespace%3Ddefault',
  'fieldSelector=status.phase%3DPending',
  'fieldSelector=spec.nodeName%3D',
  'fieldSelector=type%3DOpaque',
  'fieldSelector=reason%3DR,type!%3DNormal',
  'fieldSelector=none%3Dx',
  'fieldSelector=metadata.name',
  'fieldSelector=metadata.name%3Da,,b',
  'labelSelector=a%20in%20(b,c),!x',
  'labelSelector=a%20in%20(',
  'labelSelector=-bad%3Dx',
  'limit=1',
  'limit=-1',
  'limit=x',
  'limit=1&continue=bad',
  'resourceVersion=0',
  'resourceVersion=x',
  'resourceVersion=0&resourceVersionMatch=Exact',
  'resourceVersion=1&resourceVersionMatch=Exact',
  'resourceVersion=1&resourceVersionMatch=NotOlderThan',
  'resourceVersionMatch=Exact',
  'resourceVersionMatch=x&resourceVersion=1',
  'resourceVersion={resourceVersion}&resourceVersionMatch=Exact',
  'resourceVersion=99999999999',
  'sendInitialEvents=true',
  'timeoutSeconds=x',
  'watch=1&resourceVersion=x',
  'watch=1&resourceVersion=1&resourceVersionMatch=Exact',
  'watch=1&sendInitialEvents=true',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=1',
  'watch=1&fieldSelector=none%3Dx',
  'watch=1&labelSelector=a%20in%20(',
  'watch=1&resourceVersionMatch=NotOlderThan',
  'watch=1&resourceVersionMatch=NotOlderThan&resourceVersion=0',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=x',
  'watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999999999',
  'watch=1&limit=1&continue=bad',
  'sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  'resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=1',
  'resourceVersion=0&limit=1',
];

/** With the case's own label where the selection has none, so that other cases' objects stay out. */
export const selection: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('list')) return undefined;
  const chosen = scene.choice.of(selections(scene));
  const parts = chosen.includes('labelSelector') ? [chosen] : [chosen, ownLabel(scene)];
  const onlyOwn = chosen.startsWith('labelSelector=a%20in%20(b') ? [`labelSelector=case%3Dc${scene.number},!x`] : parts;
  const path = scene.collection + query(...onlyOwn);
  const list: Step = { method: 'GET', path, ...(path.includes('watch=1') ? { watchedEvents: 1 } : {}) };
  return { about: `list ${chosen}`, steps: [post(scene, labelled(scene)), list, remove(scene)] };
};

const relabel = (labels: JsonObject): Pick<Step, 'body' | 'method' | 'headers'> => ({
  method: 'PATCH',
  body: { metadata: { labels } },
  headers: { 'content-type': patchTypes.merge },
});

/** Opened live or afterwards, from a revision or with a list first; the object changes, leaves the selection, and goes. */
export const watch: Recipe = (scene) => {
  if (!mayStore(scene) || !scene.kind.verbs.includes('watch') || !scene.kind.verbs.includes('patch')) return undefined;
  const { choice } = scene;
  const accept = choice.of(watchForms);
  const start = choice.of([
    'resourceVersion={resourceVersion}',
    'resourceVersion={resourceVersion}&allowWatchBookmarks=true',
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    '',
    'resourceVersion=0',
  ]);
  const leaves = choice.next() < 0.5;
  const shown = accept.includes('Table') ? choice.of(['', 'includeObject=None', 'includeObject=Object', 'includeObject=Metadata']) : '';
  const first = start.startsWith('sendInitial') ? 2 : start.includes('{') ? 0 : 1;
  const opened: Step = {
    method: 'GET',
    path: scene.collection + query('watch=true', start, ownLabel(scene), shown),
    headers: { accept },
    watchedEvents: first + 2,
  };
  const writes: Step[] = [
    { ...relabel({ x: 'y' }), path: scene.path },
    { ...relabel({ case: leaves ? null : `c${scene.number}`, z: 'w' }), path: scene.path },
  ];
  const isLive = first > 0 || choice.next() < 0.5;
  const made = post(scene, labelled(scene));
  // Opened afterwards, the revision to start from is that of the creation: the last write of which the case remembers it.
  const steps = isLive ? [made, opened, ...writes, get(scene), remove(scene)] : [made, opened, ...writes, remove(scene)];
  return { about: `watch ${start} as ${accept}, label ${leaves ? 'taken away' : 'kept'}`, steps };
};
