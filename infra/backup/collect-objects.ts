/** All objects of a cluster as of one revision, read from its API while writes go on. */
import type { ResourceType } from '../../functions/kube/resource-type.ts';
import { apiVersionOf, customResourceDefinitions, groupResource } from '../../functions/kube/resource-type.ts';
import type { CustomResourceDefinition } from '../../functions/kube/generated/types.ts';
import type { KubeList, KubeObject } from '../../functions/kube/object.ts';
import { createDefinitions } from '../../functions/resources/all.ts';
import type { BackupObjectLine } from './backup-lines.ts';
import { BackupError } from './backup-lines.ts';

/** A GET of the API. Throws for any other answer than 200. */
export type ReadJson = <T>(path: string) => Promise<T>;

type StoredKind = Omit<ResourceType, 'object'>;

const pageObjects = 500;
const pagesMax = 20_000;

const collectionPath = ({ group, version, resource }: StoredKind): string =>
  `${group === '' ? '/api' : `/apis/${group}`}/${version}/${resource}`;

export async function currentRevision(read: ReadJson): Promise<number> {
  const { metadata } = await read<KubeList<KubeObject>>('/api/v1/namespaces?limit=1');
  return Number(metadata.resourceVersion);
}

/** Built-in kinds, in the version in which they are stored. */
const builtInKinds = (): StoredKind[] =>
  createDefinitions()
    .filter(({ verbs, isServed }) => isServed !== false && (verbs === undefined || verbs.includes('list')))
    .map(({ type }) => type);

/** A version that is served, which is the stored one where that is. */
function customKind({ spec }: CustomResourceDefinition): StoredKind[] {
  const served = spec.versions.filter((version) => version.served);
  const version = served.find(({ storage }) => storage) ?? served[0];
  if (version === undefined) return [];
  const { kind, plural } = spec.names;
  return [{ group: spec.group, version: version.name, kind, resource: plural, namespaced: spec.scope === 'Namespaced' }];
}

export async function* collectObjects(read: ReadJson, revision: number): AsyncGenerator<BackupObjectLine> {
  for (const kind of builtInKinds()) {
    for await (const object of objectsOf(kind, revision, read)) {
      yield { type: 'object', resource: groupResource(kind), object };
      if (groupResource(kind) !== groupResource(customResourceDefinitions)) continue;
      for (const custom of customKind(object as CustomResourceDefinition)) yield* linesOf(custom, revision, read);
    }
  }
}

async function* linesOf(kind: StoredKind, revision: number, read: ReadJson): AsyncGenerator<BackupObjectLine> {
  for await (const object of objectsOf(kind, revision, read)) yield { type: 'object', resource: groupResource(kind), object };
}

async function* objectsOf(kind: StoredKind, revision: number, read: ReadJson): AsyncGenerator<KubeObject> {
  const { kind: name } = kind;
  let query = `limit=${pageObjects}&resourceVersion=${revision}&resourceVersionMatch=Exact`;
  for (let page = 0; page < pagesMax; page += 1) {
    const { items, metadata } = await read<KubeList<KubeObject>>(`${collectionPath(kind)}?${query}`);
    for (const item of items) yield { apiVersion: apiVersionOf(kind), kind: name, ...item };
    if (metadata.continue === undefined || metadata.continue === '') return;
    query = `limit=${pageObjects}&continue=${encodeURIComponent(metadata.continue)}`;
  }
  throw new BackupError(`there are more than ${pagesMax * pageObjects} ${kind.resource}`);
}
