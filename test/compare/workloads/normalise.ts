/** What must differ between two control planes that do the same, made equal: chance, time, addresses, and the chosen node. */
import type { Json, JsonObject, KubeObject } from '../../../functions/kube/object.ts';
import { nameOf, namespaceOf } from '../../../functions/kube/object.ts';
import { isObject } from '../json.ts';
import { simulatedNodes } from './simulated-nodes.ts';

/** A text in which names that were drawn are replaced. */
export type Rename = (text: string) => string;

const hashLabels = ['pod-template-hash', 'controller-revision-hash', 'controller.kubernetes.io/hash'];
const chanceLength = 5;

const ownerOf = ({ metadata: { ownerReferences = [] } }: KubeObject): string => ownerReferences[0]?.uid ?? '';

/** Hashes of templates are numbered in the order in which their owner came to them. */
function hashNames(seen: readonly KubeObject[]): Map<string, string> {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const object of seen.filter(({ kind }) => kind === 'ReplicaSet' || kind === 'ControllerRevision')) {
    const hash = hashLabels.map((label) => object.metadata.labels?.[label]).find((value) => value !== undefined);
    if (hash === undefined || names.has(hash)) continue;
    const count = (counts.get(ownerOf(object)) ?? 0) + 1;
    counts.set(ownerOf(object), count);
    names.set(hash, `#${count}`);
  }
  return names;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The new names of one side, for all objects that its scenario ever had. */
export function renameOf(everything: readonly KubeObject[], namespace: string): Rename {
  const seen = everything.filter((object) => namespaceOf(object) === namespace || namespaceOf(object) === '');
  const replaced = new Map<string, string>();
  for (const object of seen) {
    const { generateName, uid = '' } = object.metadata;
    const name = nameOf(object);
    const isDrawn = generateName !== undefined && name.startsWith(generateName);
    const shown = isDrawn ? `${generateName}~` : name;
    if (isDrawn) replaced.set(name, shown);
    replaced.set(uid, `<uid of ${object.kind} ${shown}>`);
  }
  const hashes = hashNames(seen);
  const patterns = [...replaced.keys()].filter((text) => text !== '').toSorted((a, b) => b.length - a.length);
  const inHashes = hashes.size === 0 ? undefined : new RegExp(`\\b(${[...hashes.keys()].map(escaped).join('|')})\\b`, 'g');
  const inNames = patterns.length === 0 ? undefined : new RegExp(`(?<![\\w])(${patterns.map(escaped).join('|')})(?![\\w])`, 'g');
  return (text) => {
    const named = inNames === undefined ? text : text.replaceAll(inNames, (found) => replaced.get(found) ?? found);
    return inHashes === undefined ? named : named.replaceAll(inHashes, (found) => hashes.get(found) ?? found);
  };
}

const nodePattern = new RegExp(`\\b(${Object.keys(simulatedNodes).join('|')})\\b`, 'g');
const rules: readonly { readonly pattern: RegExp; readonly by: string; readonly why: string }[] = [
  { pattern: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, by: '<micro>', why: 'each side has its own times' },
  { pattern: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, by: '<time>', why: 'each side has its own times' },
  { pattern: /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(\/\d+)?\b/g, by: '<ip>', why: 'addresses are chosen' },
  { pattern: new RegExp(`kube-api-access-[a-z0-9]{${chanceLength}}`, 'g'), by: 'kube-api-access-~', why: 'drawn' },
  {
    pattern: new RegExp(`pods "([a-z0-9-]*-)[a-z0-9]{${chanceLength}}" is forbidden`, 'g'),
    by: 'pods "$1~" is forbidden',
    why: 'drawn for an object that never was',
  },
  { pattern: /\(combined from similar events\): /g, by: '', why: 'how soon events follow each other' },
  { pattern: /eyJ[\w-]+\.[\w-]+\.[\w-]+/g, by: '<token>', why: 'each side signs with keys of its own' },
  { pattern: /"(ca\.crt|token)":"[^"]*"/g, by: '"$1":"<secret>"', why: 'each side has an authority of its own' },
];

/** Fields by their name, that are of one server only or depend on all that it did before. */
const dropped = new Set(['resourceVersion', 'managedFields', 'selfLink']);
const chosen = new Set(['nodeName', 'zone']);

function withoutChosen(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutChosen);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(
    fields.map(([name, field]) => [name, chosen.has(name) && typeof field === 'string' ? '<node>' : withoutChosen(field ?? null)]),
  );
}

/** A pod's zone is that of its node. */
const zoneLabel = /"topology\.kubernetes\.io\/zone":"[^"]*"/g;

const withoutZone = (value: Json): Json => {
  // How many changes went into one write of a slice is a matter of time.
  if (isObject(value) && value['kind'] === 'EndpointSlice' && isObject(value['metadata']))
    return { ...value, metadata: { ...value['metadata'], generation: '<generation>' } };
  if (!isObject(value) || value['kind'] !== 'Pod' || !isObject(value['metadata'])) return value;
  const metadata = JSON.parse(JSON.stringify(value['metadata']).replaceAll(zoneLabel, '"topology.kubernetes.io/zone":"<node>"')) as Json;
  return { ...value, metadata };
};

/** Lists whose order is that of addresses or names that were drawn. */
const unordered = new Set(['addresses', 'endpoints', 'notReadyAddresses']);

function sortedLists(value: Json, name = ''): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => sortedLists(item));
    return unordered.has(name) ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([field, item]) => [field, sortedLists(item ?? null, field)]));
}

const plain = (text: string, rename: Rename): string =>
  rules.reduce((result, { pattern, by }) => result.replaceAll(pattern, by), rename(text));

export function normalObject(object: KubeObject, rename: Rename): JsonObject {
  const text = plain(JSON.stringify(withoutZone(withoutChosen(object as unknown as Json))), rename);
  return sortedLists(JSON.parse(text) as Json) as JsonObject;
}

/** The normal form of a sentence. */
export const normalText = (text: string, rename: Rename): string => plain(text, rename).replaceAll(nodePattern, '<node>');
