/** Cases that only definitions of custom kinds have, and those of their kinds that chance would not make. */
import type { Case, Step } from '../cases/case.ts';
import { collectionOf, type ComparedKind, mutation, namespaceOf, type Recipe } from '../cases/compared-kind.ts';
import { customGroup } from './written.ts';

/** An installed definition is changed, in a dry run. */
export const changedDefinition: Recipe = (scene) => {
  const { about, object } = mutation(scene);
  const read: Step = { method: 'GET', path: scene.path };
  const metadata = object['metadata'] as Record<string, string> | null;
  const body = { ...object, metadata: typeof metadata === 'object' ? { ...metadata, resourceVersion: '{resourceVersion}' } : metadata };
  return { about: `change ${about}`, steps: [read, { method: 'PUT', path: `${scene.path}?dryRun=All`, body }] };
};

export const installedDefinition: Recipe = (scene) => ({
  about: 'an installed definition and its table',
  steps: [
    { method: 'GET', path: scene.path },
    { method: 'GET', path: scene.path, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } },
  ],
});

const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

/** The columns of each instance, and the refusals of what does not fit. */
export function tableOfAll(kind: ComparedKind): Case[] {
  const collection = collectionOf(kind);
  return kind.bases.map((base, number): Case => {
    const name = `table-${kind.version}-${number}`;
    const path = `${collection}/${name}`;
    const body = { ...base, metadata: { ...(base['metadata'] as object), name } };
    const steps: Step[] = [
      { method: 'POST', path: collection, body },
      { method: 'GET', path, headers: table },
      { method: 'POST', path: `${collection}?dryRun=All&fieldValidation=Strict`, body: { ...body, metadata: { name: 'strict' } } },
      { method: 'DELETE', path },
    ];
    return { name: `${kind.name}#table${number}`, kind: kind.name, about: 'table of an instance', steps };
  });
}

/** An object written as one version and read as the others. */
export function lifeOfVersions(kind: ComparedKind): Case[] {
  if (!kind.name.includes('.')) return [];
  const versions = ['v1', 'v1beta1', 'v2alpha1'];
  const at = (version: string): string => `/apis/${customGroup}/${version}/namespaces/${namespaceOf(kind)}/${kind.resource}`;
  return kind.bases.map((base, number): Case => {
    const name = `life-${kind.version}-${number}`;
    const body = { ...base, metadata: { name } };
    const steps: Step[] = [
      { method: 'POST', path: at(kind.version), body },
      ...versions.map((version): Step => ({ method: 'GET', path: `${at(version)}/${name}` })),
      ...versions.map((version): Step => ({
        method: 'PATCH',
        path: `${at(version)}/${name}`,
        body: { spec: { [version]: 1, shared: version } },
        headers: { 'content-type': 'application/merge-patch+json' },
      })),
      ...versions.map((version): Step => ({ method: 'GET', path: `${at(version)}/${name}`, headers: table })),
      { method: 'DELETE', path: `${at('v1')}/${name}` },
    ];
    return { name: `${kind.name}#life${number}`, kind: kind.name, about: 'one object in every version', steps };
  });
}
