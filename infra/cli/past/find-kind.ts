/** The kind that a user means by a word: `deployment`, `deployments`, `deploy`, `deployments.apps`. */
import type { ReadJson } from '../../backup/collect-objects.ts';
import { CliError } from '../cli-error.ts';

export interface FoundKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface GroupList {
  readonly groups: readonly { readonly name: string; readonly preferredVersion: { readonly version: string } }[];
}

export const pathOfKind = ({ group, version, resource, namespaced }: FoundKind, namespace?: string): string => {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced && namespace !== undefined ? `${base}/namespaces/${namespace}/${resource}` : `${base}/${resource}`;
};

/** All kinds that are served, in each group's preferred version; the core group's first. */
export async function servedKinds(read: ReadJson): Promise<readonly FoundKind[]> {
  const { groups } = await read<GroupList>('/apis');
  const versions = [{ group: '', version: 'v1' }, ...groups.map(({ name, preferredVersion: { version } }) => ({ group: name, version }))];
  const lists = await Promise.all(versions.map((place) => kindsOf(read, place)));
  return lists.flat();
}

async function kindsOf(read: ReadJson, { group, version }: Pick<FoundKind, 'group' | 'version'>): Promise<Named[]> {
  const { resources } = await read<{ resources: readonly ApiResource[] }>(group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
  return resources
    .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('get'))
    .map(({ name, singularName, kind, namespaced, shortNames = [] }) => ({
      group,
      version,
      kind,
      resource: name,
      namespaced,
      words: [name, singularName, kind.toLowerCase(), ...shortNames],
    }));
}

interface Named extends FoundKind {
  readonly words: readonly string[];
}

export async function findKind(read: ReadJson, word: string): Promise<FoundKind> {
  const [name = '', ...group] = word.toLowerCase().split('.');
  const kinds = (await servedKinds(read)) as readonly Named[];
  const found = kinds.find((kind) => kind.words.includes(name) && (group.length === 0 || kind.group === group.join('.')));
  if (found === undefined) throw new CliError(`The cluster serves no kind ${word}.`, 'kubectl api-resources lists those it serves.');
  return found;
}

/** `deployment/web`, or two words. */
export function namedObject(words: readonly string[]): { readonly kind: string; readonly name: string } {
  const [kind, name, ...rest] = words.length === 1 ? (words[0] ?? '').split('/') : words;
  if (kind === undefined || kind === '' || name === undefined || name === '' || rest.length > 0)
    throw new CliError('An object is wanted, such as deployment/web.');
  return { kind, name };
}
